"""What the per-statement engine makes of one window, before anybody decides who is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.finding import Reason
from pganomaly.records.grid import F8
from pganomaly.records.incident import IncidentKind
from pganomaly.records.keys import KeyArray
from pganomaly.records.window import Window

KINDS: tuple[IncidentKind, ...] = tuple(IncidentKind)
"""What Scores.kind and Scores.family index."""


class Workings(NamedTuple):
    """
    What was found on the way to the scores of a window: learning from the same window needs it again (detectors).

    place   where each statement stands among those that are remembered, -1: nowhere
    costs   what its calls usually cost, unpacks into Costs
    calls   what was to be expected of everyone who is remembered, unpacks into Expected
    stall   how slow the slower statements were, NaN where too few can tell
    factor  what all of them shared, a logarithm
    host_bar  the evidence that it takes to call the host slow
    """

    place: NDArray[np.intp]
    costs: tuple[F8, ...]
    calls: tuple[NDArray[Any], ...]
    stall: float
    factor: float
    host_bar: float


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """
    One column per statement of a window, in its order; one row per channel (the name of a catalogue feature).

    value, usual  what the channel was, and what it usually is; NaN is "cannot say"
    residual      ln(value / usual), both with what is material added: what does not matter is near 0
    spread        the standard deviation that residual would have if all were as usual: the error of few calls included
    z             residual in units of spread, the server's common factor taken off
    surprise      |z| of the direction that troubles (dearer calls, more or fewer calls), largest of the channels
    kind          what the strongest direction would be called: a position in KINDS
    odd           surprise beyond the bar, or a newcomer too slow for this server; never a system statement
    calm          judged, and far enough below the bar to be called well
    newcomer      no history, and a call slower than this server knows: surprise is its distance from the usual calls
    excess_ms     execution time of this window beyond the usual (of missing calls: the time that they usually take)
    excess_share  the same as a share of the server's DB time
    steady        windows in a row in which the statement stayed at its newest level, usual or not
    strength      evidence of the last windows against the statement, in multiples of what it takes
    family        of the strongest evidence: a position in KINDS
    alarm         enough evidence, of something that matters to the server
    still         an alarm that was raised is not over
    shows         and this very window shows it: who runs seldom is waited for
    demand        shares of the server's time and work beyond the usual, added up: whose fault it is
    impact        the largest excess, in multiples of what matters
    suspicion     all of the evidence, to be remembered (detectors)
    untimely      runs for longer at a stretch than it ever did: out of its hours
    regular       share of the last windows in which it ran at all
    passed        of each of KINDS, the largest excursion that ended by itself now: height of the bar that just tells it
    host          how much slower the whole server is, as a factor, where that is an alarm; else 0
    silent        statements that did not run although they always do, or did what was an alarm: the same figures
    workings      what learning needs of the way here; None where nothing is learned of these scores
    """

    window: Window
    channels: tuple[str, ...]
    keys: KeyArray
    value: F8
    usual: F8
    residual: F8
    spread: F8
    z: F8
    surprise: F8
    kind: NDArray[np.int8]
    odd: NDArray[np.bool_]
    calm: NDArray[np.bool_]
    newcomer: NDArray[np.bool_]
    excess_ms: F8
    excess_share: F8
    steady: F8
    strength: F8
    family: NDArray[np.int8]
    alarm: NDArray[np.bool_]
    still: NDArray[np.bool_]
    shows: NDArray[np.bool_]
    demand: F8
    impact: F8
    suspicion: F8
    untimely: NDArray[np.bool_]
    regular: F8
    passed: F8 = field(default_factory=lambda: np.zeros(len(KINDS)))
    host: float = 0.0
    silent: "Scores | None" = None
    workings: Workings | None = None

    def __len__(self) -> int:
        """Return the number of statements."""
        return len(self.keys)

    def reasons(self, column: int) -> tuple[Reason, ...]:
        """Return every channel that has a value, strongest first: what it was, what it usually is, how odd that is."""
        (reasons,) = self.reasons_of([column])
        return reasons

    def reasons_of(self, columns: Sequence[int] | NDArray[np.intp]) -> list[tuple[Reason, ...]]:
        """Return the same of many statements, for little more than of one."""
        value, usual, z = (grid[:, columns].T for grid in (self.value, self.usual, self.z))
        order = np.argsort(-np.abs(np.nan_to_num(z)), axis=1, kind="stable")
        told = zip(order.tolist(), value.tolist(), usual.tolist(), z.tolist(), strict=True)
        return [
            tuple(Reason(self.channels[i], v[i], _known(u[i]), _known(d[i])) for i in strongest if isfinite(v[i]))
            for strongest, v, u, d in told
        ]


def _known(number: float) -> float | None:
    """Return *number*, None where it is NaN."""
    return number if isfinite(number) else None
