"""Whose statements are stored but neither train nor alert: our own, and those of a cloud's platform."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.keys import KeyArray


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Roles and databases known by identity, never by what a text says."""

    roles: frozenset[int] = frozenset()
    databases: frozenset[int] = frozenset()

    def among(self, keys: KeyArray) -> NDArray[np.bool_]:
        """Return which statements are an outsider's."""
        return np.isin(keys["userid"], [*self.roles]) | np.isin(keys["dbid"], [*self.databases])
