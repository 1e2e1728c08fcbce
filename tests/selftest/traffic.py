"""A recording of a made-up server: what every statement did, window by window, and its counters if some were slower."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from pganomaly import deltas
from pganomaly.catalog import COUNTERS
from pganomaly.records import KEY, Counters, KeyArray, Reading, Snapshot, Window
from pganomaly.records.grid import F8
from tests.builders import NOON, SERVER

NAMES = tuple(c.name for c in COUNTERS)
WORK = ("rows", "shared_blks_hit", "shared_blks_read", "wal_bytes")
WINDOW_S = 60.0


@dataclass(frozen=True)
class Recording:
    """What every statement did in every window: *did* is [windows, counters, statements], *squares* of ms beside it."""

    keys: KeyArray
    did: F8
    squares: F8

    @classmethod
    def of(cls, statements: int, windows: int, rng: np.random.Generator, *, day_windows: float) -> "Recording":
        """Record busy and quiet statements, cheap and dear ones, over days with a rhythm."""
        keys = np.zeros(statements, KEY)
        keys["dbid"], keys["userid"], keys["toplevel"] = 5, 10 + np.arange(statements) % 6, True
        keys["queryid"] = rng.permutation(statements) + 1_000
        hours = 1 + 0.5 * np.sin(2 * np.pi * np.arange(windows) / day_windows)[:, None]
        usual_calls = 10 ** rng.uniform(0.7, 3.2, statements)
        calls = rng.poisson(usual_calls * hours * _noise(rng, 0.15, windows, statements))
        cv = rng.uniform(0.3, 2.0, statements)
        usual_ms = 3_000 * 10 ** rng.normal(0.0, 0.3, statements) / usual_calls
        between = rng.uniform(0.03, 0.35, statements)
        host = _noise(rng, 0.05, windows, 1)
        ms = usual_ms * host * np.exp(between * rng.normal(size=(windows, statements)))
        ms = ms * np.exp(cv * rng.normal(size=ms.shape) / np.sqrt(np.maximum(calls, 1)) / np.sqrt(1 + cv))
        did = np.zeros((windows, len(NAMES), statements))
        did[:, NAMES.index("calls")] = calls
        did[:, NAMES.index("total_exec_time")] = calls * ms
        for name in WORK:
            level = 10 ** rng.uniform(0, 2, statements) * _noise(rng, 0.1, windows, statements)
            did[:, NAMES.index(name)] = np.rint(calls * level)
        return cls(keys, did, calls * np.square(ms) * (1 + np.square(cv)))

    def __len__(self) -> int:
        return len(self.did)

    def snapshots(self, first: int = 0, slower: F8 | float = 1.0) -> Iterator[Snapshot]:
        """Yield the snapshot before window *first* and all after it, in which statements were *slower* by a factor."""
        counted = self.did[:first].sum(axis=0)
        squares = self.squares[:first].sum(axis=0)
        yield self._snapshot(first, counted, squares)
        time = NAMES.index("total_exec_time")
        for number in range(first, len(self)):
            more = self.did[number].copy()
            more[time] *= slower
            counted, squares = counted + more, squares + self.squares[number] * np.square(slower)
            yield self._snapshot(number + 1, counted, squares)

    def windows(self) -> Iterator[Window]:
        """Yield what a collector would have stored."""
        older: Snapshot | None = None
        for newer in self.snapshots():
            if older is not None:
                yield deltas.between(older, newer)
            older = newer

    def readings(self, first: int = 0, slower: F8 | float = 1.0) -> Iterator[Reading]:
        """Yield what a collector would have read."""
        return (Reading(snapshot) for snapshot in self.snapshots(first, slower))

    def _snapshot(self, number: int, counted: F8, squares: F8) -> Snapshot:
        values = counted.copy()
        calls = np.maximum(values[NAMES.index("calls")], 1.0)
        mean = values[NAMES.index("total_exec_time")] / calls
        values[NAMES.index("stddev_exec_time")] = np.sqrt(np.maximum(squares / calls - np.square(mean), 0.0))
        return Snapshot(
            taken_at=NOON + timedelta(seconds=WINDOW_S * number),
            monotonic_s=WINDOW_S * number,
            epoch=SERVER,
            keys=self.keys,
            counters=Counters(NAMES, values),
            stats_since_us=np.full(len(self.keys), 1_700_000_000_000_000),
            entries_max=50_000,
            dealloc=0,
        )


def _noise(rng: np.random.Generator, spread: float, windows: int, statements: int) -> F8:
    return np.asarray(np.exp(spread * rng.normal(size=(windows, statements))))
