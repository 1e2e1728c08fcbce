"""What people are told about: statements that misbehave together, from an onset until all of them are calm again."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pganomaly.records.account import Likely
from pganomaly.records.finding import Reason
from pganomaly.records.keys import Key


class IncidentKind(StrEnum):
    """What misbehaves."""

    LATENCY = "latency"
    WORK = "work"
    TRAFFIC = "traffic"
    SILENCE = "silence"
    NEW_HEAVY = "new_heavy"
    WAITING = "waiting"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Member:
    """
    A statement of an incident.

    kind       what about it misbehaves
    joined_at  end of the window that decided
    score      its share in what is in excess on the server: larger for the likelier culprit
    still      whether it misbehaves still, as far as is known: who runs seldom is waited for
    seen_at    end of the last window that showed it
    """

    key: Key
    kind: IncidentKind
    joined_at: datetime
    score: float = 0.0
    still: bool = True
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """
    One open or closed piece of news.

    incident_id  derived from (instance, onset, lead statement): writing it twice is harmless
    key          the lead statement: the likeliest culprit when it was opened
    onset        start of the first odd window
    opened_at    end of the window that decided
    absent_windows  windows in a row in which the lead did not run, calm_windows: in which every member was well
    told         whether people are (to be) told at once; otherwise it only stands in the tables
    told_at      end of the window after which they were, None where that is not known or not so
    peak         the largest surprise so far
    impact       largest share of the server's DB time that was in excess of the usual
    reasons      of the oddest window so far, strongest first
    members      every statement that belongs to it, the lead included
    causes       why, as far as is known by now: the likeliest causes, strongest first
    """

    incident_id: str
    key: Key
    kind: IncidentKind
    onset: datetime
    opened_at: datetime
    told: bool
    peak: float
    impact: float
    reasons: tuple[Reason, ...]
    last_odd_at: datetime
    windows_odd: int = 1
    calm_windows: int = 0
    absent_windows: int = 0
    closed_at: datetime | None = None
    drift_announced: bool = False
    query: str | None = field(default=None)
    told_at: datetime | None = None
    members: tuple[Member, ...] = ()
    causes: tuple[Likely, ...] = ()

    @property
    def ranked(self) -> tuple[Member, ...]:
        """Its members, the likeliest culprit first."""
        return tuple(sorted(self.members, key=lambda m: -m.score))

    @property
    def last_shown_at(self) -> datetime | None:
        """End of the last window that showed any of it, which is before it was sure to be over; else when it closed."""
        return max((m.seen_at for m in self.members if m.seen_at is not None), default=self.closed_at)


class ChangeKind(StrEnum):
    """What happened to an incident in a window. TOLD: what stood only in the digest is told after all."""

    OPENED = "opened"
    UPDATED = "updated"
    TOLD = "told"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the life of an incident."""

    kind: ChangeKind
    incident: Incident
    at: datetime
