"""
Copies of statements: they do what their originals do, under names of their own, and nobody else notices.

A copy is nested (its key says toplevel = false), and nested statements count neither in the server's totals nor in what
all statements share: hundreds of them can be tried at once, each on its own.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pganomaly.records import KEY, Counters, Deltas, Key, KeyArray, Shape, Shapes, Window, locate


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Copies, and whose they are."""

    keys: KeyArray
    originals: KeyArray

    @classmethod
    def of(cls, statements: KeyArray, times: int, rng: Generator) -> Self:
        """Return so many copies of each of the *statements*."""
        originals = np.repeat(statements, times).astype(KEY)
        keys = originals.copy()
        keys["queryid"] = _new(len(keys), rng)
        keys["toplevel"] = False
        return cls(keys, originals)

    def __len__(self) -> int:
        """Return the number of copies."""
        return len(self.keys)

    def shapes(self, shapes: Shapes) -> Shapes:
        """Return *shapes* and those of the copies."""
        known: dict[Key, Shape] = {}
        for copy, original in zip(self.keys.tolist(), self.originals.tolist(), strict=True):
            shape = shapes.by_key.get(Key(*original))
            if shape is not None:
                known[Key(*copy)] = shape
        return shapes | known

    def joining(self, window: Window) -> Window:
        """Return *window* with the copies of those that ran in it."""
        place = locate(self.originals, window.keys)
        ran = place >= 0
        columns = np.concatenate([np.arange(len(window)), place[ran]])
        return replace(
            window,
            keys=np.concatenate([window.keys, self.keys[ran]]),
            deltas=Deltas(window.deltas.names, window.deltas.values[:, columns]),
            before=Counters(window.before.names, window.before.values[:, columns]),
            doubtful=window.doubtful[columns],
        )


def _new(count: int, rng: Generator) -> NDArray[np.int64]:
    """Return numbers that no statement has (but for a chance of one in 10^15)."""
    numbers = np.unique(rng.integers(np.iinfo(np.int64).min, np.iinfo(np.int64).max, 2 * count))
    return rng.permutation(numbers)[:count]
