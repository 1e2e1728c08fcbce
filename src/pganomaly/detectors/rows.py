"""What the forest sees of a statement in a window: one row of numbers, always the same ones in the same order."""

import numpy as np

from pganomaly.catalog import FEATURES, LEXICAL_FEATURES
from pganomaly.records import Matrix
from pganomaly.records.grid import F8

_NOT_OF_THE_STATEMENT = frozenset({"window_len_sec"})
"""
The length of a window is the same in every row of it. A tick that came late would make all statements odd at once, and
where all windows have nearly one length, the forest would split on the jitter. Rates already account for the length.
"""

ALL_FEATURES: tuple[str, ...] = (
    *(f.name for f in FEATURES if f.name not in _NOT_OF_THE_STATEMENT),
    *LEXICAL_FEATURES,
)
"""The columns of a row: what a statement did, then what its text looks like."""


def columns(matrix: Matrix) -> F8:
    """Return one row per name in ALL_FEATURES, one column per statement of *matrix*; NaN is "not known"."""
    grids = (matrix.features, matrix.lexical)
    place = {name: grid.values[row] for grid in grids for row, name in enumerate(grid.names)}
    return np.array([place[name] for name in ALL_FEATURES]).reshape(len(ALL_FEATURES), len(matrix))


def of(matrix: Matrix) -> F8:
    """Return the same as scikit-learn wants it: one row per statement, one column per name."""
    return columns(matrix).T
