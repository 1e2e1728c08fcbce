"""
Spells and gaps: for how many windows in a row a statement runs, and for how long it then stays away.

A job that runs for two windows every hour has spells of two and gaps of an hour. What calls cannot tell of whoever runs
now and then, the lengths do: a spell far longer than any before is work out of its hours, a gap far longer than any
before is work that is missed. The n lengths seen so far are exchangeable with the next one, which therefore exceeds
all of them by chance once in n + 1 times (the rule of records, Renyi 1962): room is left for that.

    spell  z = ln((now + 1/2) / (longest (1 + 1 / n) + 1/2)) / 0.2          now, longest in windows
    early  z = ln((soonest + 1/2) / (gap (1 + 1 / n) + 1/2)) / 0.2          for a spell that began before its time
    gap    g = w ln(1 / (1 - p)), at most 3 w, for every window beyond longest (1 + 1 / n)

p is the share of windows in which it runs, w how much of a usual window this one is: 1 at most.

Gaps are counted in the time of those around: a window in which the user's other statements hardly run is no window
in which anybody is missed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]

SPREAD = 0.2
"""Standard deviation of the logarithm of a length that any server has."""
HALF = 0.5
"""Of a window, the first and the last of a spell are not known to be whole."""
LEAST_SPELLS = 2.0
"""Spells without which nothing is known of them."""
RARELY = 1 / 3
"""Share of its windows in which at most it runs: of others spells grow and shrink with the hour of the day."""
MOST_EARLY = 4.0
"""Deviations that a spell's early beginning is worth at most: doing it once more by hand is nobody's news."""
TIMES_EXPECTED = 2.0
"""Times the expected calls that a window of a spell must have: where a user's traffic rises, spells become longer."""


MOST_REGULAR = 0.05
"""Share of windows in which at least a statement is believed to be away by chance."""
BACK = -1.75
"""Evidence that a window takes off a silence whose calls cannot be judged, when the statement is back."""


class Spells(NamedTuple):
    """
    What is remembered of when a statement runs, [statements] each.

    spell    windows in a row in which it ran, of the last spell
    longest  the largest that is over
    gap      windows since, as counted by the traffic of those around
    absent   the largest gap that is over
    times    spells that are over
    soonest  the smallest gap that is over, 0 before the first
    early    deviations by which the last spell began before its time
    """

    spell: F8
    longest: F8
    gap: F8
    absent: F8
    times: F8
    soonest: F8
    early: F8


def too_long(past: Spells, calls: F8, usual: F8, share: F8) -> F8:
    """
    Return how many deviations a spell of this window is longer than any before, or began too early; NaN: cannot say.

    share  of windows in which a statement ran, in all its life
    """
    begins = past.gap > 0
    longer = _distance(np.where(begins, 1.0, past.spell + 1.0), past.longest, past.times)
    z = np.maximum(longer, np.where(begins, _early(past), past.early))
    return np.where(share > RARELY, np.nan, np.where(calls >= TIMES_EXPECTED * usual, z, np.minimum(z, 0.0)))


def missed(past: Spells, regular: F8, pace: F8) -> F8:
    """
    Return the evidence of a gap that goes on in this window and is longer than any before; NaN: cannot say.

    regular  share of windows in which the statement runs: who is away by chance is so in 1 - regular of them
    """
    known = past.times >= LEAST_SPELLS
    longest = past.absent * (1.0 + 1.0 / np.maximum(past.times, 1.0))
    g = -pace * np.log(np.maximum(1.0 - regular, MOST_REGULAR))
    return np.where(known, np.where(past.gap + pace > longest + 1.0, g, 0.0), np.nan)


def learned(past: Spells, ran: Mask, pace: F8, *, fade: float, free: Mask) -> Spells:
    """
    Return the spells and gaps after a window.

    ran   who ran in it
    pace  how much of a usual window it was, by those around
    free  whose lengths may be learned: of the others nobody wants such a length to become usual
    """
    begins = ran & (past.gap > 0)
    ends = ~ran & (past.gap == 0) & (past.spell > 0)
    longest, absent, soonest = fade * past.longest, fade * past.absent, past.soonest / fade
    return Spells(
        spell=np.where(begins, 1.0, np.where(ran, past.spell + 1.0, past.spell)),
        longest=np.where(ends & free, np.maximum(longest, past.spell), longest),
        gap=np.where(ran, 0.0, np.where(past.spell > 0, past.gap + pace, 0.0)),
        absent=np.where(begins & free, np.maximum(absent, past.gap), absent),
        times=np.where(ends & free, past.times + 1.0, past.times),
        soonest=np.where(begins & free, np.where(past.soonest > 0, np.minimum(soonest, past.gap), past.gap), soonest),
        early=np.where(begins, _early(past), past.early),
    )


def _early(past: Spells) -> F8:
    """Return how many deviations the gap that is over in this window is shorter than any before; 0: it is not."""
    z = _distance(past.soonest, past.gap, past.times)
    return np.clip(np.nan_to_num(z), 0.0, MOST_EARLY)


def _distance(now: F8, longest: F8, times: F8) -> F8:
    known = np.where(times >= LEAST_SPELLS, times, np.nan)
    return np.asarray(np.log((now + HALF) / (longest * (1.0 + 1.0 / known) + HALF)) / SPREAD)
