"""
What is still waiting: sessions that stand before a lock.

A statement counts in pg_stat_statements when it has ended; a wait for a table's lock never does. pg_stat_activity,
sampled between two snapshots, shows it while it lasts. Where the server gives no id (before PostgreSQL 14, and in front
of a table), the statement was recognised by its text.
"""

from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np

from pganomaly.records import Activity, Key, KeyArray, keys_of
from pganomaly.records.grid import F8

MATERIAL_MS_PER_S = 50.0
"""Waiting, more or less, that matters."""
SPREAD = 0.25
"""Standard deviation of ln(waiting) that any server has."""
_SAME_START_S = 1.0


class Waits(NamedTuple):
    """
    Statements seen in flight during a window.

    waiting_ms  time that sessions had been waiting for locks, added up
    """

    keys: KeyArray
    waiting_ms: F8

    @classmethod
    def of(cls, activity: Iterable[Activity], length_s: float) -> Self:
        """Return who was seen; of one execution the oldest sight counts, and no more of it than the window is long."""
        waiting: dict[tuple[Key, int, int], float] = {}
        total: dict[Key, float] = {}
        for seen in activity:
            if seen.query_id is None or seen.dbid is None or seen.userid is None or seen.state != "active":
                continue
            key, age_s = Key(seen.dbid, seen.userid, seen.query_id), seen.query_age_s or 0.0
            total[key] = 0.0
            if seen.wait_event_type == "Lock":
                began = round((seen.sampled_at.timestamp() - age_s) / _SAME_START_S)
                run = (key, seen.pid, began)
                waiting[run] = max(waiting.get(run, 0.0), min(age_s, length_s))
        for (key, _pid, _began), age_s in waiting.items():
            total[key] += age_s
        return cls(keys_of(total), 1e3 * np.array([*total.values()]))


def distance(waiting_ms_per_s: F8, usual: F8) -> F8:
    """Return how many deviations sessions wait longer than they usually do."""
    return np.asarray(np.log((waiting_ms_per_s + MATERIAL_MS_PER_S) / (usual + MATERIAL_MS_PER_S)) / SPREAD)


def learned(usual: F8, now: F8) -> F8:
    """Return the usual waiting after a window: a fiftieth of itself, or of 50 ms/s, nearer at most."""
    room = np.maximum(usual, MATERIAL_MS_PER_S)
    return np.asarray(usual + np.clip(now - usual, -room, room) / 50.0)
