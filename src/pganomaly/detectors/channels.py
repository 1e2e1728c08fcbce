"""
What is watched of a statement's calls, one line each: the feature, what of it is material, how much it wanders anyway.

A channel is a catalogue feature; its unit, formula and sentence stand there.
"""

from dataclasses import dataclass

import numpy as np

from pganomaly.catalog import feature
from pganomaly.records import Matrix, Window
from pganomaly.records.grid import F8


@dataclass(frozen=True, slots=True)
class Channel:
    """
    One cost of a call.

    feature        name in the catalogue
    material       amount per call that begins to matter, in the feature's unit: added on both sides of every ratio
    per_block      the same as a share of the blocks that a call usually touches
    floor          how far the feature wanders on any server, times 10 %: no spread is believed to be smaller
    is_work        whether it counts work done (and more of it troubles), not time spent
    """

    feature: str
    material: float
    per_block: float = 0.0
    floor: float = 1.0
    is_work: bool = False


CHANNELS: tuple[Channel, ...] = (
    Channel("exec_time_per_call_ms", 0.05),
    Channel("plan_ms_per_call", 0.05),
    Channel("rows_per_call", 1.0, is_work=True),
    Channel("blocks_per_call", 4.0, is_work=True),
    Channel("shared_read_per_call", 2.5, per_block=0.03, floor=2.5, is_work=True),
    Channel("temp_written_per_call", 9.0, floor=2.0, is_work=True),
    Channel("wal_net_bytes_per_call", 250.0, floor=1.5, is_work=True),
    Channel("dirtied_per_call", 1.3, per_block=0.03, floor=2.5, is_work=True),
    Channel("exec_ms_per_block", 0.05),
)
"""Design: what does not matter cannot be odd. The last one, time per unit of work, explains and does not judge."""

COSTS: tuple[str, ...] = tuple(c.feature for c in CHANNELS)
EXEC, PLAN, ROWS, BLOCKS, READS, TEMP, WAL, DIRTIED, PACE = range(len(CHANNELS))
TIMES = (EXEC, PLAN, PACE)
WORK = tuple(i for i, c in enumerate(CHANNELS) if c.is_work)

CALLS = "calls_per_sec"
"""The calls themselves are a channel too, and follow other laws (calls.py)."""

FLOOR: F8 = np.array([[0.1 * c.floor] for c in CHANNELS])
"""Smallest standard deviation of a residual, per channel."""

MATERIAL: F8 = np.array([[c.material] for c in CHANNELS])
"""Amount per call that begins to matter, per channel, where a call touches no blocks."""
_BY_BLOCKS = [i for i, c in enumerate(CHANNELS) if c.per_block]
_PER_BLOCK: F8 = np.array([[CHANNELS[i].per_block] for i in _BY_BLOCKS])


def amounts(matrix: Matrix) -> F8:
    """Return what a call cost in a window: a row per channel, a column per statement."""
    names = matrix.features.names
    rows: F8 = matrix.features.values[[names.index(name) for name in COSTS]]
    return rows


def amounts_of(window: Window) -> F8:
    """Return the same for a window whose features nobody has built, such as the whole life of an entry."""
    return np.array([feature(name).formula(window) for name in COSTS]).reshape(len(COSTS), len(window))


def material(usual: F8) -> F8:
    """Return the amount that matters per channel and statement, given what its calls *usual*ly cost."""
    blocks = np.fmax(usual[BLOCKS], 0.0)
    amount = np.repeat(MATERIAL, len(blocks), axis=1)
    amount[_BY_BLOCKS] += _PER_BLOCK * blocks
    # Time per piece of work is a time: what matters of it is what matters of a call's time, spread over its pieces.
    amount[PACE] /= 1.0 + blocks
    return amount
