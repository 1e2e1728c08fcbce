"""
Anomalies that stay, in; whether the world has changed, out.

in    the windows of one run of the detector, the incidents that were odd in them, and the streak so far
out   the new streak, and the incidents with which drift is confirmed: announced, and a reason to train anew
not   no clock, no store: a run is one tick of the service or one run of the script, however many windows it judged
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from pganomaly.records import Incident, Matrix, keys_of, locate

ANNOUNCED_AT_MOST_EVERY = timedelta(hours=1)


class DriftSettings(BaseModel, frozen=True):
    """From when on an alert is significant, and how many runs in a row with one confirm drift."""

    consecutive_limit: int = Field(5, ge=1, description="Bad runs in a row that confirm drift.")
    signif_exec_ms: float = Field(20.0, ge=0, description="Milliseconds per call from which an alert is significant.")
    signif_rows: float = Field(50_000.0, ge=0, description="Rows per call from which an alert is significant.")
    signif_shared_read: float = Field(200.0, ge=0, description="Blocks read per call that make an alert significant.")
    signif_wal_bytes: float = Field(200_000.0, ge=0, description="WAL bytes per call that make an alert significant.")

    def limits(self) -> dict[str, float]:
        """Return the limit of each feature that can make an alert significant."""
        return {
            "exec_time_per_call_ms": self.signif_exec_ms,
            "rows_per_call": self.signif_rows,
            "shared_read_per_call": self.signif_shared_read,
            "wal_bytes_per_call": self.signif_wal_bytes,
        }


@dataclass(frozen=True, slots=True)
class Streak:
    """Bad runs in a row, and when drift was last announced (the watched server's clock)."""

    bad_runs: int = 0
    announced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a run means.

    streak     to be kept for the next run; 0 again after drift was confirmed
    bad        whether this run had a significant alert
    bad_runs   what people are shown: the streak before it went back to 0
    confirmed  the incidents with which drift is announced and a retraining starts; none: nothing to do
    """

    streak: Streak
    bad: bool
    bad_runs: int
    confirmed: tuple[Incident, ...] = ()


def significant(matrix: Matrix, incidents: Iterable[Incident], settings: DriftSettings) -> tuple[Incident, ...]:
    """
    Return those of the open *incidents* that were odd in this very window, with a value that reaches a limit.

    It may be that of any statement that still misbehaves: what joined an incident later has no incident of its own.
    """
    odd = tuple(i for i in incidents if i.closed_at is None and i.last_odd_at == matrix.window.end)
    reached = np.zeros(len(matrix), dtype=np.bool_)
    for name, limit in settings.limits().items():
        reached |= matrix.features[name] >= limit
    return tuple(i for i in odd if _any_of(i, matrix, reached))


def _any_of(incident: Incident, matrix: Matrix, which: NDArray[np.bool_]) -> bool:
    place = locate(keys_of({incident.key, *(m.key for m in incident.members if m.still)}), matrix.window.keys)
    return bool(which[place[place >= 0]].any())


def advance(streak: Streak, incidents: Iterable[Incident], *, at: datetime, settings: DriftSettings) -> Outcome:
    """
    Return what a run ending *at* means; *incidents* are the significant ones of all its windows.

    Drift is announced once per incident and at most once an hour: until then the streak waits at its limit.
    """
    found = tuple({i.incident_id: i for i in incidents}.values())
    if not found:
        return Outcome(Streak(0, streak.announced_at), bad=False, bad_runs=0)
    bad_runs = min(streak.bad_runs + 1, settings.consecutive_limit)
    news = tuple(i for i in found if not i.drift_announced)
    rested = streak.announced_at is None or at - streak.announced_at >= ANNOUNCED_AT_MOST_EVERY
    if bad_runs < settings.consecutive_limit or not news or not rested:
        return Outcome(Streak(bad_runs, streak.announced_at), bad=True, bad_runs=bad_runs)
    return Outcome(Streak(0, at), bad=True, bad_runs=bad_runs, confirmed=news)
