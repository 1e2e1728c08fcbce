"""
Evidence adds up: a window that is a little odd is nothing, the same for a while is news.

Capped CUSUM (Page 1954; Lorden 1971) per statement and family. A window's distance z adds

    g(z) = max(min(z, 6) - 1.2 - atanh(rho), min(z, 15) - 3), at least -2.4        min(z, 24) of what calls cost

points: a sustained small change by the first branch, a sudden large one by the second. rho is how far windows of what
calls cost are alike by themselves (echoes.py), 0 of everything else. What calls cost can be so far off that one window
is enough, where it matters: who runs now and then would else be waited for. The support never falls below 0 and never
rises above 1.6 h: without that cap an alarm stays on long after its reason. h is the bar, usually 12.

in    increments per family and statement, the bar of each, what was suspected before
out   what is suspected after
not   no opinion on what a statement costs the server: gates.py
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.records import KINDS, IncidentKind
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]

BAR = 12.0
"""h: with independent windows and the drift of 1.2 a support passes 12 by chance once in 10^12 windows (Siegmund 1985);
what passes it in earnest is what windows share, and for that there is the budget (calibration.py)."""
CAP = 1.6
CLOSED = 1 / 3
"""Below so much of its bar an open support is over."""
CALM_STEP = 1 / 3
"""Share of its bar that a calm window takes off an open support."""
CALM_Z = 2.5
"""Distance below which a window counts as calm for what is open."""
PEAK_MARGIN = 1.25
"""A bar stays so much above the largest excursion that passed by itself in the last days."""
MOST_RAISED = 4.0
"""Times its usual height that memory may raise a bar: nobody becomes deaf, since large evidence gets there in time."""
SHORT_WINDOWS = 12.0
"""Windows of suspicion, those of its fading included, up to which an excursion passed by itself: what lasts longer
was put right by somebody."""
BRIEF_WINDOWS = 6.0
"""The same for a burst of calls when it is over, its fading not included."""
FROZEN_WINDOWS = 15
"""Windows of mere suspicion in which no level moves. Suspicion that freezes a level without limit never ends."""
SUSPICIOUS = 1 / 2
"""Share of the bar from which on a statement is suspected."""

_SLOW_CAP, _SLOW_DRIFT = 6.0, 1.2
_FAST_DRIFT = 3.0
MOST, MOST_OF_COST = 15.0, 24.0
"""Distance from which on a window is no more evidence; of what calls cost that is more than a usual bar takes."""
_LEAST = -2.4

FAMILIES = len(KINDS)
COLD_WINDOWS = 10.0
"""Windows for which a statement must have been known for its bar to be 1.5 times its height; at first it is twice."""
YOUNG_DAYS: F8 = np.array([[{IncidentKind.SILENCE: 1 / 4, IncidentKind.TRAFFIC: 1 / 16}.get(k, 1 / 8)] for k in KINDS])
"""Days in which the bar of a server that nobody has watched before falls from twice to 1.5 times its height: bursts
show within an hour or two, two-faced plans within hours, who is to be missed in an evening takes longer."""
PATIENT: Mask = np.array([[k not in (IncidentKind.NEW_HEAVY, IncidentKind.WAITING)] for k in KINDS])
"""Families that are judged by a statement's own past."""
COSTLY = [KINDS.index(IncidentKind.LATENCY), KINDS.index(IncidentKind.WORK)]
"""Families of what calls cost."""
COST: Mask = np.isin(np.arange(FAMILIES), COSTLY)[:, None]
OFTEN_CALLS, OFTEN_WINDOWS = 10.0, 100.0
"""Usual calls a window, and windows known, from which on a statement's windows differ little by chance."""
EASED = 1 / 8
"""Share by which the bar of what calls cost is lower once the server is known: it takes less proof than calls that come
and go."""
EASY = 0.75
"""Times the usual height of the bar of such statements: a change of 12 deviations is news in its first window."""


class Suspicion(NamedTuple):
    """
    What is suspected, [families, statements] each but the last three.

    support  evidence so far
    top      its largest value since it was last 0
    peak     largest excursion of the last days that passed by itself
    reach    the height of the server's bar at which this excursion would just have been told
    impact   what is in excess, in multiples of what matters (gates.py): of calls' cost and of their number; [2, n]
    since    windows in a row in which there was reason for suspicion
    waits    ms per second that sessions usually wait for locks (waits.py)
    echo     how far windows in a row are alike, of what calls cost (echoes.py)
    """

    support: F8
    top: F8
    peak: F8
    reach: F8
    impact: F8
    since: F8
    waits: F8
    echo: F8

    @classmethod
    def rows(cls) -> int:
        """Return the rows that it takes in one array."""
        return 4 * FAMILIES + 4 + 8

    @classmethod
    def of(cls, block: F8) -> "Suspicion":
        """Return a view of an array of rows."""
        f = FAMILIES
        g = 4 * f
        return cls(
            block[:f],
            block[f : 2 * f],
            block[2 * f : 3 * f],
            block[3 * f : g],
            block[g : g + 2],
            block[g + 2],
            block[g + 3],
            block[g + 4 :],
        )

    def block(self) -> F8:
        """Return it as one array."""
        return np.concatenate(
            [self.support, self.top, self.peak, self.reach, self.impact, self.since[None], self.waits[None], self.echo]
        )


