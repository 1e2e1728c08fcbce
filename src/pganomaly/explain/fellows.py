"""
Whether statements that take about as long as the culprits, or longer, have become slower with them.

in    a window's scores, the members of an incident
out   the pace that these fellows share, a logarithm; NaN where there are too few of them
not   no opinion on causes

Who takes processors away from a server takes them from those that compute: a scheduler gives who sleeps most its turn
at once, so that short statements hardly suffer, and long ones suffer the more the longer they are. The middle of all
statements, most of which are short, does not show it.
"""

from collections.abc import Sequence
from math import log, nan

import numpy as np

from pganomaly.explain.sums import BLOCKS, EXEC, PACE, READS, TEMP
from pganomaly.records import Key, Matrix, Scores, keys_of, locate
from pganomaly.records.grid import F8

AS_LONG = 0.5
"""Share of a culprit's usual time from which on another one takes about as long."""
FEWEST = 4
"""Fellows, the culprits among them, from which on they can have something in common."""
WORK = (BLOCKS, READS, TEMP)
MORE_WORK = log(1.5)
"""Residual of work from which on a statement is slower for its own."""
_OWN_VARIANCE = 0.15


def of_fellows(scores: Scores, matrix: Matrix, members: Sequence[tuple[Key, float]]) -> dict[str, float]:
    """Return the middle of the fellows' pace; *members* are the culprits with their weights."""
    if not {EXEC, PACE, *WORK} <= set(scores.channels):
        return {"fellows": nan}
    usual_ms = _row(scores.usual, EXEC, scores)
    pace, spread = _row(scores.residual, PACE, scores), _row(scores.spread, PACE, scores)
    least_ms = AS_LONG * _takes_ms(usual_ms, scores, members)
    more_work = (np.nan_to_num([_row(scores.residual, name, scores) for name in WORK]) > MORE_WORK).any(axis=0)
    told = scores.window.keys["toplevel"] & ~matrix.system & ~more_work & np.isfinite(pace) & np.isfinite(spread)
    told &= np.nan_to_num(usual_ms, nan=0.0) >= least_ms
    return {"fellows": middle(pace[told], 1.0 / (np.square(spread[told]) + _OWN_VARIANCE))}


def middle(values: F8, weight: F8) -> float:
    """Return the weighted median, NaN of fewer than FEWEST."""
    if len(values) < FEWEST:
        return nan
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _takes_ms(usual_ms: F8, scores: Scores, members: Sequence[tuple[Key, float]]) -> float:
    """Return what a culprit's call usually takes, in the weighted middle of logarithms; NaN where none is known."""
    columns = locate(keys_of(key for key, _ in members), scores.keys)
    ran = [(usual_ms[c], weight) for c, (_, weight) in zip(columns, members, strict=True) if c >= 0]
    known = [(float(ms), weight) for ms, weight in ran if ms > 0]
    total = sum(weight for _, weight in known)
    return float(np.exp(sum(weight * log(ms) for ms, weight in known) / total)) if total > 0 else nan


def _row(block: F8, name: str, scores: Scores) -> F8:
    return np.asarray(block[scores.channels.index(name)])
