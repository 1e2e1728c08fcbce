"""One incident in one language: how its statement is called, and its numbers as clauses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pganomaly.messages.account import Account
from pganomaly.messages.naming import name
from pganomaly.messages.speaker import Speaker
from pganomaly.records import Incident, Key, Reason, Shape

UNTOLD = frozenset({"window_len_sec"})


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


@dataclass(frozen=True, slots=True)
class Voice:
    """One incident, told in one language."""

    speaker: Speaker
    subject: Subject
    incident: Incident
    now: datetime
    feature: FeatureOf
    account: Account | None = None

    @property
    def names(self) -> dict[str, str]:
        """What every first line names: server, statement, since when."""
        return {
            "server": self.subject.server,
            "query": name(self.speaker, self.subject.query, self.incident.key),
            "onset": self.speaker.when(self.incident.onset, self.now),
        }

    @property
    def reasons(self) -> list[Reason]:
        """What is odd, strongest first."""
        return [reason for reason in self.incident.reasons if reason.feature not in UNTOLD]

    def called(self, key: Key) -> str:
        """Return what to call a statement of the incident: with its id where another one is called the same."""
        called = self._name(key)
        keys = self.account.shapes if self.account else ()
        alike = any(other.queryid != key.queryid and self._name(other) == called for other in keys)
        return self.speaker.say("{query} (query {queryid})", query=called, queryid=key.queryid) if alike else called

    def _name(self, key: Key) -> str:
        shape = self.account.shapes.get(key) if self.account else None
        return name(self.speaker, self.subject.query if key == self.incident.key else shape, key)

    def says(self, reason: Reason) -> str:
        """Return a reason as a clause with its numbers."""
        what = self.speaker.say(self.feature(reason.feature).says, now=self.amount(reason, reason.value))
        if not reason.usual:
            return what
        return self.speaker.say("{what}, usually {usual}", what=what, usual=self.usual(reason))

    def usual(self, reason: Reason) -> str:
        """Return what a reason usually is, and how many times that it is now."""
        amount, factor = self.amount(reason, reason.usual), self.speaker.factor(reason.ratio)
        return f"{amount} ({factor})" if factor else amount

    def amount(self, reason: Reason, value: float | None) -> str:
        """Return a value with the unit of its feature."""
        return self.speaker.quantity(value, self.feature(reason.feature).unit)
