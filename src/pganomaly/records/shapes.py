"""Many Shapes side by side, for the rooms that think in columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import F8, Features
from pganomaly.records.keys import KEY, Key, KeyArray, keys_of, locate
from pganomaly.records.shape import Lexical, Shape

_SPARE = 1024
"""Texts that may be remembered beyond twice those of the statements that the server has now."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """
    What is known of texts: by key one at a time, and as columns in the order of *keys*.

    lexical  one row per field of Lexical
    system   what neither trains nor alerts
    """

    by_key: Mapping[Key, Shape] = field(default_factory=dict)
    keys: KeyArray = field(default_factory=lambda: np.empty(0, KEY))
    lexical: F8 = field(default_factory=lambda: np.empty((len(Lexical._fields), 0)))
    system: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    def __or__(self, new: Mapping[Key, Shape]) -> Self:
        """Return these shapes and the *new* ones, which win."""
        if not new:
            return self
        keys, lexical, system = _columns(new)
        old = self if new.keys().isdisjoint(self.by_key) else self._where(locate(self.keys, keys) < 0)
        return type(self)(
            {**self.by_key, **new},
            np.concatenate([old.keys, keys]),
            np.hstack([old.lexical, lexical]),
            np.concatenate([old.system, system]),
        )

    def shrunk(self, there: KeyArray) -> Self:
        """Return those of the statements that are *there*, once the others outnumber them: evicted ones add up."""
        if len(self.keys) <= 2 * len(there) + _SPARE:
            return self
        return self._where(locate(self.keys, there) >= 0)

    def _where(self, which: NDArray[np.bool_]) -> Self:
        keys = self.keys[which]
        kept = {key: self.by_key[key] for key in (Key(*row) for row in keys.tolist())}
        return type(self)(kept, keys, self.lexical[:, which], self.system[which])

    def of(self, keys: KeyArray) -> tuple[Features, NDArray[np.bool_]]:
        """Return lexical features (NaN where no text is known) and the system mask for some statements."""
        place = locate(keys, self.keys)
        unknown = np.flatnonzero(place < 0)
        if len(unknown) == len(keys):
            nothing = np.full((len(Lexical._fields), len(keys)), np.nan)
            return Features(Lexical._fields, nothing), np.zeros(len(keys), np.bool_)
        lexical, system = self.lexical.take(place, axis=1), self.system.take(place)
        lexical[:, unknown], system[unknown] = np.nan, False
        return Features(Lexical._fields, lexical), system


def _columns(shapes: Mapping[Key, Shape]) -> tuple[KeyArray, F8, NDArray[np.bool_]]:
    return (
        keys_of(shapes),
        np.array([shape.lexical for shape in shapes.values()], dtype=np.float64).T.copy(),
        np.array([shape.is_system or shape.is_own for shape in shapes.values()], dtype=np.bool_),
    )
