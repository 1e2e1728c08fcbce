"""Named rows of numbers, one column per statement: the one shape in which counters, deltas and features travel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """
    Rows by name, columns by statement; NaN is "not known", never 0.

    names   one per row
    values  float64 of shape [len(names), statements]; whole numbers are exact below 2**53
    """

    names: tuple[str, ...]
    values: F8

    def __getitem__(self, name: str) -> F8:
        """Return the row called *name*: a view, one number per statement."""
        row: F8 = self.values[self.names.index(name)]
        return row

    def __len__(self) -> int:
        """Return the number of statements."""
        return int(self.values.shape[1])

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Return the same rows for some of the statements, by position or by mask."""
        return type(self)(self.names, self.values[:, which])

    @classmethod
    def of(cls, rows: Mapping[str, F8]) -> Self:
        """Return a grid made of named rows of equal length."""
        return cls(tuple(rows), np.array(list(rows.values()), dtype=np.float64).reshape(len(rows), -1))


class Counters(Grid):
    """Cumulative counters, as PostgreSQL holds them since an entry began. Never to be compared between servers."""


class Deltas(Grid):
    """What happened within one window: the difference of two Counters of the same entry."""


class Features(Grid):
    """Deltas made comparable between windows of different length: per call, per second, ratios."""
