"""Single trials, added up by size of the change and by share of DB time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import F8
from pganomaly.selftest.changes import SIZES
from pganomaly.selftest.crowd import Crowd
from pganomaly.selftest.result import SHARES, Cell


class Trials(NamedTuple):
    """Copies that became so many times slower at one moment, and the windows until that was found; NaN: it was not."""

    copies: NDArray[np.intp]
    sizes: F8
    delay: F8


def tallied(trials: Sequence[Trials], crowd: Crowd, share: F8) -> tuple[Cell, ...]:
    """Return the cells of all *trials*; *share* is that of each copy's original."""
    if not trials:
        return ()
    copies = np.concatenate([t.copies for t in trials])
    delay = np.concatenate([t.delay for t in trials])
    near = nearest(share)[copies]
    whose = np.unique(crowd.originals, return_inverse=True)[1][copies]
    return tuple(_cells(np.concatenate([t.sizes for t in trials]), near, delay, whose))


def nearest(share: F8) -> F8:
    """Return the one of SHARES that is nearest to each share, on a logarithmic scale."""
    far = np.abs(np.log(np.maximum(share, 1e-9))[:, None] - np.log(SHARES))
    return np.asarray(np.array(SHARES)[far.argmin(axis=1)])


def _cells(size: F8, near: F8, delay: F8, whose: NDArray[np.intp]) -> Iterator[Cell]:
    for share in (None, *SHARES):
        for times in SIZES:
            which = (size == times) & (True if share is None else near == share)
            if not which.any():
                continue
            found = delay[which & np.isfinite(delay)]
            yield Cell(
                size=times,
                share=share,
                tried=int(which.sum()),
                statements=len(np.unique(whose[which])),
                found=len(found),
                delay=float(np.quantile(found, 0.5, method="higher")) if len(found) else None,
                late_delay=float(np.quantile(found, 0.9, method="higher")) if len(found) else None,
            )
