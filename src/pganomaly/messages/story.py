"""
What stands below the first line: why, the arithmetic, what the server shows, who else, the query, the next step.

in    a Voice
out   Blocks; what matters most comes first, because channels cut at the end
"""

from datetime import timedelta
from math import prod

from pganomaly.messages import breakdown, nextstep, shown
from pganomaly.messages.headline import PROBABLY, SLOWER, TIME, headline, lead
from pganomaly.messages.naming import QUERY_CHARS, shortened
from pganomaly.messages.voice import Voice
from pganomaly.records import Block, Cause, Explanation, IncidentKind, Likely, Reason

MOST_REASONS = 5
ONLY_COMPARED = frozenset({"exec_ms_per_block"})
"""Numbers that say nothing where there is nothing to compare them with."""
MOST_NAMED = 4
"""Other statements that are called by name."""
TELLING_Z = 2.0
"""From so many standard deviations on a value is worth a line."""
UNLIKELY = 0.1
"""A runner-up is not worth a word below this."""


def story(voice: Voice, context: tuple[Reason, ...]) -> tuple[Block, ...]:
    """Return the whole opening message."""
    held_up = _held_up(voice)
    table = "" if held_up else _table(voice)
    numbers = "" if held_up else _numbers(voice, context)
    query = voice.subject.query
    parts = (
        _text(_why(voice)),
        _text(_shown(voice)),
        (Block("code", table),) if table else _text(numbers),
        _text(_load(voice)) if table else (),
        _text(_others(voice)),
        _text(_where(voice)),
        (Block("code", shortened(query.redacted, QUERY_CHARS)),) if query else (),
        _next_step(voice),
    )
    return (Block("headline", headline(voice)), *(block for part in parts for block in part))


def ending(voice: Voice) -> tuple[Block, ...]:
    """Return the whole closing message."""
    say, incident = voice.speaker.say, voice.incident
    end = incident.last_shown_at or voice.now
    names = {**voice.names, "duration": voice.speaker.duration(max(end - incident.onset, _a_call(voice)))}
    closed = voice.speaker.when(end, voice.now)
    if closed == names["onset"]:
        line = say("{server}: {query} is calm again, it lasted {duration} (at {onset})", **names)
    else:
        line = say("{server}: {query} is calm again, it lasted {duration} ({onset} to {end})", **names, end=closed)
    told = worst(voice)
    lines = [say("At worst: {reason}.", reason=told)] if told else []
    lines += [line for line in (_settled(voice), _others(voice)) if line]
    return (Block("headline", line), *(Block("text", text) for text in lines))


def _a_call(voice: Voice) -> timedelta:
    """Return how long a call took at worst: it stands in the window in which it ended, and may have begun before it."""
    return timedelta(milliseconds=next((r.value for r in voice.incident.reasons if r.feature == TIME), 0.0))


def worst(voice: Voice) -> str:
    """Return what is oddest, with its numbers."""
    first = lead(voice) or next(iter(voice.reasons), None)
    return voice.says(first) if first else ""


def _text(text: str) -> tuple[Block, ...]:
    return (Block("text", text),) if text else ()


def _explained(voice: Voice) -> Explanation | None:
    return voice.account.explanation if voice.account else None


def _why(voice: Voice) -> str:
    """Return the causes with their probabilities: the likeliest, and the next where that is likely, too."""
    account, say = voice.account, voice.speaker.say
    if account is None or account.explanation is None or not account.explanation.causes:
        return ""
    first, *rest = account.explanation.causes
    share = voice.speaker.quantity(first.probability, "share")
    other = next((c for c in rest if c.probability >= UNLIKELY and c.cause is not Cause.UNKNOWN), None)
    if first.cause is Cause.UNKNOWN:
        line = say("Why is not known: no cause that we know fits ({share}).", share=share)
    else:
        line = say("Why ({share} sure): {why}.", share=share, why=say(account.says(first.cause)))
    if other is None:
        return line
    chance = voice.speaker.quantity(other.probability, "share")
    # Not within the f-string: sentences there are not found by whoever collects them.
    runner_up = say("Else ({share}): {why}.", share=chance, why=say(account.says(other.cause)))
    return f"{line}\n{runner_up}"


def _settled(voice: Voice) -> str:
    """Return what the cause was, when all is over; nothing where that remained unclear."""
    first = next(iter(voice.incident.causes), None)
    if voice.account is None or first is None or first.cause is Cause.UNKNOWN or first.probability < PROBABLY:
        return ""
    say = voice.speaker.say
    share = voice.speaker.quantity(first.probability, "share")
    return say("Why ({share} sure): {why}.", share=share, why=say(voice.account.says(first.cause)))


