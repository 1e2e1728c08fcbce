"""
How far the calls of a window are from the usual in what they cost, and what of that all statements share.

in    a window, what its calls usually cost, how slow everything usually is
out   residual, spread and z of every channel and statement; then z without what everybody shares, and what that was
not   no evidence against anybody: evidence.py

    z = residual / spread        residual: residuals.py, spread^2: variance.py, what is shared: stalls.py
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import stalls, variance
from pganomaly.detectors.channels import PACE, TIMES, amounts_of
from pganomaly.detectors.normals import Costs
from pganomaly.detectors.residuals import residual, whole_life
from pganomaly.detectors.stalls import Host
from pganomaly.records import Quality, Window
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]


class Distances(NamedTuple):
    """How far every channel of every statement is from its usual, [channels, statements] each; NaN: cannot say."""

    residual: F8
    spread: F8
    z: F8


class Shared(NamedTuple):
    """
    What all statements shared.

    stall   how many deviations the slower ones were slow, beyond the common factor; NaN: too few can tell
    factor  ln of how many times slower everything was
    bar     the evidence that a slow host takes, in points
    slow    whether there is so much of it
    passed  the largest stall that passed by itself now, as a height of the bar; else 0
    """

    stall: float
    factor: float
    bar: float
    slow: bool
    passed: float

    @property
    def times(self) -> float:
        """How many times slower everything is where the host is slow, else 0."""
        return float(np.exp(self.factor)) if self.slow else 0.0


def distances(window: Window, costs: Costs, value: F8) -> Distances:
    """
    Return how far the calls of a window are from the usual, in their cost.

    Of an entry in doubt the truth lies between two ends: it counts where both agree, and then by the nearer one.
    """
    if window.quality is not Quality.OK:
        unknown = np.full_like(value, np.nan)
        return Distances(unknown, unknown, unknown.copy())
    far = _distances(window, costs, value)
    doubtful = window.doubtful
    if doubtful.any():
        other_end = whole_life(window, doubtful, with_window=True)
        of_them = Costs(*(field[:, doubtful] for field in costs))
        z = _distances(other_end, of_them, amounts_of(other_end)).z
        agree = np.sign(z) == np.sign(far.z[:, doubtful])
        nearer = np.sign(z) * np.minimum(np.abs(z), np.abs(far.z[:, doubtful]))
        far.z[:, doubtful] = np.where(agree, nearer, np.nan)
    return far


def without_what_all_share(host: Host, far: Distances, crowd: Mask, bar: float) -> Shared:
    """Take off, in place, what everybody of a *crowd* shares of the time; return what that was."""
    spread = far.spread[PACE, crowd]
    factor = stalls.common(far.residual[PACE, crowd], np.square(spread))
    stall = stalls.level(far.z[PACE, crowd] - max(factor, 0.0) / spread)
    times = list(TIMES)
    z = far.z[times]
    if factor > 0:
        z -= factor / far.spread[times] * (z > 0)
    far.z[times] = stalls.discounted(z, stall, host.stall)
    after = stalls.learned(host, stall, factor, bar)
    return Shared(stall, factor, bar, after.slow, stalls.passed(host, after))


def _distances(window: Window, costs: Costs, value: F8) -> Distances:
    r = residual(value, costs.usual)
    v = variance.predictive(costs, window.deltas["calls"], variance.within(window))
    spread = np.sqrt(v)
    return Distances(r, spread, r / spread)
