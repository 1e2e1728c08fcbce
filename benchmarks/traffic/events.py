"""What is done to a server on purpose: when, what it is called, whom it hits, and how it acts on a window."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.random import Generator

from benchmarks.traffic.effects import Effects
from benchmarks.traffic.workload import F8, I8, Workload

Act = Callable[[Effects, float], None]
"""Changes a window's effects; the second argument runs from 0 in the event's first window to 1 in its last."""


class Kind(StrEnum):
    """Whether people want to hear of it; DONT_CARE is graded neither way."""

    FAULT = "fault"
    BENIGN = "benign"
    DONT_CARE = "dont_care"


class NoTargetError(Exception):
    """This server has nothing that such an event could hit at that time."""


class Special(StrEnum):
    """What happens to the counting rather than to the statements."""

    RESET = "reset"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something injected.

    first, last  windows, both included
    culprits     the statements that it hits directly
    stays        its effect goes on to the end: a release is not taken back
    shown_in     "activity" where it leaves no trace in the counters
    """

    kind: Kind
    cls: str
    first: int
    last: int
    act: Act
    severity: str
    note: str
    culprits: tuple[int, ...] = ()
    stays: bool = False
    shown_in: str = "statements"
    special: Special | None = None

    def on(self, window: int) -> float | None:
        """Return how far it has come in *window*, None where it does not act."""
        if window < self.first or (window > self.last and not self.stays):
            return None
        return min(1.0, (window - self.first) / max(1, self.last - self.first))


@dataclass(slots=True, eq=False)
class Scene:
    """
    What is known when something is about to be injected.

    calls  expected calls a second of every statement at that time of day
    ms     what one call usually takes
    """

    workload: Workload
    rng: Generator
    calls: F8
    ms: F8
    first: int
    windows: int
    used: set[int] = field(default_factory=set)

    @property
    def last(self) -> int:
        """The last window."""
        return self.first + self.windows - 1

    @property
    def share(self) -> F8:
        """Each statement's share of the time that all take."""
        spent = np.maximum(self.calls * self.ms, 0)
        return np.asarray(spent / spent.sum())

    @property
    def block_share(self) -> F8:
        """Which part of a statement's time depends on the blocks that it touches."""
        c = self.workload.column
        return np.asarray(np.clip(c("blocks") * c("ms_per_block") / np.maximum(self.ms, 1e-9), 0, 1))

    def candidates(self, *kinds: str, least_calls: float = 6.0) -> I8:
        """Return statements of some kinds that run so often while it lasts."""
        seconds = self.windows * self.workload.profile.real_window_s
        found = self.workload.of_kind(*kinds)
        own = np.array([self.workload.statements[i].role >= 0 for i in found], dtype=np.bool_)
        return found[own & (self.calls[found] * seconds >= least_calls)] if len(found) else found

    def log_uniform(self, low: float, high: float) -> float:
        """Return a number between two, small ones as likely as large ones."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def pick(self, groups: list[I8], low: float, high: float, weight: F8 | None = None) -> tuple[I8, float]:
        """
        Return a group and a factor between *low* and *high* so that what is added matters.

        The added share of the server's time, *weight* times (factor - 1), is to be between 0.8 and 80 %: below, nobody
        would want to hear of it; above, nothing else would run.
        """
        if not groups:
            raise NoTargetError
        weight = self.share * self.block_share if weight is None else weight
        best: tuple[float, I8, float] | None = None
        for _ in range(80):
            group = groups[int(self.rng.integers(0, len(groups)))]
            factor = self.log_uniform(low, high)
            added = float(weight[group].sum()) * (factor - 1)
            off = abs(float(np.log(max(added, 1e-12) / self.log_uniform(0.015, 0.4))))
            if best is None or off < best[0]:
                best = (off, group, factor)
            if 0.008 <= added <= 0.8:
                return group, factor
        assert best is not None
        return best[1], best[2]
