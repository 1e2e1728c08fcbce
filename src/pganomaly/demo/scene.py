"""What there is to see after a window: every screen shows the same scene in its own way."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pganomaly.catalog import feature
from pganomaly.messages import Speaker, compose
from pganomaly.messages.naming import name
from pganomaly.pipeline import Memory, Verdict
from pganomaly.records import Incident


@dataclass(frozen=True, slots=True)
class Case:
    """One incident that people were told of, in words; until is None while it is open."""

    query: str
    what: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """How busy the server was in a window."""

    calls_per_s: float
    statements: int
    ms_per_s: float


@dataclass(frozen=True, slots=True)
class Scene:
    """
    Everything that is known after a window.

    learned   windows of the learning phase so far, of so many; None after it
    mischief  what is done to the shop right now
    cases     what people were told of, oldest first
    lines     what was said within this window, in full
    """

    at: datetime
    traffic: Traffic
    learned: tuple[int, int] | None
    mischief: str | None
    cases: tuple[Case, ...]
    lines: tuple[str, ...] = ()


def traffic(verdict: Verdict) -> Traffic:
    """Return how busy the server was in the verdict's window."""
    window = verdict.window
    if window is None:
        return Traffic(0.0, 0, 0.0)
    top = window.keys["toplevel"]
    calls, ms = (float(np.sum(window.deltas[row][top])) for row in ("calls", "total_exec_time"))
    return Traffic(calls / window.length_s, len(window), ms / window.length_s)


def cases(known: dict[str, Case], verdict: Verdict, speaker: Speaker) -> dict[str, Case]:
    """Return the cases by incident after a verdict; only of incidents that people are told of."""
    told = [change for change in verdict.changes if change.incident.told]
    return known | {change.incident.incident_id: _case(change.incident, verdict.memory, speaker) for change in told}


def _case(incident: Incident, memory: Memory, speaker: Speaker) -> Case:
    query = name(speaker, memory.shapes.by_key.get(incident.key), incident.key)
    what = compose.worst(speaker, incident=incident, feature=feature)
    return Case(query, what, incident.onset, incident.closed_at)
