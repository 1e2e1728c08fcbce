"""
How much evidence it takes on this server, so that false incidents stay within what the user accepts.

in    the largest excursion of every window that passed by itself, in multiples of the bar
out   the height of the bar from the next day on
not   no opinion on a single statement: what it does by itself raises its own bar (detectors)

Peaks over a threshold u follow an exponential tail (Pickands 1975, shape 0):

    rate(h) = A exp(-(h - u) / b)        A peaks above u a day, b their mean excess

so that h = u + b ln(A / budget) keeps false incidents at *budget* a day. True incidents must not raise it: a peak
counts as though it had just reached the bar, however high it was (winsorised).
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from math import log
from typing import Self

U = 0.5
"""Threshold of peaks, in multiples of the usual bar."""
WINSORISED = 1.0
FIRST_DAYS = 3
"""Days in which the bar is never below its usual height."""
MOST_DOWN = 0.9
"""A bar falls by a tenth a day at most; it rises at once."""
LOWEST, HIGHEST = 0.75, 2.0
"""Limits of the bar, in multiples of its usual height."""
DAYS_KEPT = 14
LEAST_PEAKS = 10
"""Peaks without which nothing is fitted."""


@dataclass(frozen=True, slots=True)
class Day:
    """The peaks of one day above U: how many, and the sum of what they exceeded it by."""

    on: date
    peaks: int = 0
    excess: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    What is remembered of quiet days.

    height  of the bar, in multiples of its usual height
    days    oldest first; the last one is not over
    seen    days that were seen in all
    """

    height: float = 1.0
    days: tuple[Day, ...] = ()
    seen: int = 0

    def after(self, peak: float, at: datetime, *, budget_per_day: float) -> Self:
        """Return what is known after a window that ended *at*; its largest excursion that passed was *peak*."""
        today = self.days[-1] if self.days and self.days[-1].on == at.date() else None
        if today is None:
            fitted = self._fitted(budget_per_day)
            return type(self)(fitted, (*self.days[-DAYS_KEPT:], _with(Day(at.date()), peak)), self.seen + 1)
        if peak <= U:
            return self
        return type(self)(self.height, (*self.days[:-1], _with(today, peak)), self.seen)

    def _fitted(self, budget_per_day: float) -> float:
        """Return the height of the bar for the day that begins."""
        peaks = sum(day.peaks for day in self.days)
        if peaks < LEAST_PEAKS:
            return self.height
        rate, mean_excess = peaks / len(self.days), sum(day.excess for day in self.days) / peaks
        wanted = U + mean_excess * max(log(rate / budget_per_day), 0.0)
        lowest = 1.0 if self.seen <= FIRST_DAYS else LOWEST
        return min(max(wanted, MOST_DOWN * self.height, lowest), HIGHEST)

    def dumps(self) -> str:
        """Return it as JSON."""
        days = [[day.on.isoformat(), day.peaks, day.excess] for day in self.days]
        return json.dumps({"height": self.height, "seen": self.seen, "days": days})

    @classmethod
    def loads(cls, text: str) -> Self:
        """Return what dumps() was called on."""
        held = json.loads(text)
        days = tuple(Day(date.fromisoformat(on), peaks, excess) for on, peaks, excess in held["days"])
        return cls(held["height"], days, held["seen"])


def _with(day: Day, peak: float) -> Day:
    if peak <= U:
        return day
    return Day(day.on, day.peaks + 1, day.excess + min(peak, WINSORISED) - U)
