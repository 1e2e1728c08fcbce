"""
What is odd in, what people read out.

in    an incident (or a confirmed drift), what its statement is called, the reader's language
out   a Message: the first line is the whole news, server first; then numbers, the query, the next step
not   no clock, no channel's markup, no opinion: every number comes from the incident
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pganomaly.messages import sentences
from pganomaly.messages.marker import marked as _
from pganomaly.messages.naming import QUERY_CHARS, name, shortened
from pganomaly.messages.speaker import Speaker
from pganomaly.records import Block, Incident, IncidentKind, Message, Reason, Shape

MOST_REASONS = 5
TELLING_Z = 2.0
"""From so many standard deviations on a value is worth a line."""

_UNTOLD = frozenset({"window_len_sec"})
_LEADS = {
    IncidentKind.LATENCY: (
        "exec_time_per_call_ms",
        _("{server}: {query} takes {now} a call, usually {usual}, since {onset}"),
    ),
    IncidentKind.NEW_HEAVY: (
        "exec_time_per_call_ms",
        _("{server}: new heavy query {query}, {now} a call, since {onset}"),
    ),
    IncidentKind.TRAFFIC: (
        "calls_per_sec",
        _("{server}: {query} is called {now}, usually {usual}, since {onset}"),
    ),
    IncidentKind.SILENCE: (
        "calls_per_sec",
        _("{server}: {query} is hardly called any more: {now}, usually {usual}, since {onset}"),
    ),
}
"""The feature and the words of the first line; of other kinds, or where that is not a reason, the strongest reason."""


class Described(Protocol):
    """What a reason needs of its feature; catalog.Feature is one."""

    @property
    def says(self) -> str:
        """A sentence with {now}."""
        ...

    @property
    def unit(self) -> str:
        """The value of a catalog.Unit."""
        ...


FeatureOf = Callable[[str], Described]
"""catalog.feature: rooms on one floor never meet, so the caller hands it in."""


@dataclass(frozen=True, slots=True)
class Subject:
    """
    The statement of an incident, in words that people know.

    query           None where its text is hidden
    database, role  names, where the server tells them
    """

    server: str
    query: Shape | None
    database: str | None = None
    role: str | None = None


def opened(
    speaker: Speaker,
    *,
    subject: Subject,
    incident: Incident,
    now: datetime,
    feature: FeatureOf,
    context: tuple[Reason, ...] = (),
) -> Message:
    """
    Return the news that a statement started to misbehave.

    *context* are numbers worth reading beside the reasons, odd or not: calls, share of the server's time.
    """
    voice = _Voice(speaker, subject, incident, now, feature)
    return Message(f"{incident.incident_id}/opened", "incident.opened", incident.incident_id, voice.story(context))


def updated(
    speaker: Speaker,
    *,
    subject: Subject,
    incident: Incident,
    now: datetime,
    feature: FeatureOf,
    context: tuple[Reason, ...] = (),
) -> Message:
    """Return the opening message with today's numbers: channels that can, edit the first one."""
    voice = _Voice(speaker, subject, incident, now, feature)
    message_id = f"{incident.incident_id}/updated/{incident.last_odd_at.isoformat()}"
    return Message(message_id, "incident.updated", incident.incident_id, voice.story(context))


def resolved(speaker: Speaker, *, subject: Subject, incident: Incident, now: datetime, feature: FeatureOf) -> Message:
    """Return the news that a statement is calm again."""
    voice = _Voice(speaker, subject, incident, now, feature)
    return Message(f"{incident.incident_id}/resolved", "incident.resolved", incident.incident_id, voice.ending())


def worst(speaker: Speaker, *, incident: Incident, feature: FeatureOf) -> str:
    """Return what is oddest about an incident, as a clause with its numbers; nothing where nothing can be said."""
    return _Voice(speaker, Subject("", None), incident, incident.opened_at, feature).worst()


def drift_confirmed(speaker: Speaker, *, server: str, bad_runs: int, now: datetime) -> Message:
    """Return the news that anomalies keep coming, and that a model is trained anew because of it."""
    text = speaker.say("Server: {server}. A new model is being trained; open incidents stay open.", server=server)
    blocks = (Block("headline", sentences.drift(speaker, bad_runs=bad_runs)), Block("text", text))
    return Message(f"drift/{server}/{now.isoformat()}", "drift.confirmed", None, blocks)


