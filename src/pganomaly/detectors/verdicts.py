"""
From distances to a verdict on every statement of a window: how odd, of what kind, and what it costs the server.

Only what troubles is odd: calls that take longer or work more, far more calls, calls that stay away. Never what gets
better.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors.calls import Expected
from pganomaly.detectors.channels import DIRTIED, EXEC, PLAN, WAL, WORK
from pganomaly.records import KINDS, IncidentKind
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]

BAR = 6.0
"""Standard deviations from which on a statement is odd."""
CALM = 4.0
"""Standard deviations below which it is well again."""
WRITER_BYTES = 50.0
"""Write-ahead log per call from which on a statement is one that writes: less is hint bits and pruning."""
SLACK = 0.7
"""Deviations of a channel that add nothing to the distance of all work."""
FELT = 3.0
"""Standard deviations that calls must be slower by before their excess time is an excess at all."""

LATENCY, WORKING, TRAFFIC, SILENCE, NEW_HEAVY, WAITING, HOST = (
    KINDS.index(k)
    for k in (
        IncidentKind.LATENCY,
        IncidentKind.WORK,
        IncidentKind.TRAFFIC,
        IncidentKind.SILENCE,
        IncidentKind.NEW_HEAVY,
        IncidentKind.WAITING,
        IncidentKind.HOST,
    )
)


_HINT_BITS: Mask = np.isin(WORK, (WAL, DIRTIED))[:, None]
"""Work that a statement which does not write does for others: what it dirties and logs are hint bits."""


class Trouble(NamedTuple):
    """One direction of trouble: how far (NaN: cannot say), its kind, and the milliseconds that it costs."""

    surprise: F8
    kind: NDArray[np.int8]
    excess_ms: F8


def of_costs(z: F8, value: F8, usual: F8, calls: F8, writes: Mask) -> Trouble:
    """Return the trouble with what calls cost: their time, or the work they do."""
    hint_bits = _HINT_BITS & ~writes
    work = np.where(hint_bits, np.nan, z[list(WORK)])
    working = np.fmax.reduce(work)
    timing = np.fmax(z[EXEC], z[PLAN])
    surprise = np.fmax(working, timing)
    by_work = (working > BAR) | (np.isfinite(working) & ~(timing >= working))
    felt = z[EXEC] >= FELT
    excess = np.where(felt, calls * (value[EXEC] - usual[EXEC]), 0.0)
    kind = np.where(by_work, WORKING, LATENCY).astype(np.int8)
    return Trouble(np.maximum(surprise, 0.0), kind, np.fmax(excess, 0.0))


def work_of(z: F8, writes: Mask) -> F8:
    """
    Return the distance of all work together: the root of the sum of squares of what is beyond 0.7, NaN without any.

    One channel counts nearly as it is, several that are a little odd at once count as one that is odder.
    """
    hint_bits = _HINT_BITS & ~writes
    work = np.where(hint_bits, np.nan, z[list(WORK)])
    beyond = np.sqrt(np.square(np.fmax(work - SLACK, 0.0)).sum(axis=0))
    most = np.fmax.reduce(work)
    return np.asarray(np.where(beyond > 0, beyond + SLACK, most))


def of_calls(what: Expected, calls: F8, ms_per_call: F8) -> Trouble:
    """Return the trouble with the number of calls: what too many take, or what missing ones would have taken."""
    z = what.z
    surprise = np.where(what.more, z, np.where(what.fewer, -z, np.where(np.isfinite(z), 0.0, np.nan)))
    kind = np.where(calls > 0, TRAFFIC, SILENCE).astype(np.int8)
    excess = np.abs(calls - what.calls) * np.fmax(ms_per_call, 0.0)
    return Trouble(np.maximum(surprise, 0.0), kind, np.where(what.more | what.fewer, excess, 0.0))


def worst(one: Trouble, other: Trouble) -> Trouble:
    """Return whichever trouble is the larger, statement by statement."""
    second = np.fmax(other.surprise, -1.0) > np.fmax(one.surprise, -1.0)
    return chosen(second, other, one)


def chosen(which: Mask, one: Trouble, other: Trouble) -> Trouble:
    """Return *one* trouble where *which* says so, the other elsewhere."""
    return Trouble(
        np.where(which, one.surprise, other.surprise),
        np.where(which, one.kind, other.kind),
        np.where(which, one.excess_ms, other.excess_ms),
    )
