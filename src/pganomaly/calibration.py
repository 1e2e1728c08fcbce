"""
How much evidence it takes on this server, so that false incidents stay within what the user accepts.

in    the excursions of every quiet window that passed by themselves, the largest of each kind: the height of the bar
      at which it would just have been told
out   the height of the bar of every kind: a server's calls may be restless while what they cost is not
not   no opinion on a single statement: what it does by itself raises its own bar (detectors)

Peaks over a threshold u follow an exponential tail (Pickands 1975, shape 0), kind by kind:

    rate_k(h) = A_k exp(-(h - u) / b_k)        A_k peaks above u a day, b_k their mean excess

so that h_k = u + b_k ln(A_k / (budget / 5)) keeps the five kinds that are ever restless together at *budget* false
incidents a day. New heavy statements and locks are told at any budget. The time is what was watched, and both A_k and
b_k start from a belief, so that the first hours are not taken for all days to come.

True incidents must not raise a bar. What passes while people know of an incident says nothing of quiet days: neither it
nor that time counts, and the tail is known from the peaks below the bar. What lasted is no peak, and a peak counts as
WINSORISED, however high it was; b_k is estimated as of a sample cut off there (Epstein, Sobel 1953), in which no more
peaks are believed to be cut off than stayed below.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from typing import Self

from pganomaly.records import KINDS, IncidentKind

U = 0.5
"""Threshold of peaks, in multiples of the usual bar."""
WINSORISED = 1.5
"""What a peak counts at most, in the same multiples."""
MOST_DOWN = 0.9
"""A bar falls by a tenth a day at most; it rises at once."""
LOWEST = 0.75
"""The lowest bar of any budget."""
HIGHEST = 1.5
"""Times its usual height to which a bar rises at most: what is well above that is told however restless a server is."""
DAYS_KEPT = 14
PRIOR_EXCESS, PRIOR_PEAKS = 0.2, 5.0
"""Mean excess that is believed before anything was seen, and the peaks that this belief is worth."""
PRIOR_RATE, PRIOR_DAYS = 2.0, 0.5
"""Peaks of a kind a day that are believed before, and the days that this belief is worth."""
LEAST_PEAKS = 6
"""Peaks of a kind without which its bar does not rise."""
RESTLESS = tuple(k not in (IncidentKind.NEW_HEAVY, IncidentKind.WAITING) for k in KINDS)
"""Kinds among which the budget is divided."""

Heights = tuple[float, ...]
_NONE: Heights = (0.0,) * len(KINDS)


@dataclass(frozen=True, slots=True)
class Day:
    """Quiet windows of one day, and its peaks above U by kind: how many, how many not cut off, their excess over U."""

    windows: int = 0
    peaks: Heights = _NONE
    below: Heights = _NONE
    excess: Heights = _NONE

    def seeing(self, peaks: Sequence[float]) -> Self:
        """Return the day after another window with these peaks, in multiples of the usual bar."""
        if max(peaks) <= U:
            return type(self)(self.windows + 1, self.peaks, self.below, self.excess)
        more = [
            (n + 1, b + (peak < WINSORISED), x + min(peak, WINSORISED) - U) if peak > U else (n, b, x)
            for n, b, x, peak in zip(self.peaks, self.below, self.excess, peaks, strict=True)
        ]
        return type(self)(self.windows + 1, *zip(*more, strict=True))


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    What is remembered of quiet days.

    heights  of the bar of every kind, in multiples of its usual height
    days     oldest first; the last one is not over
    """

    heights: Heights = (1.0,) * len(KINDS)
    days: tuple[Day, ...] = field(default=())

    def after(self, passed: Sequence[float], *, budget_per_day: float, day_windows: float, quiet: bool = True) -> Self:
        """
        Return what is known after a window.

        passed  of every kind, the largest excursion that passed by itself: the height that would just have told it
        quiet   nobody was being told of anything in it
        """
        if not self.days:
            usual = usual_height(budget_per_day)
            return type(self)(tuple(usual if k else 1.0 for k in RESTLESS), (Day().seeing(passed),))
        if not quiet:
            return self
        if self.days[-1].windows < day_windows:
            days = (*self.days[:-1], self.days[-1].seeing(passed))
            if max(passed) <= U:
                return type(self)(self.heights, days)
            wanted = _wanted(days, budget_per_day, day_windows)
            return type(self)(tuple(map(max, self.heights, wanted)), days)
        wanted = _wanted(self.days, budget_per_day, day_windows)
        heights = tuple(max(w, MOST_DOWN * h) for w, h in zip(wanted, self.heights, strict=True))
        return type(self)(heights, (*self.days[-DAYS_KEPT:], Day().seeing(passed)))

    def dumps(self) -> str:
        """Return it as JSON."""
        days = [[day.windows, day.peaks, day.below, day.excess] for day in self.days]
        return json.dumps({"heights": self.heights, "days": days})

    @classmethod
    def loads(cls, text: str) -> Self:
        """Return what dumps() was called on."""
        held = json.loads(text)
        days = tuple(Day(windows, *map(tuple, numbers)) for windows, *numbers in held["days"])
        return cls(tuple(held["heights"]), days)


def usual_height(budget_per_day: float) -> float:
    """Return the bar of a server of which nothing is known: 1 for one false incident a day."""
    return max(1.0 - PRIOR_EXCESS * log(budget_per_day), LOWEST)


def _wanted(days: tuple[Day, ...], budget_per_day: float, day_windows: float) -> Heights:
    """Return the heights at which as many peaks a day remain as the budget allows, never below the usual one."""
    usual, kinds = usual_height(budget_per_day), sum(RESTLESS)
    watched = sum(day.windows for day in days) / day_windows
    wanted = []
    for k in range(len(KINDS)):
        peaks, below = (sum(row) for row in zip(*((day.peaks[k], day.below[k]) for day in days), strict=True))
        rate = (peaks + PRIOR_RATE * PRIOR_DAYS) / (watched + PRIOR_DAYS)
        cut_off = min(peaks - below, below)
        b = (sum(day.excess[k] for day in days) + PRIOR_EXCESS * PRIOR_PEAKS) / (peaks - cut_off + PRIOR_PEAKS)
        height = U + b * log(max(kinds * rate / budget_per_day, 1.0))
        highest = HIGHEST * usual if peaks >= LEAST_PEAKS else usual
        wanted.append(max(min(height, highest), usual) if RESTLESS[k] else 1.0)
    return tuple(wanted)
