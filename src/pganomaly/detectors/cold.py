"""
One cold cache is not 200 statements that read a little more each.

What all statements read from disk, against what their calls usually read, as a logarithm. The two that read most in
excess count as the third does: one statement that lost its index is no cold cache. The server has its own usual level
of that, and its own wandering, because a cache is shared at all times and is never the same.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import gates, supports
from pganomaly.detectors.channels import READS
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]

STATEMENTS = 8
"""A server's statements are no crowd below this number."""
OUTSTANDING = 2
"""Statements that may stand out by themselves."""
MORE = float(np.log(1.5))
"""Reads, in multiples of the usual, below which a colder cache is nobody's news."""
DRIFT, MOST_EVIDENCE = 1.5, 3.5
"""Deviations that a window may be away before it counts; it takes four windows at least, since a checkpoint, a vacuum
or a report passes through the cache in less."""
VICTIM_SHARE = 0.05
"""Share of all reads in excess from which on a statement is named."""

_LEAST_PER_S = float(gates.LEAST_PER_S[gates.RESOURCES.index(READS)])
_FIRST_VARIANCE = 0.15**2
_FLOOR = 0.05
_LEARNS_WITHIN = 100.0
_CLIP = 3.0
_STEP = 1.5


class Cache(NamedTuple):
    """
    What is remembered of all reads together.

    usual, variance  of their level
    support, top     evidence of a cold cache, and the largest since there was none (supports.py)
    """

    usual: float = 0.0
    variance: float = _FIRST_VARIANCE
    support: float = 0.0
    top: float = 0.0

    def distance(self, level: float) -> float:
        """Return how many deviations a level is above the usual."""
        return float((level - self.usual) / np.sqrt(self.variance + _FLOOR**2))


def excess(value: F8, usual: F8, calls: F8, crowd: Mask) -> F8:
    """Return the blocks that every statement of the *crowd* read beyond the usual, NaN where that cannot be said."""
    return np.where(crowd, calls * (value - usual), np.nan)


def level(more: F8, usual: F8, calls: F8, length_s: float) -> float:
    """Return ln(all reads / usual) given what is in excess; NaN where too few statements can tell."""
    told = np.isfinite(more)
    if told.sum() < STATEMENTS:
        return float("nan")
    ordered = np.sort(more[told])
    ordered[-OUTSTANDING:] = np.minimum(ordered[-OUTSTANDING:], ordered[-OUTSTANDING - 1])
    expected = float((calls * usual)[told].sum()) + _LEAST_PER_S * length_s
    return float(np.log(max((expected + ordered.sum()) / expected, 1e-3)))


def learned(cache: Cache, now: float, bar: float) -> Cache:
    """Return what is remembered after a window of a level; while the cache is cold its level is not learned."""
    if not np.isfinite(now):
        return cache
    z = cache.distance(now)
    g = min(z - DRIFT, MOST_EVIDENCE) if now >= MORE else min(z - DRIFT, 0.0)
    leaving = cache.top >= bar and z < supports.CALM_Z
    step = -supports.CALM_STEP * bar if leaving else g
    support = float(np.clip(cache.support + step, 0.0, supports.CAP * bar))
    top = max(cache.top, support) if support > 0 else 0.0
    if top >= bar:
        return cache._replace(support=support, top=top)
    moved = float(np.clip(z, -_STEP, _STEP)) * np.sqrt(cache.variance) / _LEARNS_WITHIN
    r2 = min(z * z, _CLIP**2) * cache.variance
    return Cache(
        float(cache.usual + moved), float(cache.variance + (r2 - cache.variance) / _LEARNS_WITHIN), support, top
    )


def victims(cache: Cache, now: float, more: F8, bar: float) -> Mask:
    """Return who reads most in excess while this window shows the cache to be cold; nobody otherwise."""
    after = learned(cache, now, bar)
    if not (after.top >= bar and after.distance(now) >= supports.CALM_Z):
        return np.zeros(len(more), dtype=np.bool_)
    gain = np.fmax(more, 0.0)
    return np.asarray(gain >= VICTIM_SHARE * gain.sum())