@dataclass(frozen=True, slots=True)
class _Voice:
    """One incident, told in one language."""

    speaker: Speaker
    subject: Subject
    incident: Incident
    now: datetime
    feature: FeatureOf

    def story(self, context: tuple[Reason, ...]) -> tuple[Block, ...]:
        """Return the whole opening message."""
        texts = (self._numbers(context), self._where())
        query = self.subject.query
        code = (Block("code", shortened(query.redacted, QUERY_CHARS)),) if query else ()
        return (
            Block("headline", self._headline()),
            *(Block("text", text) for text in texts if text),
            *code,
            *self._next_step(),
        )

    def ending(self) -> tuple[Block, ...]:
        """Return the whole closing message."""
        end = self.incident.closed_at or self.now
        line = self.speaker.say(
            "{server}: {query} is calm again, it lasted {duration} ({onset} to {end})",
            **self._names(),
            duration=self.speaker.duration(end - self.incident.onset),
            end=self.speaker.when(end, self.now),
        )
        worst = self.worst()
        told = (self.speaker.say("At worst: {reason}.", reason=worst),) if worst else ()
        return (Block("headline", line), *(Block("text", text) for text in told))

    def worst(self) -> str:
        """Return what is oddest, with its numbers."""
        lead = self._lead()
        return self._says(lead) if lead else ""

    def _names(self) -> dict[str, str]:
        return {
            "server": self.subject.server,
            "query": name(self.speaker, self.subject.query, self.incident.key),
            "onset": self.speaker.when(self.incident.onset, self.now),
        }

    def _headline(self) -> str:
        lead, say, names = self._lead(), self.speaker.say, self._names()
        if lead is None:
            return say("{server}: {query} misbehaves, since {onset}", **names)
        feature, sentence = _LEADS.get(self.incident.kind, (None, ""))
        if lead.feature != feature:
            return say("{server}: {query}: {reason}, since {onset}", **names, reason=self._says(lead))
        return say(sentence, **names, now=self._amount(lead, lead.value), usual=self._usual(lead))

    def _lead(self) -> Reason | None:
        reasons = [reason for reason in self.incident.reasons if reason.feature not in _UNTOLD]
        wanted, _sentence = _LEADS.get(self.incident.kind, (None, ""))
        return next((r for r in reasons if r.feature == wanted), reasons[0] if reasons else None)

    def _numbers(self, context: tuple[Reason, ...]) -> str:
        told = [reason for reason in self.incident.reasons if self._worth_telling(reason)][:MOST_REASONS]
        seen = {reason.feature for reason in told}
        told += [reason for reason in context if reason.feature not in seen]
        lines = [self._says(reason) for reason in told]
        if self.incident.impact > 0:
            share = self.speaker.quantity(self.incident.impact, "share")
            lines.append(self.speaker.say("{share} of the server's time is lost to it beyond the usual", share=share))
        return "\n".join(f"• {line}" for line in lines)

    def _worth_telling(self, reason: Reason) -> bool:
        """Whether a reader learns from *reason*: a value like ever, or a nought without a past, says nothing."""
        if reason.feature in _UNTOLD:
            return False
        if reason.usual is None:
            return reason.value > 0
        return reason == self._lead() or reason.z is None or abs(reason.z) >= TELLING_Z

    def _where(self) -> str:
        database, role = self.subject.database, self.subject.role
        if database is None or role is None:
            return ""
        return self.speaker.say("Database {database}, role {role}", database=database, role=role)

    def _next_step(self) -> tuple[Block, ...]:
        key = self.incident.key
        look = (
            "SELECT calls, mean_exec_time, max_exec_time, rows, shared_blks_hit, shared_blks_read, temp_blks_written\n"
            f"  FROM pg_stat_statements WHERE queryid = {key.queryid} AND dbid = {key.dbid} AND userid = {key.userid};"
        )
        return Block("text", self.speaker.say("To look at it, in psql:")), Block("code", look)

    def _says(self, reason: Reason) -> str:
        what = self.speaker.say(self.feature(reason.feature).says, now=self._amount(reason, reason.value))
        if reason.usual is None:
            return what
        return self.speaker.say("{what}, usually {usual}", what=what, usual=self._usual(reason))

    def _usual(self, reason: Reason) -> str:
        amount, factor = self._amount(reason, reason.usual), self.speaker.factor(reason.ratio)
        return f"{amount} ({factor})" if factor else amount

    def _amount(self, reason: Reason, value: float | None) -> str:
        return self.speaker.quantity(value, self.feature(reason.feature).unit)
