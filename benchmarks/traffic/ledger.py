"""Counts as pg_stat_statements counts: cumulative, since an entry began, with resets and evictions."""

import numpy as np
from numpy.random import Generator

from benchmarks.traffic.execution import SUMMED, Work
from benchmarks.traffic.workload import F8, I8, Flags

UNDATED = np.iinfo(np.int64).min
EVICTED_SHARE = 0.05
LEAST_EVICTED = 10
DECAY = 0.99


class Ledger:
    """The view's entries: one column per statement that can ever exist, and which of them are there."""

    def __init__(self, size: int, entries_max: int) -> None:
        self.entries_max = entries_max
        self.dealloc = 0
        self.there: Flags = np.zeros(size, np.bool_)
        self.since_us: I8 = np.full(size, UNDATED)
        self.changed: Flags = np.zeros(size, np.bool_)
        self._sums: dict[str, F8] = {name: np.zeros(size) for name in SUMMED}
        self._fastest: F8 = np.zeros(size)
        self._slowest: F8 = np.zeros(size)
        self._use: F8 = np.zeros(size)

    def add(self, work: Work, start_us: int, end_us: int, rng: Generator) -> None:
        """Count *work* done between two moments; entries that were not there begin in between."""
        at = work.at
        new = at[~self.there[at]]
        if len(new):
            n = work.sums["calls"][~self.there[at]]
            began = start_us + (end_us - start_us) * rng.beta(1, np.maximum(n, 1))
            self._clear(new)
            self.there[new] = True
            self.since_us[new] = began.astype(np.int64)
        self._count(work)
        self.changed[at] = True
        self._use[at] += work.sums["calls"]
        while int(self.there.sum()) > self.entries_max:
            self._evict()

    def _count(self, work: Work) -> None:
        at, sums = work.at, self._sums
        n0, n = sums["calls"][at], work.sums["calls"]
        apart = work.sums["total_ms"] / n - np.divide(sums["total_ms"][at], n0, out=np.zeros(len(at)), where=n0 > 0)
        between = np.where(n0 > 0, np.square(apart) * n0 * n / (n0 + n), 0.0)
        self._fastest[at] = np.where(n0 > 0, np.minimum(self._fastest[at], work.fastest), work.fastest)
        self._slowest[at] = np.maximum(self._slowest[at], work.slowest)
        for name in SUMMED:
            sums[name][at] += work.sums[name]
        sums["m2"][at] += between

    def reset(self, start_us: int) -> None:
        """Forget all entries."""
        self._clear(np.flatnonzero(self.there))
        self.there[:] = False
        self.dealloc = 0
        self.since_us[:] = start_us

    def take(self) -> I8:
        """Return the entries that have changed since this was last asked."""
        changed = np.flatnonzero(self.changed & self.there)
        self.changed[:] = False
        return changed

    def rows(self, at: I8) -> dict[str, F8]:
        """Return the cumulative numbers of some entries, by the view's names."""
        s = {name: values[at] for name, values in self._sums.items()}
        n = np.maximum(s["calls"], 1)
        return {
            "calls": s["calls"], "total_exec_time": s["total_ms"], "min_exec_time": self._fastest[at],
            "max_exec_time": self._slowest[at], "mean_exec_time": s["total_ms"] / n,
            "stddev_exec_time": np.sqrt(s["m2"] / n), "rows": s["rows"], "shared_blks_hit": s["hit"],
            "shared_blks_read": s["read"], "shared_blks_dirtied": s["dirtied"], "shared_blks_written": s["written"],
            "temp_blks_read": s["temp_read"], "temp_blks_written": s["temp_written"],
            "shared_blk_read_time": s["io_read_ms"], "wal_records": s["wal_records"], "wal_fpi": s["wal_fpi"],
            "wal_bytes": s["wal_bytes"],
        }  # fmt: skip

    def _clear(self, at: I8) -> None:
        for values in self._sums.values():
            values[at] = 0
        self._fastest[at] = self._slowest[at] = self._use[at] = 0

    def _evict(self) -> None:
        there = np.flatnonzero(self.there)
        self._use[there] *= DECAY
        count = max(LEAST_EVICTED, int(len(there) * EVICTED_SHARE))
        least = there[np.argpartition(self._use[there], count)[:count]]
        self._clear(least)
        self.there[least] = False
        self.changed[least] = False
        self.dealloc += 1
