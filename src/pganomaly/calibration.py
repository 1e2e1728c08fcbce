"""
How much evidence it takes on this server, so that false incidents stay within what the user accepts.

in    the largest excursions of every window that passed by themselves, one per kind, in multiples of the bar
out   the height of the bar of every kind: a server's calls may be restless while what they cost is not
not   no opinion on a single statement: what it does by itself raises its own bar (detectors)

Peaks over a threshold u follow an exponential tail (Pickands 1975, shape 0), kind by kind:

    rate_k(h) = A_k exp(-(h - u) / b_k)        A_k peaks above u a day, b_k their mean excess

so that h_k = u + b_k ln(A_k / (budget / 3)) keeps the three kinds that are ever restless, latency, work and traffic,
together at *budget* false incidents a day. True incidents must not raise it: a peak counts as though it had just
reached the usual bar, however high it was (winsorised). b_k is estimated as of a sample cut off there (Epstein, Sobel
1953), in which no more peaks are believed to be cut off than stayed below.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import log
from typing import Self

from pganomaly.records import KINDS

U = 0.5
"""Threshold of peaks, in multiples of the usual bar."""
WINSORISED = 1.0
FIRST_DAYS = 3
"""Days in which the bar is never below its usual height."""
MOST_DOWN = 0.9
"""A bar falls by a tenth a day at most; it rises at once."""
LOWEST, HIGHEST = 0.75, 3.0
"""Limits of the bar, in multiples of its usual height."""
DAYS_KEPT = 14
PRIOR_EXCESS, PRIOR_PEAKS = 0.15, 5.0
"""Mean excess that is believed before anything was seen, and the peaks that this belief is worth."""
LEAST_PEAKS = 6
"""Peaks of a kind without which its bar does not rise."""
RESTLESS_KINDS = 3
"""Kinds among which the budget is divided."""

Heights = tuple[float, ...]
_NONE: Heights = (0.0,) * len(KINDS)


@dataclass(frozen=True, slots=True)
class Day:
    """The peaks of one day above U, by kind: how many, how many below the usual bar, by what they exceeded U."""

    on: date
    peaks: Heights = _NONE
    below: Heights = _NONE
    excess: Heights = _NONE

    def seeing(self, peaks: Sequence[float]) -> Self:
        """Return the day with further peaks, in multiples of the usual bar."""
        if max(peaks) <= U:
            return self
        more = [
            (n + 1, b + (peak < WINSORISED), x + min(peak, WINSORISED) - U) if peak > U else (n, b, x)
            for n, b, x, peak in zip(self.peaks, self.below, self.excess, peaks, strict=True)
        ]
        return type(self)(self.on, *zip(*more, strict=True))


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    What is remembered of quiet days.

    heights  of the bar of every kind, in multiples of its usual height
    days     oldest first; the last one is not over
    seen     days that were seen in all
    """

    heights: Heights = (1.0,) * len(KINDS)
    days: tuple[Day, ...] = field(default=())
    seen: int = 0

    def after(self, passed: Sequence[float], at: datetime, *, budget_per_day: float) -> Self:
        """
        Return what is known after a window that ended *at*.

        passed  its largest excursion of every kind that passed by itself, in multiples of the bar of then
        """
        peaks = [p * h for p, h in zip(passed, self.heights, strict=True)]
        if self.days and self.days[-1].on == at.date():
            today = self.days[-1].seeing(peaks)
            if today is self.days[-1]:
                return self
            days = (*self.days[:-1], today)
            wanted = _wanted(days, budget_per_day)
            return type(self)(tuple(map(max, self.heights, wanted)), days, self.seen)
        lowest = 1.0 if self.seen <= FIRST_DAYS else LOWEST
        wanted = _wanted(self.days, budget_per_day) if self.days else self.heights
        heights = tuple(max(w, MOST_DOWN * h, lowest) for w, h in zip(wanted, self.heights, strict=True))
        today = Day(at.date()).seeing(peaks)
        return type(self)(heights, (*self.days[-DAYS_KEPT:], today), self.seen + 1)

    def dumps(self) -> str:
        """Return it as JSON."""
        days = [[day.on.isoformat(), day.peaks, day.below, day.excess] for day in self.days]
        return json.dumps({"heights": self.heights, "seen": self.seen, "days": days})

    @classmethod
    def loads(cls, text: str) -> Self:
        """Return what dumps() was called on."""
        held = json.loads(text)
        days = tuple(Day(date.fromisoformat(on), *map(tuple, numbers)) for on, *numbers in held["days"])
        return cls(tuple(held["heights"]), days, held["seen"])


def _wanted(days: tuple[Day, ...], budget_per_day: float) -> Heights:
    """Return the heights at which as many peaks a day remain as the budget allows."""
    wanted = []
    for k in range(len(KINDS)):
        peaks, below = (sum(row) for row in zip(*((day.peaks[k], day.below[k]) for day in days), strict=True))
        rate = RESTLESS_KINDS * peaks / len(days) / budget_per_day
        cut_off = min(peaks - below, below)
        b = (sum(day.excess[k] for day in days) + PRIOR_EXCESS * PRIOR_PEAKS) / (peaks - cut_off + PRIOR_PEAKS)
        height = U + b * log(max(rate, 1.0))
        wanted.append(min(height, HIGHEST if peaks >= LEAST_PEAKS else 1.0))
    return tuple(wanted)
