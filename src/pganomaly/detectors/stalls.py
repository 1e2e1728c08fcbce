"""
One stall of the host is not 200 slow statements.

The upper quantile of z of time over a server's statements says how slow everything is. What of it is above the usual is
taken off every statement's z of time in that window.
"""

import numpy as np

from pganomaly.records.grid import F8

QUANTILE = 0.85
DISCOUNT = 1.5
NOTICED = 1.0
"""Deviations above the usual below which everything is merely a little slower, and no stall."""
STATEMENTS = 20
"""A server's statements are no crowd below this number."""
USUAL_AT_FIRST = 1.0
"""The 85 % quantile of a normal distribution."""

_LEARNS_WITHIN = 100.0


def level(z: F8) -> float:
    """Return how slow everything is, given z of the time of every statement; NaN where too few can tell."""
    told = z[np.isfinite(z)]
    return float(np.quantile(told, QUANTILE)) if len(told) >= STATEMENTS else float("nan")


def discounted(z: F8, now: float, usual: float) -> F8:
    """Return z of time without what everything shares: who was not slow does not become fast by it."""
    if not now - usual > NOTICED:
        return z
    return np.where(z > 0, np.maximum(z - DISCOUNT * (now - usual), 0.0), z)


def learned(usual: float, now: float) -> float:
    """Return the usual level after a window: a stall moves it little."""
    if not np.isfinite(now):
        return usual
    return usual + float(np.clip(now - usual, -1.0, 1.0)) / _LEARNS_WITHIN
