"""A small server's traffic: cumulative counters, and the Matrix of each window by the real deltas and features."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pganomaly import deltas, features
from pganomaly.catalog import COUNTERS
from pganomaly.records import Counters, KeyArray, Lexical, Matrix, Quality, Shapes, Snapshot, keys_of
from pganomaly.records.grid import F8
from tests.builders import SERVER, key, snapshot

NAMES = tuple(c.name for c in COUNTERS)
WINDOW_S = 60.0


class Traffic:
    """
    Some statements that each do nearly the same in every window.

    Their usual numbers are always the same ones; how a window differs from the usual comes from the seed.
    """

    def __init__(self, *, seed: int = 0, statements: int = 30, first_queryid: int = 1) -> None:
        queryids = range(first_queryid, first_queryid + statements)
        self.keys: KeyArray = keys_of(key(q) for q in queryids)
        own = np.random.default_rng([17, first_queryid])
        self.usual: Mapping[str, F8] = {
            "calls": own.uniform(200, 2000, statements),
            "ms": own.lognormal(1.0, 1.0, statements),
            "rows": own.uniform(1, 50, statements),
            "hits": own.uniform(20, 400, statements),
            "reads": own.uniform(1, 5, statements),
        }
        self.shapes = Shapes(
            keys=self.keys,
            lexical=own.integers(0, 40, (len(Lexical._fields), statements)).astype(np.float64),
            system=np.zeros(statements, np.bool_),
        )
        self.rng = np.random.default_rng(seed)
        self.seconds = 0.0
        self.squares = np.zeros(statements)
        self.counters = np.zeros((len(NAMES), statements))

    def window(self, *, ms: float = 1.0, work: float = 1.0, who: int = 0, quality: Quality = Quality.OK) -> Matrix:
        """The next window; in it the statement at *who* takes *ms* times its time, and does *work* times its work."""
        # An entry that is not there yet when the first window begins is new in it, and counts from zero.
        before = self._snapshot() if self.seconds else snapshot(0, {})
        self._live(ms, work, who)
        window = deltas.between(before, self._snapshot())
        return features.build(replace(window, quality=quality), self.shapes)

    def windows(self, n: int) -> list[Matrix]:
        """So many quiet windows."""
        return [self.window() for _ in range(n)]

    def _live(self, ms: float, work: float, who: int) -> None:
        statements = len(self.keys)
        times, works = np.ones(statements), np.ones(statements)
        times[who], works[who] = ms, work
        calls = self.rng.poisson(self.usual["calls"]).astype(np.float64)
        each = self.usual["ms"] * times * np.exp(self.rng.normal(0, 0.05, statements))
        did = {
            "calls": calls,
            "total_exec_time": calls * each,
            "rows": np.round(calls * self.usual["rows"] * works),
            "shared_blks_hit": np.round(calls * self.usual["hits"] * works),
            "shared_blks_read": np.round(calls * self.usual["reads"] * works),
        }
        for name, amount in did.items():
            self.counters[NAMES.index(name)] += amount
        self.squares += calls * (each**2 + (0.3 * each) ** 2)
        total_calls, total_ms = self.counters[NAMES.index("calls")], self.counters[NAMES.index("total_exec_time")]
        variance = np.maximum(self.squares / total_calls - (total_ms / total_calls) ** 2, 0)
        self.counters[NAMES.index("stddev_exec_time")] = np.sqrt(variance)
        self.counters[NAMES.index("max_exec_time")] = np.maximum(self.counters[NAMES.index("max_exec_time")], 2 * each)
        self.seconds += WINDOW_S

    def _snapshot(self) -> Snapshot:
        bare = snapshot(self.seconds, {}, epoch=SERVER)
        since = np.full(len(self.keys), (bare.taken_at.timestamp() - self.seconds + 1) * 1e6).astype(np.int64)
        return replace(bare, keys=self.keys, counters=Counters(NAMES, self.counters.copy()), stats_since_us=since)


def some(matrix: Matrix, which: NDArray[np.intp]) -> Matrix:
    """The same window with some of its statements, in another order perhaps."""
    window = matrix.window
    return Matrix(
        replace(
            window,
            keys=window.keys[which],
            deltas=window.deltas.take(which),
            before=window.before.take(which),
            doubtful=window.doubtful[which],
        ),
        matrix.features.take(which),
        matrix.lexical.take(which),
        matrix.system[which],
    )


def arrays(matrix: Matrix) -> list[NDArray[np.generic]]:
    """Every array that a matrix holds."""
    window = matrix.window
    return [
        window.keys,
        window.deltas.values,
        window.before.values,
        window.doubtful,
        matrix.features.values,
        matrix.lexical.values,
        matrix.system,
    ]