def evidence(z: F8, alike: F8 | float = 0.0, *, most: float = MOST) -> F8:
    """
    Return g(z), NaN where z is NaN.

    alike  how far windows in a row are alike by themselves, as drift
    most   distance from which on a window is no more evidence
    """
    g = np.maximum(np.minimum(z, _SLOW_CAP) - _SLOW_DRIFT - alike, np.minimum(z, most) - _FAST_DRIFT)
    return np.maximum(g, _LEAST)


def bars(before: Suspicion, height: F8, weight: F8, early: F8, often: Mask) -> F8:
    """
    Return the bar of every family and statement.

    height  the server's, of every family (calibration.py)
    weight  windows for which a family has been known of a statement: the fewer, the higher
    early   how much higher they are while the server itself is hardly known (young)
    often   statements that run often, and are known well
    """
    lowest = height * np.where(COST, np.where(often, EASY, 1.0 - EASED * (2.0 - early)), 1.0)
    raised = np.clip(PEAK_MARGIN * before.peak, lowest, MOST_RAISED * height)
    return np.asarray(raised * np.maximum(stricter(weight), early))


def stricter(weight: F8) -> F8:
    """Return by how much bars are higher for statements that have been known for so few windows."""
    return np.asarray(1.0 + np.where(PATIENT, COLD_WINDOWS / (COLD_WINDOWS + weight), 0.0))


def reached(before: Suspicion, support: F8, wanted: F8, weight: F8, often: Mask, matters: Mask) -> F8:
    """
    Return the height of the server's bar at which the excursion of every family would just have been told.

    support  after the window
    wanted   times the bar that it takes of what just matters
    matters  what is in excess is worth a message: where it never was so, and where an excursion never was larger than
             the statement's own of the last days, no bar would have told it
    """
    reach = np.where(support > 0, before.reach, 0.0)
    some = np.nonzero(matters & (support > 0))
    family, column = some
    known = 1.0 + np.where(PATIENT[family, 0], COLD_WINDOWS / (COLD_WINDOWS + weight[some]), 0.0)
    usual = BAR * np.where(COST[family, 0], np.where(often[column], EASY, 1.0 - EASED), 1.0) * known
    worth = support[some] / wanted[some]
    news = worth >= PEAK_MARGIN * before.peak[some] * known
    reach[some] = np.maximum(reach[some], np.where(news, worth / usual, 0.0))
    return reach


def advanced(before: Suspicion, g: F8, calm: Mask, bar: F8) -> tuple[F8, F8]:
    """
    Return support and top after a window whose increments are *g*; NaN leaves a support as it is.

    calm  families in which the window was well: what was open there is on its way out
    """
    leaving = (before.top >= bar) & calm
    step = np.where(leaving, -CALM_STEP * bar, np.where(np.isnan(g), 0.0, g))
    support = np.clip(before.support + step, 0.0, CAP * bar)
    support = np.where(leaving & (support < CLOSED * bar), 0.0, support)
    top = np.where(support > 0, np.maximum(before.top, support), 0.0)
    return support, top


def young(windows: int, day_windows: float) -> F8:
    """Return by how much the bars of all families are higher on a server watched for so many *windows*."""
    return np.where(PATIENT, 1.0 + 2.0 ** (-windows / (YOUNG_DAYS * day_windows)), 1.0)


def passed(before: Suspicion, after: Suspicion, weight: F8, early: F8) -> F8:
    """
    Return the peaks after a window: an excursion that ended by itself is remembered, told or not.

    What comes and goes is no news the next time unless it is larger or lasts longer; time and work, of which either may
    be seen first, are remembered together. *weight* and *early* as for bars: they must not raise a bar twice.
    """
    ended = (before.top > 0) & (after.top == 0) & ((before.since <= SHORT_WINDOWS) | (before.reach < 1.0))
    excursion = np.where(ended, before.top / np.maximum(stricter(weight), early), 0.0)
    excursion[COSTLY] = excursion[COSTLY].max(axis=0)
    return np.maximum(before.peak, excursion)
