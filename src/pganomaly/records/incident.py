"""What people are told about: one statement misbehaving from an onset until it is calm again."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pganomaly.records.finding import Reason
from pganomaly.records.keys import Key


class IncidentKind(StrEnum):
    """What misbehaves."""

    LATENCY = "latency"
    WORK = "work"
    TRAFFIC = "traffic"
    SILENCE = "silence"
    NEW_HEAVY = "new_heavy"


@dataclass(frozen=True, slots=True)
class Incident:
    """
    One open or closed piece of news.

    incident_id  derived from (instance, onset, lead statement): writing it twice is harmless
    onset        start of the first odd window
    opened_at    end of the window that decided
    absent_windows  windows in a row in which the statement did not run, calm_windows: in which it ran and was well
    told         whether people are (to be) told at once; otherwise it only stands in the tables
    peak         the largest surprise so far
    impact       largest share of the server's DB time that was in excess of the usual
    reasons      of the oddest window so far, strongest first
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


class ChangeKind(StrEnum):
    """What happened to an incident in a window."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the life of an incident."""

    kind: ChangeKind
    incident: Incident
    at: datetime
