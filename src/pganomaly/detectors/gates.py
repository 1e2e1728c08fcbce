"""
What does not matter to the server is nobody's news.

A change matters when what is in excess is at least 0.3 % of the server's DB time and 0.5 ms per second, or 5 % of what
the whole server does of some work: rows, blocks, reads, temporary files, write-ahead log, calls. The *impact* is the
excess in multiples of that: 1 just matters. More calls must be three times as much, missing ones only 5 a window and
0.03 % of all calls. Near 1 more evidence is wanted: the bar falls from 1.5 times its height at an impact of 1 to its
height at 10, with the logarithm of the impact.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors.channels import BLOCKS, EXEC, READS, ROWS, TEMP, WAL
from pganomaly.detectors.rules import Gate
from pganomaly.records import Window
from pganomaly.records.grid import F8

WORK_SHARE = 0.05
"""Share of all work of one sort on the server that matters."""
RESOURCES = (ROWS, BLOCKS, READS, TEMP, WAL)
LEAST_PER_S: F8 = np.array([50.0, 250.0, 5.0, 10.0, 10_000.0, 1.0])
"""Rows, blocks touched, blocks read, temporary blocks, bytes of log and calls per second below which a share means
nothing: each is worth about a tenth of a millisecond of a server per second."""
FELT_Z = 1.5
"""Distance from which on a channel counts as being in excess at all."""
CALLS_STRICTER = 3.0
"""Calls come and go: times more of them must be in excess than of what they cost."""
MISSED_CALLS, MISSED_SHARE = 5.0, 0.0003
"""Calls per window that are missed, whatever they cost, and the share of the server's calls that they must be."""
FULL_IMPACT = 10.0
_GAIN = 0.3


class Totals(NamedTuple):
    """What the whole server did in a window: ms of DB time, and the amount of each resource, calls last."""

    exec_ms: float
    resources: F8


class Impact(NamedTuple):
    """
    What is in excess of the usual.

    cost, calls       in multiples of what matters: of what calls cost, and of their number
    excess_ms         execution time of the window beyond the usual
    demand            shares of the server's time and work that are in excess, added up: whose fault it is
    """

    cost: F8
    calls: F8
    excess_ms: F8
    demand: F8


def totals(window: Window, value: F8) -> Totals:
    """Return what toplevel statements did: nested ones repeat their parents' work."""
    top = window.keys["toplevel"]
    calls = window.deltas["calls"]
    amounts = np.vstack([np.fmax(value[list(RESOURCES)], 0.0) * calls, calls])
    return Totals(float(window.deltas["total_exec_time"][top].sum()), amounts[:, top].sum(axis=1))


def of_costs(window: Window, value: F8, usual: F8, z: F8, server: Totals, gate: Gate) -> Impact:
    """Return what dearer calls cost the server."""
    calls, length_s = window.deltas["calls"], window.length_s
    rows = list(RESOURCES)
    excess_ms = np.fmax(calls * (value[EXEC] - usual[EXEC]), 0.0) * (z[EXEC] > FELT_Z)
    more = np.fmax(calls * (value[rows] - usual[rows]), 0.0) * (z[rows] > FELT_Z)
    shares = more / _enough(server.resources[:-1], LEAST_PER_S[:-1], length_s)[:, None]
    share = share_of(excess_ms, server.exec_ms)
    time = of_time(share, excess_ms / length_s, gate)
    return Impact(
        np.maximum(time, shares.max(axis=0) / WORK_SHARE),
        np.zeros_like(time),
        excess_ms,
        share + shares.sum(axis=0) / 4,
    )


def of_calls(
    excess_calls: F8,
    ms_per_call: F8,
    rows_per_call: F8,
    length_s: float,
    server: Totals,
    gate: Gate,
    *,
    missing: NDArray[np.bool_],
) -> Impact:
    """Return what calls beyond the expected cost the server; or *missing* ones, which matter by being missed."""
    more = np.fmax(excess_calls, 0.0)
    excess_ms = more * np.fmax(ms_per_call, 0.0)
    share = share_of(excess_ms, server.exec_ms)
    of_all = more / _enough(server.resources[-1:], LEAST_PER_S[-1:], length_s)
    rows = more * np.fmax(rows_per_call, 0.0) / _enough(server.resources[:1], LEAST_PER_S[:1], length_s)
    time = of_time(share, excess_ms / length_s, gate)
    impact = np.maximum(time, np.maximum(of_all, rows) / WORK_SHARE)
    noticed = max(MISSED_CALLS, MISSED_SHARE * float(server.resources[-1]))
    impact = np.where(missing, np.maximum(impact, more / noticed), impact / CALLS_STRICTER)
    return Impact(np.zeros_like(impact), impact, excess_ms, share + of_all / 4)


def of_time(share: F8, ms_per_s: F8, gate: Gate) -> F8:
    """Return the impact of excess time; 0 below what is worth a message at all."""
    of_share = share / gate.min_share if gate.min_share > 0 else np.full_like(share, FULL_IMPACT)
    return np.where(ms_per_s >= gate.min_ms_per_s, of_share, 0.0)


def smoothed(before: F8, now: F8) -> F8:
    """Return the impact of the last windows."""
    return before + _GAIN * (np.minimum(now, 3 * FULL_IMPACT) - before)


def strictness(impact: F8) -> F8:
    """Return by how much the bar is higher: 1.5 where something just matters, 1 from ten times that on."""
    return np.asarray(1.0 + 0.5 * np.clip(1.0 - np.log10(np.maximum(impact, 1e-3)) / np.log10(FULL_IMPACT), 0.0, 1.0))


def share_of(excess_ms: F8, total_ms: float) -> F8:
    """Return *excess_ms* as a share of the server's DB time."""
    return np.asarray(np.minimum(excess_ms / total_ms, 1.0) if total_ms > 0 else np.zeros_like(excess_ms))


def _enough(amount: F8, least_per_s: F8, length_s: float) -> F8:
    return np.maximum(amount, least_per_s * length_s / WORK_SHARE)
