"""
The first line: server, which statement, what, how much, since when, most likely why. It is what a telephone shows.

in    a Voice
out   one line
"""

from pganomaly.messages import because
from pganomaly.messages.marker import marked as _
from pganomaly.messages.voice import Voice
from pganomaly.records import Cause, IncidentKind, Reason

TIME = "exec_time_per_call_ms"
WRITTEN = ("wal_bytes_per_call", "wal_net_bytes_per_call")
SLOWER = 1.5
"""From so many times the usual on it is the time of a call that people read first, whatever else is odd."""
PROBABLY = 0.6
PERHAPS = 0.35
"""How likely a cause must be to stand in the first line."""

_SLOW = _("{server}: {query} takes {now} a call, usually {usual}, since {onset}")
_LEADS = {
    IncidentKind.LATENCY: (TIME, _SLOW),
    IncidentKind.WORK: (TIME, _SLOW),
    IncidentKind.WAITING: (
        TIME,
        _("{server}: {query} waits for locks and takes {now} a call, usually {usual}, since {onset}"),
    ),
    IncidentKind.HOST: (
        TIME,
        _("{server}: the whole server is slow: {query} takes {now} a call, usually {usual}, since {onset}"),
    ),
    IncidentKind.NEW_HEAVY: (TIME, _("{server}: new heavy query {query}, {now} a call, since {onset}")),
    IncidentKind.TRAFFIC: ("calls_per_sec", _("{server}: {query} is called {now}, usually {usual}, since {onset}")),
    IncidentKind.SILENCE: (
        "calls_per_sec",
        _("{server}: {query} is hardly called any more: {now}, usually {usual}, since {onset}"),
    ),
}
"""The feature and the words of the first line, by kind; where that feature says nothing, the strongest reason."""
_BARE = {
    IncidentKind.WAITING: _("{server}: {query} waits for locks, since {onset}"),
    IncidentKind.HOST: _("{server}: the whole server is slow, since {onset}"),
}
"""First lines without a number."""
_SAYS_ALREADY = {
    (IncidentKind.TRAFFIC, Cause.CALL_SURGE), (IncidentKind.SILENCE, Cause.CALL_DROP),
    (IncidentKind.NEW_HEAVY, Cause.NEW_QUERY), (IncidentKind.HOST, Cause.HOST_SLOW),
}  # fmt: skip
"""A cause that only repeats what the first half of the line says."""


def headline(voice: Voice) -> str:
    """Return the whole news in one line."""
    return _with_driver(voice, _with_cause(voice, _news(voice)))


def lead(voice: Voice) -> Reason | None:
    """Return the number that is read first; None where there is none."""
    wanted, _sentence = _LEADS.get(voice.incident.kind, (None, ""))
    found = next((r for r in voice.reasons if r.feature == wanted and _tells(voice, r)), None)
    if found is not None or voice.incident.kind in _BARE:
        return found
    return voice.reasons[0] if voice.reasons else None


def _tells(voice: Voice, reason: Reason) -> bool:
    """Whether a number says by itself that something is wrong; of some kinds it is what the incident is about."""
    by_itself = (IncidentKind.LATENCY, IncidentKind.NEW_HEAVY, IncidentKind.TRAFFIC, IncidentKind.SILENCE)
    return voice.incident.kind in by_itself or (reason.ratio or 0.0) >= SLOWER


_SILENT = _("{server}: {query} is not called any more, usually {usual}, since {onset}")


def _news(voice: Voice) -> str:
    first, say, names = lead(voice), voice.speaker.say, voice.names
    if first is None:
        return say(_BARE.get(voice.incident.kind, _("{server}: {query} misbehaves, since {onset}")), **names)
    feature, sentence = _LEADS.get(voice.incident.kind, (None, ""))
    if first.feature != feature:
        return say("{server}: {query}: {reason}, since {onset}", **names, reason=voice.says(first))
    if voice.incident.kind is IncidentKind.SILENCE and first.value == 0:
        return say(_SILENT, **names, usual=voice.usual(first))
    return say(sentence, **names, now=voice.amount(first, first.value), usual=voice.usual(first))


def _with_cause(voice: Voice, news: str) -> str:
    account = voice.account
    if account is None or account.explanation is None:
        return news
    likely = account.explanation.likeliest
    if likely.cause is Cause.UNKNOWN or likely.probability < PERHAPS or _said_already(voice, likely.cause):
        return news
    why = because.clause(voice.speaker, likely.cause, account)
    if likely.probability >= PROBABLY:
        return voice.speaker.say("{news}; probably because {why}", news=news, why=why)
    return voice.speaker.say("{news}; perhaps because {why}", news=news, why=why)


def _said_already(voice: Voice, cause: Cause) -> bool:
    """Return whether a cause only repeats the first half of the line."""
    first = lead(voice)
    writes = cause is Cause.WAL_GROWTH and first is not None and first.feature in WRITTEN
    return writes or (voice.incident.kind, cause) in _SAYS_ALREADY


def _with_driver(voice: Voice, news: str) -> str:
    """Say of a slow server which statement drives it, or that none does."""
    account = voice.account
    if voice.incident.kind is not IncidentKind.HOST or account is None or account.explanation is None:
        return news
    culprit = account.explanation.culprit
    if culprit is None:
        return voice.speaker.say("{news}; no statement drives it", news=news)
    return voice.speaker.say("{news}; {query} drives it", news=news, query=voice.called(culprit))
