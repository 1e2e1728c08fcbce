"""What is done to a statement: each of its calls takes so many times longer."""

from dataclasses import replace

import numpy as np

from pganomaly.records import Deltas, Window
from pganomaly.records.grid import F8

SIZES = (1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Times slower."""


def slower(window: Window, times: F8) -> Window:
    """
    Return *window* with the calls of every statement *times* slower; 1 leaves one as it is.

    Its rows, blocks and calls stay as they are, so that nothing but the time gives it away. What the entry had counted
    before the window stays, too.
    """
    values = window.deltas.values.copy()
    rows = window.deltas.names
    values[rows.index("total_exec_time")] *= times
    values[rows.index("exec_m2")] *= np.square(times)
    return replace(window, deltas=Deltas(rows, values))
