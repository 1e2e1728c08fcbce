"""
One stall of the host is not 200 slow statements.

Two things that statements share are taken off their z of time in the very window:

common factor   the weighted median of ln(time per work / usual), weights 1 / (v + 0.15): with 1 / v alone one frequent
                statement would decide. Everything is 20 % slower: nobody is.
stall           1.5 times what the 85 % quantile of the z that is left is above its usual value, where that is more than
                1: some statements are hit harder than others.

The factor itself, when it stays, is one incident of the host.
"""

from typing import NamedTuple

import numpy as np

from pganomaly.detectors import supports
from pganomaly.records.grid import F8

QUANTILE = 0.85
DISCOUNT = 1.5
NOTICED = 1.0
"""Deviations above the usual below which everything is merely a little slower, and no stall."""
STATEMENTS = 12
"""A server's statements are no crowd below this number."""
HOST_STATEMENTS = 8
"""The same for the common factor, which has time to be wrong."""
MOST_EVIDENCE = 2.4
"""Evidence of one window against the host: a checkpoint, or maintenance, is over in four."""
USUAL_AT_FIRST = 1.0
"""The 85 % quantile of a normal distribution."""
WEIGHT_VARIANCE = 0.15
SLOWER = float(np.log(1.35))
"""Common factor below which a slower host is nobody's news."""

_LEARNS_WITHIN = 100.0
_FIRST_VARIANCE = 0.15**2
_FLOOR = 0.05
_CLIP = 3.0


class Host(NamedTuple):
    """
    What is remembered of the server as a whole.

    stall     how far the slower statements usually are
    usual     the usual common factor (a logarithm), and variance its variance
    support   evidence that the host is slow, top the largest since it was calm (supports.py)
    since     windows in a row in which there was any
    bar       the evidence that it took in the last window
    """

    stall: float = USUAL_AT_FIRST
    usual: float = 0.0
    variance: float = _FIRST_VARIANCE
    support: float = 0.0
    top: float = 0.0
    since: float = 0.0
    bar: float = supports.BAR

    @property
    def slow(self) -> bool:
        """Whether there is evidence enough, and it is not over."""
        return self.support > 0 and self.top >= self.bar


def level(z: F8) -> float:
    """Return how slow everything is, given z of the time of every statement; NaN where too few can tell."""
    told = z[np.isfinite(z)]
    return float(np.quantile(told, QUANTILE)) if len(told) >= STATEMENTS else float("nan")


def common(residual: F8, variance: F8) -> float:
    """Return the common factor of time per work, as a logarithm; 0 where too few statements can tell."""
    told = np.isfinite(residual) & np.isfinite(variance)
    if told.sum() < HOST_STATEMENTS:
        return 0.0
    r, weight = residual[told], 1.0 / (variance[told] + WEIGHT_VARIANCE)
    order = np.argsort(r)
    total = np.cumsum(weight[order])
    return float(r[order][np.searchsorted(total, total[-1] / 2)])


def discounted(z: F8, now: float, usual: float) -> F8:
    """Return z of time without what everything shares: who was not slow does not become fast by it."""
    if not now - usual > NOTICED:
        return z
    return np.where(z > 0, np.maximum(z - DISCOUNT * (now - usual), 0.0), z)


def passed(before: Host, after: Host) -> float:
    """Return the height of the bar at which a stall that passed by itself in a window would just have been told."""
    return before.top / supports.BAR if not after.top and before.since <= supports.SHORT_WINDOWS else 0.0


def learned(host: Host, stall: float, factor: float, bar: float = supports.BAR) -> Host:
    """
    Return what is remembered after a window: a stall moves it little, and a slow host not at all.

    bar  the evidence that it takes; what was told at a lower one stays so
    """
    z = (factor - host.usual) / np.sqrt(host.variance + _FLOOR**2)
    bar = host.bar if host.top >= host.bar else bar
    slower = z if factor >= SLOWER or z < 0 else min(z, 0.0)
    g = min(float(supports.evidence(np.array(slower))), MOST_EVIDENCE)
    leaving = host.top >= bar and (z < supports.CALM_Z or factor < SLOWER)
    adds = -supports.CALM_STEP * bar if leaving else g
    support = float(np.clip(host.support + adds, 0.0, supports.CAP * bar))
    top = max(host.top, support) if support > 0 else 0.0
    held = top >= bar
    step = float(np.clip(z, -1.5, 1.5)) * np.sqrt(host.variance) / _LEARNS_WITHIN
    r2 = min(z * z, _CLIP**2) * host.variance
    return Host(
        host.stall + (float(np.clip(stall - host.stall, -1.0, 1.0)) / _LEARNS_WITHIN if np.isfinite(stall) else 0.0),
        host.usual if held else host.usual + float(step),
        host.variance if held else host.variance + float(r2 - host.variance) / _LEARNS_WITHIN,
        support,
        top,
        host.since + 1 if support > 0 else 0.0,
        bar,
    )
