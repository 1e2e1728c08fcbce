"""
By how much something changed the statements of a server, and whether anybody could see it.

A statement has visibly changed where, pooled over the time in question, one of its figures lies outside everything that
clean stretches of the same length showed, and is more than 1.5 times (less than 1/1.5 of) their median.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
Values = NDArray[np.float32]
"""What was recorded, (figure of RECORDED, window, statement): work of that window, not cumulative."""

RECORDED = ("calls", "total_ms", "rows", "blocks", "read", "temp_written", "wal_bytes")
MEASURED = (
    "calls",
    "exec_per_call",
    "rows_per_call",
    "blks_per_call",
    "read_per_call",
    "temp_per_call",
    "wal_per_call",
)
MATERIAL = (0.0, 0.1, 2.0, 8.0, 5.0, 18.0, 500.0)
"""Per call, what is added to both sides of a ratio: less than this is nothing."""
SEEN = 1.5
LEAST_SHARE = 0.003
LEAST_MS_PER_S = 0.5
LEAST_RESOURCE = 0.05
TAIL = 6
NEAR = 1 / 12
"""Of a day: what is at about the same time of it."""
LEAST_ALIKE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """By how much each statement changed, in its oddest figure, and whether that was to be seen and worth seeing."""

    factor: F8
    figure: I8
    seen: NDArray[np.bool_]
    matters: NDArray[np.bool_]


def clean_windows(windows: int, busy: Iterable[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return which of the windows lie outside all *busy* stretches (first and last window) and their aftermath."""
    clean = np.ones(windows + 1, np.bool_)
    clean[0] = False
    for first, last in busy:
        clean[first : last + TAIL] = False
    return clean


def change(
    values: Values, clean: NDArray[np.bool_], first: int, last: int, real_window_s: float, *, day: int = 0
) -> Change:
    """
    Return what changed from *first* to *last* against clean stretches of the same length.

    With the length of a *day*, in windows, calls are held against those at about the same time of day.
    """
    length = last - first + 1
    during = _figures(values[:, first : last + 1].sum(axis=1, dtype=np.float64), length)
    starts = [s for s in range(1, len(clean) - length, max(length // 2, 1)) if clean[s : s + length].all()]
    if not starts:
        starts = [1]
    calm = np.array([_figures(values[:, s : s + length].sum(axis=1, dtype=np.float64), length) for s in starts])
    middle, low, high = (_quantile(calm, q) for q in (0.5, 0.01, 0.99))
    alike = [i for i, s in enumerate(starts) if _apart(s, first, day) <= day * NEAR] if day else []
    if len(alike) >= LEAST_ALIKE:
        for figures, q in ((middle, 0.5), (low, 0.01), (high, 0.99)):
            figures[0] = _quantile(calm[alike, :1], q)[0]
    during_known = np.nan_to_num(during)
    amount = np.array(MATERIAL)[:, None] + np.array([1.0, 0, 0, 0, 0, 0, 0])[:, None]
    ratio = (during_known + amount) / (middle + amount)
    outside = (during_known > high * 1.1 + 1e-9) | (during_known < low * 0.9 - 1e-9)
    fell = np.zeros_like(outside)
    fell[0] = ratio[0] < 1 / SEEN
    odd = outside & ((ratio > SEEN) | fell) & np.isfinite(during)
    size = np.where(odd, np.abs(np.log(np.maximum(ratio, 1e-9))), -1.0)
    figure = np.argmax(size, axis=0)
    every = np.arange(size.shape[1])
    factor = np.where(odd.any(axis=0), ratio[figure, every], ratio[1])
    worth = _matters(values[:, first : last + 1], calm_per_window(values, clean), real_window_s)
    return Change(factor, figure, odd.any(axis=0), worth)


def calm_per_window(values: Values, clean: NDArray[np.bool_]) -> F8:
    """Return what every statement does in an average clean window."""
    return np.asarray(values[:, clean].mean(axis=1, dtype=np.float64))


def _matters(values: Values, calm: F8, real_window_s: float) -> NDArray[np.bool_]:
    during = values.mean(axis=1, dtype=np.float64)
    more = np.abs(during - calm)
    whole = np.maximum(during.sum(axis=1), 1e-9)[:, None]
    share = more / whole
    by_time = (share[1] >= LEAST_SHARE) & (more[1] / real_window_s >= LEAST_MS_PER_S)
    by_resource = (share[2:] >= LEAST_RESOURCE).any(axis=0) | (share[0] >= LEAST_RESOURCE)
    gone = (calm[0] >= 3) & (during[0] < 0.3 * calm[0])
    return np.asarray(by_time | by_resource | gone)


def _apart(one: int, other: int, day: int) -> int:
    """Return how far two windows are apart in their days."""
    forward = (one - other) % day
    return min(forward, day - forward)


def _quantile(calm: F8, q: float) -> F8:
    """Return a quantile over stretches, 0 where a statement never ran."""
    ordered = np.sort(calm, axis=0)
    known = np.isfinite(ordered).sum(axis=0)
    place = np.round(q * np.maximum(known - 1, 0)).astype(np.int64)
    return np.asarray(np.nan_to_num(np.take_along_axis(ordered, place[None], axis=0)[0]))


def _figures(sums: F8, windows: int) -> F8:
    with np.errstate(all="ignore"):
        per_call = sums[1:] / np.where(sums[0] > 0, sums[0], np.nan)
    return np.vstack([sums[0] / windows, per_call])