def _shown(voice: Voice) -> str:
    account, explained = voice.account, _explained(voice)
    if account is None or account.evidence is None:
        return ""
    first, *rest = explained.causes if explained and explained.causes else (Likely(Cause.UNKNOWN, 1.0),)
    others = (likely.cause for likely in rest if likely.probability >= UNLIKELY)
    lines = shown.lines(voice.speaker, account.evidence, first.cause, *others)
    if not lines:
        return ""
    return "\n".join([voice.speaker.say("The server shows:"), *(f"• {line}" for line in lines)])


def _table(voice: Voice) -> str:
    explained = _explained(voice)
    return breakdown.table(voice.speaker, explained) if explained else ""


def _held_up(voice: Voice) -> bool:
    """Return whether its sessions wait for one that was seen, and none has got through yet: no number tells of it."""
    explained = _explained(voice)
    if explained is None or explained.likeliest.cause is not Cause.LOCK_WAIT or not _who_holds(voice):
        return False
    a_call = [f.factor for f in explained.factors if f.name != "calls" and f.factor is not None]
    return prod(a_call) < SLOWER


def _load(voice: Voice) -> str:
    """Return what share of the server's time the statement takes."""
    explained, speaker = _explained(voice), voice.speaker
    if explained is None or explained.db_time_share is None or voice.incident.kind is IncidentKind.SILENCE:
        return ""
    share = speaker.quantity(explained.db_time_share, "share")
    if not explained.excess_share or explained.excess_share <= 0:
        return speaker.say("It takes {share} of the server's time.", share=share)
    excess = speaker.quantity(explained.excess_share, "share")
    return speaker.say("It takes {share} of the server's time, {excess} beyond the usual.", share=share, excess=excess)


def _numbers(voice: Voice, context: tuple[Reason, ...]) -> str:
    told = [reason for reason in voice.reasons if _worth_telling(voice, reason)][:MOST_REASONS]
    seen = {reason.feature for reason in told}
    told += [reason for reason in context if reason.feature not in seen]
    lines = [voice.says(reason) for reason in told]
    if voice.incident.impact > 0 and voice.incident.kind is not IncidentKind.SILENCE:
        share = voice.speaker.quantity(voice.incident.impact, "share")
        lines.append(voice.speaker.say("{share} of the server's time is lost to it beyond the usual", share=share))
    return "\n".join(f"• {line}" for line in lines)


def _worth_telling(voice: Voice, reason: Reason) -> bool:
    """Whether a reader learns from *reason*: a value like ever, or a nought without a past, says nothing."""
    if reason.usual is None:
        return reason.value > 0 and reason.feature not in ONLY_COMPARED
    return reason == lead(voice) or reason.z is None or abs(reason.z) >= TELLING_Z


def _others(voice: Voice) -> str:
    """Return who else misbehaves, and whose fault it is where that is somebody else's."""
    explained, incident, say = _explained(voice), voice.incident, voice.speaker.say
    culprit = explained.culprit if explained else incident.key
    lines = []
    seen = explained is not None and explained.likeliest.cause is Cause.LOCK_WAIT and _who_holds(voice)
    somebody_else = culprit not in (None, incident.key) and incident.kind is not IncidentKind.HOST and not seen
    if culprit is not None and somebody_else:
        lines.append(say("Driven by {query}.", query=voice.called(culprit)))
    victims = explained.victims if explained and explained.victims else tuple(m.key for m in incident.ranked)
    keys = [key for key in dict.fromkeys(victims) if key not in (incident.key, culprit)]
    named = list(dict.fromkeys(voice.called(key) for key in keys[:MOST_NAMED]))
    if named:
        lines.append(_listed(voice, named, len(keys) - len(keys[:MOST_NAMED])))
    return "\n".join(lines)


def _who_holds(voice: Voice) -> bool:
    """Return whether the server showed who holds the others up, and so with which statement."""
    account = voice.account
    return account is not None and account.evidence is not None and bool(account.evidence.blockers)


def _listed(voice: Voice, named: list[str], more: int) -> str:
    queries = "; ".join(named)
    if not more:
        return voice.speaker.say("Also affected: {queries}.", queries=queries)
    return voice.speaker.count(
        "Also affected: {queries}; and {n} more statement.", "Also affected: {queries}; and {n} more statements.",
        more, queries=queries,
    )  # fmt: skip


def _where(voice: Voice) -> str:
    database, role = voice.subject.database, voice.subject.role
    if database is None or role is None:
        return ""
    return voice.speaker.say("Database {database}, role {role}", database=database, role=role)


def _next_step(voice: Voice) -> tuple[Block, ...]:
    if voice.account is not None and voice.account.step is not None:
        return nextstep.blocks(voice.speaker, voice.account.step, voice.subject.database)
    key = voice.incident.key
    look = (
        "SELECT calls, mean_exec_time, max_exec_time, rows, shared_blks_hit, shared_blks_read, temp_blks_written\n"
        f"  FROM pg_stat_statements WHERE queryid = {key.queryid} AND dbid = {key.dbid} AND userid = {key.userid};"
    )
    return Block("text", voice.speaker.say("To look at it, in psql:")), Block("code", look)
