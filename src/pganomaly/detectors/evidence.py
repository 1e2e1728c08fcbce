"""
From distances to evidence: what a window adds to the suspicion against every statement, family by family.

in    what a window says of some statements (Increments), what is in excess (gates.py), and what was suspected of them
out   their suspicion after the window, whether it is an alarm, what it costs the server
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import echoes, gates, supports
from pganomaly.detectors.supports import FAMILIES, Suspicion
from pganomaly.detectors.verdicts import SILENCE, TRAFFIC, WORKING
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]

OF_WORK: Mask = (np.arange(FAMILIES) == WORKING)[:, None]
OF_CALLS: Mask = np.isin(np.arange(FAMILIES), [TRAFFIC, SILENCE])[:, None]


class Increments(NamedTuple):
    """Evidence per family and statement, in points, NaN where a window says nothing; and whether it was well there."""

    g: F8
    calm: Mask

    @classmethod
    def nothing(cls, n: int) -> "Increments":
        """Return what a window that says nothing adds."""
        return cls(np.full((FAMILIES, n), np.nan), np.zeros((FAMILIES, n), dtype=np.bool_))

    def of_distance(self, family: int, z: F8, alike: F8 | float = 0.0) -> None:
        """Set the evidence of a family from distances; *alike* is what supports.evidence() calls so."""
        most = supports.MOST_OF_COST if family in supports.COSTLY else supports.MOST
        self.g[family] = supports.evidence(z, alike, most=most)
        self.calm[family] = z < supports.CALM_Z

    def of_ratio(self, family: int, g: F8) -> None:
        """Set the evidence of a family as it is."""
        self.g[family] = g
        self.calm[family] = g <= 0


def of_costs(increments: Increments, z: F8, before: Suspicion, windows: F8, height: F8) -> Suspicion:
    """
    Set, in place, the evidence of distances of time and of work, and return the suspicion with their echo learned.

    z        [time and work, statements]
    windows  in which each statement ran
    """
    echo = echoes.Echo.of(before.echo)
    for family, far, alike in zip(supports.COSTLY, z, echoes.drift(echo, windows), strict=True):
        increments.of_distance(family, far, alike)
    alarm = (before.top >= height)[supports.COSTLY]
    return before._replace(echo=echoes.learned(echo, z, windows, ~alarm))


class Outcome(NamedTuple):
    """
    What a window means for some statements.

    suspicion  after it, to be remembered
    strength   largest support in multiples of its bar; 1 and more is an alarm where it matters
    family     of the largest
    alarm      enough evidence of something that matters
    still      an alarm that was raised is not over
    shows      and this very window shows it
    passed     of each family, the largest reach of excursions that ended in this window by themselves
    """

    suspicion: Suspicion
    strength: F8
    family: NDArray[np.int8]
    alarm: Mask
    still: Mask
    shows: Mask
    passed: F8


def weighed(
    before: Suspicion,
    increments: Increments,
    cost: F8,
    calls: F8,
    *,
    height: F8,
    early: F8,
    weight: tuple[F8, F8],
    often: Mask,
    judged: Mask,
    cold: Mask,
) -> Outcome:
    """
    Return what the *increments* of a window mean.

    cost, calls  impact of what calls cost, and of their number; NaN where the window does not tell
    weight       windows in which a statement ran, and windows since it was first seen
    often        who runs often and is known well
    judged       what may be anybody's news
    cold         who suffers most from a cold cache: of these the evidence of all is enough
    """
    now = np.vstack([cost, calls])
    impact = np.where(np.isnan(now), before.impact, gates.smoothed(before.impact, now))
    felt = np.fmax(impact, now / 2)
    of_family = np.where(OF_CALLS, felt[1], felt[0])
    known = np.where(OF_CALLS, weight[1], weight[0])
    bar = supports.bars(before, height, known, early, often)
    # Nothing adds up against who is nobody's news: it would become some as soon as it does not run.
    g = np.where(judged, increments.g, np.nan)
    support, top = supports.advanced(before, g, increments.calm, bar)
    shared = OF_WORK & cold & judged
    support, top = (np.where(shared, np.maximum(x, supports.CAP * bar), x) for x in (support, top))
    relative = support / bar
    wanted = gates.strictness(of_family)
    matters = (of_family >= 1.0) & judged
    alarms = ((relative >= wanted) & matters) | shared
    open_still = (support > 0) & (top >= bar)
    shows = np.asarray(((open_still & ~increments.calm & (g > 0)) | shared).any(axis=0))
    family = np.argmax(np.where(alarms, relative + FAMILIES, relative), axis=0).astype(np.int8)
    suspected = (relative >= supports.SUSPICIOUS).any(axis=0)
    since = np.where(suspected, before.since + 1, 0.0)
    reach = supports.reached(before, support, wanted, known, often, matters)
    after = Suspicion(support, top, before.peak, reach, impact, since, before.waits, before.echo)
    alarm = np.asarray(alarms.any(axis=0))
    ended = (before.top > 0) & (top == 0) & ((before.since <= supports.SHORT_WINDOWS) | (before.top < bar))
    passed = np.max(before.reach, axis=1, where=ended, initial=0.0)
    return Outcome(after, relative.max(axis=0), family, alarm, np.asarray(open_still.any(axis=0)), shows, passed)
