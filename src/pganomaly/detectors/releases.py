"""
A release replaces statements by others: what falls silent and what is new then are two sides of one thing.

New statements of a user take over the calls of those of the same user that fall silent after they came (or up to 30
windows before), and the time of those that stay away for longer than ever.
"""

import numpy as np

from pganomaly.detectors import newcomers
from pganomaly.detectors.calls import SILENCE_CALLS, Expected
from pganomaly.detectors.channels import EXEC
from pganomaly.detectors.normals import Costs, Life, Normals
from pganomaly.records import KeyArray, Window
from pganomaly.records.grid import F8

TAKEN_OVER = 2.0
"""Missing calls, in multiples of those of new statements, up to which these have taken over; the same of their time."""
_AGES = 2**30


def calls_of_new(window: Window, life: Life, number: int, keys: KeyArray, last_seen: F8) -> F8:
    """
    Return the calls of statements of the same user that came when each of *keys* was *last_seen*, or later.

    life    of the statements of the window
    number  of the window, counted as life counts them
    """
    new = (life.windows == 0) | (life.newborn == 1)
    if not new.any():
        return np.zeros(len(keys))
    born = np.where(life.windows > 0, life.since, number)[new].astype(np.int64)
    stamp = window.keys["userid"][new].astype(np.int64) * _AGES + born
    order = np.argsort(stamp)
    total = np.concatenate([[0.0], np.cumsum(window.deltas["calls"][new][order])])
    user = keys["userid"].astype(np.int64) * _AGES
    since = np.maximum(last_seen - newcomers.NEW_WINDOWS, 0.0).astype(np.int64)
    first, end = np.searchsorted(stamp[order], [user + since, user + _AGES])
    return np.asarray(total[end] - total[first])


def excused(fewer: F8, missing: F8, taken: F8) -> F8:
    """Return the evidence of missing calls; none where so many others were *taken* over."""
    return np.where(missing <= TAKEN_OVER * taken, np.fmin(fewer, 0.0), fewer)


def time_of_gone(window: Window, normals: Normals, everyone: Expected, calls: F8, number: int) -> F8:
    """
    Return, for every statement of the window, the usual ms of those of its user that stay away for longer than ever.

    calls  of every statement that is remembered, everyone what was expected of them
    """
    life, costs = Life(*normals.life), Costs(*normals.costs[:, EXEC])
    away = number - life.last_seen
    gone = (calls == 0) & (life.gap + 1 > life.absent) & (away <= 2 * newcomers.NEW_WINDOWS)
    gone &= everyone.calls * away >= SILENCE_CALLS
    if not gone.any():
        return np.zeros(len(window))
    users, group = np.unique(normals.keys["userid"][gone], return_inverse=True)
    ms = np.bincount(group, weights=np.nan_to_num(everyone.calls[gone] * costs.usual[gone]), minlength=len(users))
    row = np.minimum(np.searchsorted(users, window.keys["userid"]), len(users) - 1)
    return np.where(users[row] == window.keys["userid"], ms[row], 0.0)
