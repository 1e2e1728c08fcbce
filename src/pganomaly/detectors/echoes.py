"""
Windows in a row that are alike: what wanders slowly stays away for long, and that is no evidence.

Of n windows whose neighbours are correlated by rho, the sum varies as that of n (1 + rho) / (1 - rho) independent ones
does. So a sustained change must be larger before it adds evidence, by atanh(rho) = ln((1 + rho) / (1 - rho)) / 2.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors.supports import COSTLY
from pganomaly.records.grid import F8

CLIP = 3.0
"""Deviations that one window counts at most."""
MOST = 0.95
BELIEVED_WINDOWS = 50.0
"""Windows that the belief is worth that they are not alike: the first ones after a change would say they are."""
_PRIOR_WINDOWS, _MOST_WINDOWS = 20.0, 1000.0
_PRIOR_SQUARE = 0.1


class Echo(NamedTuple):
    """
    What is remembered of the distances of time and of work, [families, statements] each.

    last     in the last window in which the statement ran
    mean     of all
    square   mean of their squares
    product  mean of the products of neighbours
    """

    last: F8
    mean: F8
    square: F8
    product: F8

    @classmethod
    def of(cls, block: F8) -> "Echo":
        """Return a view of an array of rows."""
        return cls(*block.reshape(len(cls._fields), len(COSTLY), -1))


def drift(echo: Echo, windows: F8) -> F8:
    """Return by how much a sustained distance must be larger before it is evidence, of who ran in so many *windows*."""
    m2 = np.square(echo.mean)
    rho = (echo.product - m2) / (echo.square - m2 + _PRIOR_SQUARE) * (windows / (windows + BELIEVED_WINDOWS))
    return np.asarray(np.arctanh(np.clip(rho, 0.0, MOST)))


def learned(echo: Echo, z: F8, windows: F8, free: NDArray[np.bool_]) -> F8:
    """Return the rows after a window with distances *z*, learned of those that are *free*."""
    told = np.isfinite(z)
    now = np.clip(z, -CLIP, CLIP)
    gain = np.where(told & free, 1.0 / (_PRIOR_WINDOWS + np.minimum(windows, _MOST_WINDOWS)), 0.0)
    now = np.where(told, now, echo.last)
    after = Echo(
        now,
        echo.mean + gain * (now - echo.mean),
        echo.square + gain * (now * now - echo.square),
        echo.product + gain * (now * echo.last - echo.product),
    )
    return np.concatenate(after)
