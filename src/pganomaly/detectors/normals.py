"""
What is remembered of every statement: a column each, some 900 bytes, whatever its past was.

The arrays are never written to: learning copies them (4.6 MB at 5,000 statements, some milliseconds), so that a
baseline is a value and a tick that fails leaves the last one whole.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors.channels import CHANNELS
from pganomaly.detectors.spells import Spells
from pganomaly.detectors.supports import Suspicion
from pganomaly.records import KEY, KeyArray
from pganomaly.records.grid import F8

CAPACITY = 100_000
"""Most statements that are remembered; beyond, those unused for longest are forgotten (91 MB)."""
FIRST_TAU2 = 0.3**2
"""First guess: cost and number of calls differ by 30 % from window to window."""
FIRST_CV2 = 1.0
"""First guess: calls differ among themselves as waiting times do."""
FIRST_PHI = 2.0
"""First guess: calls come somewhat in bursts."""

_SEEN_OFTEN = 100
_DAYS_KEPT = (3.0, 14.0)


class Costs(NamedTuple):
    """
    What calls cost, [channels, statements] each.

    usual   the middle of the channel, in its unit; NaN where it was never seen
    tau2    variance of ln(value) between windows
    cv2     variance of one call over the square of its mean: a window of n calls adds cv2 / n
    weight  windows learned, each counted by what it told and faded with age; 0 is "no history"
    newest  ln(newest level / usual), a short memory: where a new normal would be
    """

    usual: F8
    tau2: F8
    cv2: F8
    weight: F8
    newest: F8


class Traffic(NamedTuple):
    """
    How often a statement is called, [statements] each.

    rate     calls per second
    tau2     variance of ln(calls) between windows
    phi      dispersion: variance over mean of the calls in a window, 1 if they come independently of each other
    weight   windows since it was first seen, faded with age
    regular  share of the last windows in which it ran at all
    peak     largest calm rate of the last days
    trough   smallest calm rate of the last days
    newest   ln(newest rate / usual rate)
    recent   calls per second of the last quiet windows
    busy     calls per second of the last few windows, whatever they were
    busiest  the largest of these in the last days
    crest    largest rate since calls were last no more than expected; 0 while they are
    going    windows for which calls have been many since the first of them; 0 while they are not
    lasted   windows of bursts that are over, each but its first;  ended  how many these were; both faded with age
    """

    rate: F8
    tau2: F8
    phi: F8
    weight: F8
    regular: F8
    peak: F8
    trough: F8
    newest: F8
    recent: F8
    busy: F8
    busiest: F8
    crest: F8
    going: F8
    lasted: F8
    ended: F8


class Life(NamedTuple):
    """
    Where a statement is in its life, [statements] each.

    windows    windows in which it ran
    last_seen  number of the last window in which it ran
    steady     windows in a row in which it stayed at its newest level
    since      number of the window in which it was first seen
    newborn    1 where it began while we watched, 0 where it had a life before
    spell ... early  for how long it runs and stays away (spells.py)
    """

    windows: F8
    last_seen: F8
    steady: F8
    since: F8
    newborn: F8
    spell: F8
    longest: F8
    gap: F8
    absent: F8
    times: F8
    soonest: F8
    early: F8

    @property
    def spells(self) -> Spells:
        """For how long it runs, and stays away."""
        return Spells(*self[-len(Spells._fields) :])


@dataclass(frozen=True, slots=True, eq=False)
class Normals:
    """
    All that is remembered. costs, traffic and life unpack into the tuples above: Costs(*normals.costs).

    suspicion unpacks by Suspicion.of (supports.py).
    """

    keys: KeyArray
    costs: F8
    traffic: F8
    life: F8
    suspicion: F8

    @classmethod
    def of(cls, keys: KeyArray) -> Self:
        """Return statements of which nothing is known yet."""
        shape = (len(Costs._fields), len(CHANNELS), len(keys))
        blank = cls(
            keys,
            np.zeros(shape),
            np.zeros((len(Traffic._fields), len(keys))),
            np.zeros((len(Life._fields), len(keys))),
            np.zeros((Suspicion.rows(), len(keys))),
        )
        costs, traffic = Costs(*blank.costs), Traffic(*blank.traffic)
        costs.usual[:], costs.tau2[:], costs.cv2[:] = np.nan, FIRST_TAU2, FIRST_CV2
        traffic.tau2[:], traffic.phi[:] = FIRST_TAU2, FIRST_PHI
        return blank

    @classmethod
    def empty(cls) -> Self:
        """Return no statement at all."""
        return cls.of(np.zeros(0, dtype=KEY))

    def __len__(self) -> int:
        """Return the number of statements."""
        return len(self.keys)

    def fits(self) -> bool:
        """Return whether the arrays are as this version remembers: what was saved by another may differ."""
        blank = self.of(self.keys)
        mine, theirs = ((n.costs.shape, n.traffic.shape, n.life.shape, n.suspicion.shape) for n in (self, blank))
        return self.keys.dtype == KEY and mine == theirs

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Return a copy of some of the statements."""
        blocks = (self.costs, self.traffic, self.life, self.suspicion)
        return type(self)(self.keys[which], *(block[..., which] for block in blocks))

    def with_new(self, keys: KeyArray) -> Self:
        """Return the same with further statements at the end."""
        if not len(keys):
            return self
        more = self.of(keys)
        return type(self)(
            np.concatenate([self.keys, more.keys]),
            np.concatenate([self.costs, more.costs], axis=2),
            np.concatenate([self.traffic, more.traffic], axis=1),
            np.concatenate([self.life, more.life], axis=1),
            np.concatenate([self.suspicion, more.suspicion], axis=1),
        )

    def without_forgotten(self, now: float, day_windows: float) -> Self:
        """Return those used lately: seldom seen ones stay for 3 days, others for 14, and never more than CAPACITY."""
        life = Life(*self.life)
        idle = now - life.last_seen
        days = np.where(life.windows < _SEEN_OFTEN, *_DAYS_KEPT)
        kept = idle <= days * day_windows
        if kept.sum() > CAPACITY:
            kept &= idle <= np.partition(idle[kept], CAPACITY - 1)[CAPACITY - 1]
        return self if kept.all() else self.take(kept)
