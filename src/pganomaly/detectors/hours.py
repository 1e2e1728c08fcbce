"""
When a statement runs: the parts of a day in which it ever did, one bit each.

What runs at night only is news by day, if it is heavy: a job that was started out of its hours.
"""

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import F8

PARTS = 24
"""Parts of a day."""
KNOWN_DAYS = 1.5
"""Days after which the hours of a statement are known."""
MOST_PARTS = 6
"""Parts of the day in which a statement with hours of its own runs at most."""


def part(windows: float, day_windows: float) -> int:
    """Return the part of the day in which the window after *windows* windows lies."""
    return int(PARTS * (windows % day_windows) / day_windows)


def learned(seen: F8, now: int) -> F8:
    """Return the bits with that of the part *now* set."""
    bits = seen.astype(np.int64) | (1 << now)
    return bits.astype(np.float64)


def unusual(seen: F8, age_windows: F8, windows: float, day_windows: float) -> NDArray[np.bool_]:
    """Return which statements have hours of their own, and never ran in this part of a day or the ones beside it."""
    bits = seen.astype(np.int64)
    now = part(windows, day_windows)
    around = sum(1 << ((now + step) % PARTS) for step in (-1, 0, 1))
    count = np.zeros(len(bits), dtype=np.int64)
    for bit in range(PARTS):
        count += (bits >> bit) & 1
    return np.asarray(
        (bits & around == 0) & (count > 0) & (count <= MOST_PARTS) & (age_windows >= KNOWN_DAYS * day_windows)
    )
