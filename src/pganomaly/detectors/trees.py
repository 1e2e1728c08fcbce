"""
Isolation trees as plain arrays, walked by all rows through all trees at once.

Liu, Ting and Zhou, "Isolation Forest" (2008): a row that few random cuts set apart is odd. Every tree is stored as if
it were complete: node i has the children 2i + 1 and 2i + 2, and a leaf above the ground repeats itself, its cuts
sending everything left. So a step down is arithmetic, and eight steps serve a million (row, tree) pairs.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import F8

F4 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_PAIRS_AT_ONCE = 40_000
"""(row, tree) pairs walked together: as many as leave the working arrays in the processor's cache (measured)."""
_FEWER = 0.7
"""Share of the rows below which those that are left are gathered anew."""
_TOP_LEVELS = 4
"""Levels with so few nodes that it is cheaper to compare every row at each of them than to look up where it stands."""
_ROUNDING = 1e-9
"""What a sum may be off, relative."""
_PAIR = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """
    A forest of trees of one depth d.

    feature  [trees, 2**d - 1]  the column that a node looks at
    cut      [trees, 2**d - 1]  a value above it goes right; inf where everything goes left
    path     [trees, 2**d]      cuts that set apart a row which ends here, expected further ones included
    """

    feature: NDArray[np.int16]
    cut: F4
    path: F8

    def __len__(self) -> int:
        """Return the number of trees."""
        return len(self.path)

    @classmethod
    def none(cls) -> Self:
        """Return a forest without a tree."""
        return cls(np.zeros((0, 0), np.int16), np.zeros((0, 0), np.float32), np.zeros((0, 1)))

    def path_lengths(self, columns: F4, *, limit: float = np.inf, wanted: Mask | None = None) -> F8:
        """
        Return, for every row of *columns* (float32 [features, rows], no NaN), its path summed over all trees.

        With a *limit* only of the rows whose path is no longer than that, and of those *wanted* anyway; NaN of others.
        A row is left where even the shortest paths of all further trees would take it beyond: most rows lie deep in
        most trees, and a fifth of the trees show it.
        """
        shortest, longest = self.path.min(axis=1), self.path.max(axis=1)
        order = np.argsort(shortest - longest, kind="stable")  # those first that tell most
        rest = np.append(np.cumsum(shortest[order][::-1])[::-1], 0.0)
        bound = limit + _ROUNDING * abs(limit)
        row, total = np.arange(columns.shape[1]), np.zeros(columns.shape[1])
        lengths = np.full(len(row), np.nan)
        first = 0
        while first < len(self) and len(row):
            some = order[first : first + max(1, _PAIRS_AT_ONCE // len(row))]
            leaf = _descend(self.feature[some], self.cut[some], columns)
            for path in np.take(self.path[some], leaf, mode="clip"):
                total += path  # tree by tree: whoever keeps a row company, its sum is the same to the last bit
            first += len(some)
            near = total + rest[first] <= bound
            if wanted is not None:
                near |= wanted[row]
            if near.mean() < _FEWER or first == len(self):
                row, total, columns = row[near], total[near], np.ascontiguousarray(columns[:, near])
        lengths[row] = total
        return lengths


def _descend(feature: NDArray[np.int16], cut: F4, columns: F4) -> NDArray[np.intp]:
    """Return where every row ends in every tree: positions in the flattened leaves, [trees, rows]."""
    trees, rows = len(feature), columns.shape[1]
    row, depth = np.arange(rows), _depth(feature)
    top = min(_TOP_LEVELS, depth)
    at = _descend_top(feature, cut, columns, top).astype(np.intp)
    at += np.arange(trees)[:, np.newaxis] << top
    # Buffers used again at every level, and mode="clip", which spares a check of indices that cannot be wrong.
    place, right = np.empty_like(at), np.empty(at.shape, bool)
    value, limit = np.empty(at.shape, np.float32), np.empty(at.shape, np.float32)
    for level in range(top, depth):
        nodes = slice(2**level - 1, 2 ** (level + 1) - 1)
        np.take(feature[:, nodes].astype(np.intp) * rows, at, out=place, mode="clip")
        place += row
        np.take(columns, place, out=value, mode="clip")
        np.take(cut[:, nodes], at, out=limit, mode="clip")
        np.greater(value, limit, out=right)
        at += at
        at += right
    return at


def _descend_top(feature: NDArray[np.int16], cut: F4, columns: F4, levels: int) -> NDArray[np.uint8]:
    """Return the node that every row comes to in every tree, counted from the left: a tournament of comparisons."""
    shape = (2**levels - 1, len(feature), columns.shape[1])
    right = np.empty(shape, bool)
    for node, comparison in enumerate(right):
        np.greater(columns[feature[:, node]], cut[:, node, np.newaxis], out=comparison)
    at, steps = np.zeros(shape[1:], np.uint8), list[Mask]()
    for level in range(levels):
        nodes = right[2**level - 1 : 2 ** (level + 1) - 1]
        for step in steps:  # each leaves, in place, the half of the nodes that lies on its side
            left, other = nodes[: len(nodes) // 2], nodes[len(nodes) // 2 :]
            other ^= left
            other &= step
            left ^= other
            nodes = left
        steps.append(nodes[0])
        at += at
        at += nodes[0]
    return at


def _depth(feature: NDArray[np.int16]) -> int:
    return int(feature.shape[1] + 1).bit_length() - 1


def expected_path(rows: NDArray[np.integer] | int) -> F8:
    """Return how many cuts it takes on average to set apart one of *rows* rows (Liu et al., equation 1)."""
    n = np.asarray(rows, dtype=np.float64)
    many = np.maximum(n, 3.0)
    harmonic = np.log(many - 1.0) + np.euler_gamma
    return np.select([n <= 1.0, n <= _PAIR], [0.0, 1.0], 2.0 * harmonic - 2.0 * (many - 1.0) / many)
