"""Which windows a model learns from: nobody's system statements, no incident, and no statement more than its share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pganomaly.detectors import ALL_FEATURES
from pganomaly.records import Incident, KeyArray, keys_of
from pganomaly.training.settings import ModelSettings

PAST = timedelta(days=7)
"""A model learns from windows that are younger than this."""
MOST_ROWS = 500_000
"""No training takes more: each tree sees 256 rows, so more would sharpen the threshold alone."""
HALF_LIFE_DAYS = 3.0
"""Where a statement has more windows than it may contribute, one that is this much older is half as likely taken."""

Moments = NDArray[np.int64]
"""Microseconds since 1970."""
Mask = NDArray[np.bool_]

_US_PER_DAY = 86_400e6


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """
    Windows of statements as they were stored: whatever is at hand, in any order.

    names   of the columns of *values*; ALL_FEATURES are among them
    system  what neither trains nor alerts
    """

    keys: KeyArray
    window_end_us: Moments
    names: tuple[str, ...]
    values: NDArray[np.float32] | NDArray[np.float64]
    system: Mask

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.keys)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """What a model is trained on: rows of ALL_FEATURES, and whose they are. float32, as the store has most of them."""

    keys: KeyArray
    window_end_us: Moments
    X: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.keys)

    @property
    def statements(self) -> int:
        """The number of different queryids."""
        return len(np.unique(self.keys["queryid"]))

    @property
    def since(self) -> datetime:
        """The end of the first window."""
        return _moment(self.window_end_us.min())

    @property
    def until(self) -> datetime:
        """The end of the last window."""
        return _moment(self.window_end_us.max())


@dataclass(frozen=True, slots=True)
class NotEnough:
    """
    Why no model can be trained yet.

    rows        that could be trained on, after every statement was held to its most
    found       rows there were before that: business statements outside incidents
    statements  different queryids among them
    """

    rows: int
    found: int
    statements: int
    settings: ModelSettings


def prepare(
    sample: Sample, settings: ModelSettings, *, rng: Generator, incidents: Sequence[Incident] = ()
) -> TrainingSet | NotEnough:
    """
    Return what to train on, or what is missing.

    System statements and the windows of *incidents* are left out. A statement contributes max_samples_per_queryid rows
    at most, all of them MOST_ROWS; which ones is left to chance, recent ones being likelier.
    """
    usable = np.flatnonzero(~sample.system & ~inside(sample.keys, sample.window_end_us, incidents))
    queryids = sample.keys["queryid"][usable]
    lots = _lots(sample.window_end_us[usable], rng)
    kept = _smallest_of_each(queryids, lots, settings.max_samples_per_queryid)
    statements = len(np.unique(queryids))
    if len(kept) < settings.min_rows or statements < settings.min_queryids:
        return NotEnough(len(kept), len(usable), statements, settings)

    kept = kept[np.argsort(lots[kept], kind="stable")[:MOST_ROWS]]
    chosen = np.sort(usable[kept])
    columns = np.array([sample.names.index(name) for name in ALL_FEATURES])
    X = sample.values[np.ix_(chosen, columns)].astype(np.float32, copy=False)
    return TrainingSet(sample.keys[chosen], sample.window_end_us[chosen], X)


def inside(keys: KeyArray, window_end_us: Moments, incidents: Sequence[Incident]) -> Mask:
    """Return which windows of statements lie within one of the *incidents*, from its onset to its close."""
    within = np.zeros(len(keys), np.bool_)
    for incident in incidents:
        meant = window_end_us > _microseconds(incident.onset)
        if incident.closed_at is not None:
            meant &= window_end_us <= _microseconds(incident.closed_at)
        within |= meant & (keys == keys_of([incident.key])[0])
    return within


def _lots(window_end_us: Moments, rng: Generator) -> NDArray[np.float64]:
    """
    Draw a lot per row; the smallest win.

    Exponential lots divided by weights sample without replacement in proportion to them (Efraimidis, Spirakis 2006).
    """
    newest = window_end_us.max(initial=0)
    age_days = (newest - window_end_us) / _US_PER_DAY
    lots: NDArray[np.float64] = rng.exponential(size=len(window_end_us)) * 2.0 ** (age_days / HALF_LIFE_DAYS)
    return lots


def _smallest_of_each(group: NDArray[np.int64], lots: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Return the positions of the *most* smallest lots of every group."""
    order = np.lexsort((lots, group))
    ordered = group[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    rank = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order)))
    return order[rank < most]


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def _moment(us: np.int64) -> datetime:
    return datetime.fromtimestamp(int(us) / 1e6, UTC)
