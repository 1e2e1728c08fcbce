"""Windows of many statements with believable numbers, for measuring and for round trips."""

from datetime import timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pganomaly.catalog import COUNTERS, CounterKind
from pganomaly.records import KEY, UNKNOWN_US, Counters, KeyArray, Snapshot
from pganomaly.records.grid import F8
from tests.builders import NOON, SERVER

NAMES = tuple(c.name for c in COUNTERS)
_GROWS = np.array([c.kind is CounterKind.CUMULATIVE for c in COUNTERS])
_FLOAT = np.array([c.sql_type != "bigint" for c in COUNTERS])


def keys(count: int) -> KeyArray:
    made = np.zeros(count, dtype=KEY)
    made["dbid"], made["userid"], made["toplevel"] = 5, 10, True
    made["queryid"] = np.arange(1, count + 1) * 7_919_000_000_007
    return made


def snapshots(
    count: int, statements: int, rng: Generator, *, active: float = 1.0, interval_s: float = 60.0
) -> list[Snapshot]:
    """Return *count* snapshots; between two of them the share *active* of the statements ran."""
    level = 10 ** rng.uniform(0, 4, (len(NAMES), statements))
    level[NAMES.index("calls")] = rng.integers(1, 2000, statements)
    for rarely in ("temp_blks_read", "temp_blks_written", "local_blks_hit", "local_blks_read", "jit_ms"):
        level[NAMES.index(rarely)] *= rng.random(statements) < 0.05
    for reads in ("shared_blks_read", "io_read_ms"):
        level[NAMES.index(reads)] *= rng.random(statements) < 0.4
    for parallel in ("parallel_workers_to_launch", "parallel_workers_launched"):
        level[NAMES.index(parallel)] *= rng.random(statements) < 0.05
    values = _whole(level * 1000)
    made = []
    for number in range(count):
        if number:
            values = _ran(values, level, rng, rng.random(statements) < active)
        made.append(snapshot(values, keys(statements), number * interval_s, interval_s))
    return made


def snapshot(values: F8, named: KeyArray, seconds: float, interval_s: float = 60.0) -> Snapshot:
    return Snapshot(
        taken_at=NOON + timedelta(seconds=seconds),
        monotonic_s=seconds,
        epoch=SERVER,
        keys=named,
        counters=Counters(NAMES, values),
        stats_since_us=np.full(len(named), 1_700_000_000_000_000 if len(named) else UNKNOWN_US),
        entries_max=50_000,
        dealloc=0,
        interval_s=interval_s,
    )


def _ran(values: F8, level: F8, rng: Generator, which: NDArray[np.bool_]) -> F8:
    grown = values + _whole(level * rng.uniform(0.5, 2.0, level.shape)) * _GROWS[:, None]
    grown[NAMES.index("calls")] = values[NAMES.index("calls")] + np.maximum(1, np.rint(level[NAMES.index("calls")]))
    after = np.where(which, grown, values)
    after[NAMES.index("max_exec_time")] = values[NAMES.index("max_exec_time")]
    return after


def _whole(numbers: F8) -> F8:
    return np.where(_FLOAT[:, None], numbers, np.rint(numbers))
