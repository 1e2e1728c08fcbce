"""
How long calls take on this server, whoever makes them: the measure for a statement that has no history of its own.

A histogram of ln(ms per call), weighted by calls, that fades with a half-life of a day.
"""

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import F8

BINS_PER_E = 32
"""Bins per factor of e: 3 % wide."""
SLOWEST_MS = 1_000.0
TIMES_USUAL = 20.0
USUAL_QUANTILE = 0.99

NEW_WINDOWS = 30.0
"""Windows since it was first seen, during which a statement is new."""
NEW_SHARE = 0.08
"""Share of the server's DB time that a new statement may take unnoticed, and NEW_MS_PER_S."""
NEW_MS_PER_S = 2.5

_EVIDENCE_AT_SHARE, _EVIDENCE_PER_DOUBLING, _MOST_EVIDENCE, _AT_ONCE = 6.0, 6.0, 9.0, 40.0
_LOWEST = -7.0
_BINS = 25 * BINS_PER_E
_ENOUGH_CALLS = 100.0
_LEAST_SCALE = 0.5
_LEAST_MS = 1e-12
_NORMAL_QUANTILE = 2.326
"""The 99 % quantile of a normal distribution."""


def empty() -> F8:
    """Return a histogram of no calls."""
    return np.zeros(_BINS)


def counted(histogram: F8, ms_per_call: F8, calls: F8, *, fade: float) -> F8:
    """Return the histogram with further calls, the older ones faded."""
    told = np.isfinite(ms_per_call) & np.isfinite(calls)
    place = (np.log(np.maximum(ms_per_call[told], _LEAST_MS)) - _LOWEST) * BINS_PER_E
    bins = np.clip(place, 0, _BINS - 1).astype(np.intp)
    return np.asarray(fade * histogram + np.bincount(bins, weights=calls[told], minlength=_BINS))


def quantile_ms(histogram: F8, q: float) -> float:
    """Return the milliseconds below which a share *q* of all calls stays; NaN without calls."""
    total = np.cumsum(histogram)
    if total[-1] <= 0:
        return float("nan")
    at = int(np.searchsorted(total, q * total[-1]))
    below = total[at - 1] if at else 0.0
    inside = (q * total[-1] - below) / histogram[at]
    return float(np.exp(_LOWEST + (at + inside) / BINS_PER_E))


def bar_ms(histogram: F8) -> float:
    """Return how long a call of an unknown statement may take before it is news: max(1 s, 20 x the 99 % quantile)."""
    if histogram.sum() < _ENOUGH_CALLS:
        return SLOWEST_MS
    return max(SLOWEST_MS, TIMES_USUAL * quantile_ms(histogram, USUAL_QUANTILE))


def surprise(histogram: F8, ms_per_call: F8) -> F8:
    """Return how many deviations (of the logarithm) calls are slower than the server's median call."""
    middle, high = quantile_ms(histogram, 0.5), quantile_ms(histogram, USUAL_QUANTILE)
    if np.isnan(middle):
        return np.full(len(ms_per_call), np.nan)
    scale = max(float(np.log(high / middle)) / _NORMAL_QUANTILE, _LEAST_SCALE)
    return np.asarray(np.log(np.maximum(ms_per_call, _LEAST_MS) / middle) / scale)


def evidence(share: F8, ms_per_s: F8, slow: NDArray[np.bool_], calls: F8) -> F8:
    """
    Return what a window adds to the suspicion against a new statement, given its *share* of the server's DB time.

    8 % for two windows is news; more where that rests on few *calls*, whose time and number are chance: the share is
    divided by 1 + 1 / sqrt(calls), a standard error more. A call that is too *slow* for this server is news at once.
    """
    share = share / (1.0 + 1.0 / np.sqrt(np.maximum(calls, 1.0)))
    doublings = np.log2(np.maximum(share, 1e-9) / NEW_SHARE)
    g = np.clip(_EVIDENCE_AT_SHARE + _EVIDENCE_PER_DOUBLING * doublings, -_EVIDENCE_AT_SHARE, _MOST_EVIDENCE)
    heavy = (share >= NEW_SHARE) & (ms_per_s >= NEW_MS_PER_S)
    return np.where(slow, _AT_ONCE, np.where(heavy, g, np.minimum(g, -1.0)))
