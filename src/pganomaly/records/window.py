"""What happened between two neighbouring snapshots of one server."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import Counters, Deltas, Features
from pganomaly.records.keys import KeyArray


class Quality(StrEnum):
    """
    How far a window's numbers may be trusted.

    OK is judged in full; GAP keeps its true deltas, and rates are judged but latency is not, except that of statements
    never seen before; the others are not judged.
    """

    OK = "ok"
    GAP = "gap"
    RESET = "reset"
    CLOCK = "clock"
    RESTARTED = "restarted"
    FAILED_OVER = "failed_over"

    @property
    def silent(self) -> bool:
        """Whether nothing at all may be judged from such a window."""
        return self not in (Quality.OK, Quality.GAP)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """
    The statements that ran between two snapshots, and only their own work.

    start, end  the watched server's clock, never going back from window to window
    length_s    elapsed seconds
    keys        the statements with at least one call
    deltas      what each did; counters of the catalogue and exec_m2
    before      the cumulative counters of the entry when the window began: 0 for a new entry, NaN where not known
    doubtful    true where the entry may have been thrown out and have come back within the window, unseen: then the
                truth lies between deltas and before + deltas
    """

    start: datetime
    end: datetime
    length_s: float
    quality: Quality
    keys: KeyArray
    deltas: Deltas
    before: Counters
    doubtful: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of statements that ran."""
        return len(self.keys)


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """
    The features of one window, a column per statement that ran.

    lexical is what the text looks like (NaN where no text is known); system marks what neither trains nor alerts.
    """

    window: Window
    features: Features
    lexical: Features
    system: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of statements that ran."""
        return len(self.window)
