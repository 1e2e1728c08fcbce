"""
What a statement did since its incident began, against what it would have done: sums, so that windows can be added.

A window's residual is ln((value + d) / (usual + d)), d being what is material. Weighted by calls, the mean of its
exponential over windows is that of their sum: pooling loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite, log, nan, sqrt
from typing import NamedTuple

import numpy as np

from pganomaly.records import IncidentKind, Key, Member, Scores
from pganomaly.records.grid import F8

EXEC, PLAN, ROWS, BLOCKS, READS = (
    "exec_time_per_call_ms", "plan_ms_per_call", "rows_per_call", "blocks_per_call", "shared_read_per_call",
)  # fmt: skip
TEMP, WAL, DIRTIED, PACE, CALLS = (
    "temp_written_per_call", "wal_net_bytes_per_call", "dirtied_per_call", "exec_ms_per_block", "calls_per_sec",
)  # fmt: skip
COSTS = (EXEC, PLAN, ROWS, BLOCKS, READS, TEMP, WAL, DIRTIED, PACE)


CV_CALLS, CV_CALLS_BEFORE = 3, 10
"""Calls in a window, and before it, from which on they can differ among themselves."""


class Sum(NamedTuple):
    """
    One channel of a statement's calls, over windows.

    calls   those whose value is known, and amount what they came to
    usual   what one call usually is (of the newest window), NaN without history
    judged  calls whose residual is known, times the sum of its exponential over them, spread2 that of its variance
    """

    calls: float = 0.0
    amount: float = 0.0
    usual: float = nan
    judged: float = 0.0
    times: float = 0.0
    spread2: float = 0.0

    @property
    def value(self) -> float:
        """What one call was; NaN where nobody knows."""
        return self.amount / self.calls if self.calls else nan

    @property
    def residual(self) -> float:
        """How far that is from the usual, as a logarithm; NaN without history."""
        return log(self.times / self.judged) if self.judged and self.times > 0 else nan

    @property
    def spread(self) -> float:
        """The standard deviation that the residual would have if all were as usual."""
        return sqrt(self.spread2 / self.judged) if self.judged else nan

    @property
    def z(self) -> float:
        """The residual in standard deviations."""
        return self.residual / self.spread if self.judged and self.spread2 > 0 else nan

    def plus(self, calls: float, value: float, usual: float, residual: float, spread: float) -> "Sum":
        """Return the sum with one more window."""
        known, judged = isfinite(value) and calls > 0, isfinite(residual) and isfinite(spread) and calls > 0
        return Sum(
            self.calls + calls * known,
            self.amount + (calls * value if known else 0.0),
            usual if isfinite(usual) else self.usual,
            self.judged + calls * judged,
            self.times + (calls * float(np.exp(min(residual, 50.0))) if judged else 0.0),
            self.spread2 + (calls * spread**2 if judged else 0.0),
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """
    A member of an incident since that began.

    windows   those that showed it; seconds of all windows, whether it ran or not
    expected  calls that were to be expected in judged_s of those seconds, and judged what came in them
    server_ms the server's time in all these windows; excess_ms what of it this statement took beyond the usual
    before_cv how far its calls differed among themselves before, cv what they do now (mean of logarithms, weighted)
    waited    samples of pg_stat_activity that saw it at work, before a lock, and reading
    """

    key: Key
    kind: IncidentKind
    score: float
    new: bool = False
    untimely: bool = False
    regular: float = 1.0
    windows: int = 0
    seconds: float = 0.0
    calls: float = 0.0
    judged_s: float = 0.0
    judged: float = 0.0
    expected: float = 0.0
    calls_spread2: float = 0.0
    server_ms: float = 0.0
    excess_ms: float = 0.0
    cv_rise: float = 0.0
    cv_weight: float = 0.0
    seen: int = 0
    locked: int = 0
    reading: int = 0
    sums: Mapping[str, Sum] = field(default_factory=dict)

    def sum(self, channel: str) -> Sum:
        """Return one channel."""
        return self.sums.get(channel, Sum())

    def r(self, channel: str) -> float:
        """Return a channel's residual, 0 where it cannot be said."""
        residual = self.calls_residual if channel == CALLS else self.sum(channel).residual
        return residual if isfinite(residual) else 0.0

    @property
    def calls_residual(self) -> float:
        """Ln of calls against expected ones, three more or less being nothing; NaN where nothing was expected."""
        return log((self.judged + 3.0) / (self.expected + 3.0)) if self.judged_s else nan

    @property
    def calls_z(self) -> float:
        """The same in standard deviations."""
        return self.calls_residual / sqrt(self.calls_spread2 / self.judged_s) if self.calls_spread2 else nan


