"""
How far the calls of a window are from the usual in what they cost, and what of that all statements share.

in    a window, what its calls usually cost, how slow everything usually is
out   residual, spread and z of every channel and statement; what everybody shares is taken off
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import echoes, stalls, supports, variance
from pganomaly.detectors.channels import PACE, TIMES, amounts_of
from pganomaly.detectors.evidence import Increments
from pganomaly.detectors.normals import Costs
from pganomaly.detectors.residuals import residual, whole_life
from pganomaly.detectors.stalls import Host
from pganomaly.detectors.supports import Suspicion
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

    stall, factor  how slow the slower ones were, and the common factor
    bar            the host's, as a height
    slow, passed   whether the host is slow by it; the largest stall that passed by itself now, as a height of its bar
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


def listening(increments: Increments, z: F8, before: Suspicion, windows: F8, height: F8) -> Suspicion:
    """Set the evidence of time and of work, and return the suspicion that has heard how alike their windows are."""
    echo = echoes.Echo.of(before.echo)
    for family, far, alike in zip(supports.COSTLY, z, echoes.drift(echo, windows), strict=True):
        increments.of_distance(family, far, alike)
    alarm = (before.top >= height)[supports.COSTLY]
    return before._replace(echo=echoes.learned(echo, z, windows, ~alarm))


def _distances(window: Window, costs: Costs, value: F8) -> Distances:
    r = residual(value, costs.usual)
    v = variance.predictive(costs, window.deltas["calls"], variance.within(window))
    spread = np.sqrt(v)
    return Distances(r, spread, r / spread)