class Looked(NamedTuple):
    """How often samples of pg_stat_activity saw a statement at work, before a lock, and reading."""

    seen: int = 0
    locked: int = 0
    reading: int = 0


def followed(tally: Tally, member: Member, scores: Scores, columns: tuple[int, int], looked: Looked) -> Tally:
    """
    Return *tally* with the window of *scores*, in which *member* is what it is now.

    columns  where it stands among those that ran, and among the silent; -1: nowhere
    """
    window = scores.window
    now = replace(
        tally,
        kind=member.kind,
        score=member.score,
        seconds=tally.seconds + window.length_s,
        seen=tally.seen + looked.seen,
        locked=tally.locked + looked.locked,
        reading=tally.reading + looked.reading,
        server_ms=tally.server_ms + float(window.deltas["total_exec_time"][window.keys["toplevel"]].sum()),
    )
    ran, silent = columns
    if ran >= 0:
        return _with(now, scores, ran, ran=True)
    if silent >= 0 and scores.silent is not None:
        return _with(now, scores.silent, silent, ran=False)
    return now


def _with(tally: Tally, part: Scores, column: int, *, ran: bool) -> Tally:
    length_s = part.window.length_s
    rows = {name: row for row, name in enumerate(part.channels)}

    def at(block: F8, name: str) -> float:
        return float(block[rows[name], column]) if name in rows else nan

    calls = float(part.window.deltas["calls"][column]) if ran else 0.0
    usual_calls, spread = at(part.usual, CALLS), at(part.spread, CALLS)
    judged = isfinite(usual_calls) and isfinite(spread)
    known = isfinite(at(part.usual, EXEC))
    cv_rise, weight = _cv(part, column, calls) if ran else (0.0, 0.0)
    return replace(
        tally,
        new=not known if ran and not tally.calls else tally.new,
        untimely=tally.untimely or bool(part.untimely[column]),
        regular=tally.regular if tally.windows else float(part.regular[column]),
        windows=tally.windows + 1,
        calls=tally.calls + calls,
        judged_s=tally.judged_s + length_s * judged,
        judged=tally.judged + calls * judged,
        expected=tally.expected + (usual_calls * length_s if judged else 0.0),
        calls_spread2=tally.calls_spread2 + (length_s * spread**2 if judged else 0.0),
        excess_ms=tally.excess_ms + float(part.excess_ms[column]),
        cv_rise=tally.cv_rise + cv_rise * weight,
        cv_weight=tally.cv_weight + weight,
        sums={
            name: tally.sum(name).plus(
                calls, at(part.value, name), at(part.usual, name), at(part.residual, name), at(part.spread, name)
            )
            for name in COSTS
        }
        if ran
        else tally.sums,
    )


def _cv(part: Scores, column: int, calls: float) -> tuple[float, float]:
    """Return how much more single calls differ than they did before (a logarithm), and what that is worth in calls."""
    window = part.window
    before_calls = float(window.before["calls"][column])
    if calls < CV_CALLS or not before_calls >= CV_CALLS_BEFORE or "stddev_exec_time" not in window.before.names:
        return 0.0, 0.0
    mean = float(window.deltas["total_exec_time"][column]) / calls
    mean_before = float(window.before["total_exec_time"][column]) / before_calls
    m2 = float(window.deltas["exec_m2"][column])
    sd_before = float(window.before["stddev_exec_time"][column])
    if not (mean > 0 and mean_before > 0 and m2 > 0 and sd_before > 0):
        return 0.0, 0.0
    return log(sqrt(m2 / (calls - 1)) / mean) - log(sd_before / mean_before), min(calls, 100.0)
