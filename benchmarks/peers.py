"""
What others do, re-implemented as small detectors on the same windows, so that they can be measured on the same footing.

Each gives every statement of a window a score, higher is odder, seeing only the past; NaN where it cannot say. They
learn from the windows before *train_end*, or from a trailing part of the past, as the recipe has it.
"""

from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest

from pganomaly.records import KEY, KeyArray, Matrix, identities
from pganomaly.records.grid import F8

FIGURES = (
    "exec_time_per_call_ms", "calls_per_sec", "rows_per_call", "shared_read_per_call", "temp_read_per_call",
    "wal_bytes_per_call",
)  # fmt: skip
COST, RATE = 0, 1
SMALL = np.array([0.05, 0.02, 1.0, 3.0, 9.0, 250.0])
"""Less than this per call is nothing: added before logarithms and ratios."""
LEAST_PAST = 12
HOUR = 60
WORTH_MS_PER_S = 0.5


class Peer(Protocol):
    """A detector by somebody else's recipe."""

    name: str

    def see(self, rows: NDArray[np.intp], x: F8, ms_per_s: F8, *, training: bool) -> F8:
        """Return scores of the statements at *rows* with figures *x* [figures, n], then learn from them."""
        ...


class Book:
    """Gives every statement a row of its own for ever."""

    def __init__(self) -> None:
        self._row: dict[int, int] = {}

    def rows(self, keys: KeyArray) -> NDArray[np.intp]:
        """Return the rows of some statements, new ones at the end."""
        found = [self._row.setdefault(int(i), len(self._row)) for i in identities(keys.astype(KEY))]
        return np.array(found, dtype=np.intp)


def figures(matrix: Matrix) -> F8:
    """Return the figures that all recipes look at."""
    return np.nan_to_num(np.vstack([matrix.features[name] for name in FIGURES]))


class Past:
    """The last windows in which each statement ran, in rings."""

    def __init__(self, length: int) -> None:
        self._ring = np.full((0, len(FIGURES), length), np.nan)
        self._seen = np.zeros(0, np.int64)

    def of(self, rows: NDArray[np.intp]) -> tuple[F8, NDArray[np.int64]]:
        """Return what is remembered, [n, figures, length] with NaN where nothing is, and windows seen."""
        self._grow(int(rows.max(initial=-1)) + 1)
        return self._ring[rows], self._seen[rows]

    def add(self, rows: NDArray[np.intp], x: F8) -> None:
        """Remember a window, the oldest goes."""
        self._ring[rows, :, self._seen[rows] % self._ring.shape[2]] = x.T
        self._seen[rows] += 1

    def _grow(self, size: int) -> None:
        missing = size - len(self._ring)
        if missing > 0:
            more = max(missing, len(self._ring) // 2)
            self._ring = np.concatenate([self._ring, np.full((more, *self._ring.shape[1:]), np.nan)])
            self._seen = np.concatenate([self._seen, np.zeros(more, np.int64)])


class PooledForest:
    """One isolation forest over the rows of all statements; the threshold is a quantile of its own scores."""

    name = "pooled isolation forest, quantile threshold"

    def __init__(self, rng: Generator) -> None:
        self._rows: list[F8] = []
        self._rng = rng
        self._forest: IsolationForest | None = None

    def see(self, rows: NDArray[np.intp], x: F8, ms_per_s: F8, *, training: bool) -> F8:
        """Score by the forest once it is grown, which happens when training ends."""
        del rows, ms_per_s
        if training:
            self._rows.append(x.T)
            return np.full(x.shape[1], np.nan)
        if self._forest is None:
            known = np.concatenate(self._rows)
            some = self._rng.choice(len(known), min(len(known), 20_000), replace=False)
            seed = int(self._rng.integers(2**31))
            self._forest = IsolationForest(n_estimators=100, contamination=0.01, random_state=seed).fit(known[some])
            self._rows = []
        return np.asarray(-self._forest.decision_function(x.T))


class MeanAndDeviations:
    """Mean and three standard deviations of each statement's figures, over all of its past."""

    name = "mean + 3 sd per statement"

    def __init__(self) -> None:
        self._n = np.zeros(0)
        self._sum = np.zeros((len(FIGURES), 0))
        self._squares = np.zeros((len(FIGURES), 0))

    def see(self, rows: NDArray[np.intp], x: F8, ms_per_s: F8, *, training: bool) -> F8:
        """Score by deviations above the mean, of the oddest figure; rates by deviations either way."""
        del ms_per_s, training
        self._grow(int(rows.max(initial=-1)) + 1)
        n = np.maximum(self._n[rows], 1)
        mean = self._sum[:, rows] / n
        sd = np.sqrt(np.maximum(self._squares[:, rows] / n - mean**2, 0)) + SMALL[:, None]
        z = (x - mean) / sd
        z[RATE] = np.abs(z[RATE])
        scores = np.where(self._n[rows] >= LEAST_PAST, z.max(axis=0), np.nan)
        self._n[rows] += 1
        self._sum[:, rows] += x
        self._squares[:, rows] += x**2
        return scores

    def _grow(self, size: int) -> None:
        missing = size - len(self._n)
        if missing > 0:
            self._n = np.append(self._n, np.zeros(missing))
            self._sum = np.hstack([self._sum, np.zeros((len(FIGURES), missing))])
            self._squares = np.hstack([self._squares, np.zeros((len(FIGURES), missing))])


class MedianBands:
    """Median and MAD of the last days, with a margin of a fifth of the median on either side."""

    name = "median / MAD bands with margin"
    MARGIN = 0.2
    LENGTH = 240

    def __init__(self) -> None:
        self._past = Past(self.LENGTH)

    def see(self, rows: NDArray[np.intp], x: F8, ms_per_s: F8, *, training: bool) -> F8:
        """Score by MADs outside the band."""
        del ms_per_s, training
        past, seen = self._past.of(rows)
        known = seen >= LEAST_PAST
        scores = np.full(len(rows), np.nan)
        if known.any():
            middle = np.nanmedian(past[known], axis=2)
            mad = 1.4826 * np.nanmedian(np.abs(past[known] - middle[:, :, None]), axis=2)
            far = np.abs(x.T[known] - middle) - self.MARGIN * middle
            scores[known] = (far / (mad + SMALL)).max(axis=1)
        self._past.add(rows, x)
        return scores


class TrailingHour:
    """Times the mean of the last hour, where enough time is spent at all: the rule that people write first."""

    name = "trailing-hour ratio rule"

    def __init__(self) -> None:
        self._past = Past(HOUR)

    def see(self, rows: NDArray[np.intp], x: F8, ms_per_s: F8, *, training: bool) -> F8:
        """Score by the ratio of time per call and of calls to the last hour's."""
        del training
        past, seen = self._past.of(rows)
        known = (seen >= LEAST_PAST) & (ms_per_s >= WORTH_MS_PER_S)
        scores = np.full(len(rows), np.nan)
        if known.any():
            mean = np.nanmean(past[known][:, [COST, RATE]], axis=2)
            scores[known] = (x.T[known][:, [COST, RATE]] / (mean + SMALL[[COST, RATE]])).max(axis=1)
        self._past.add(rows, x)
        return scores


class KMeansConsensus:
    """Several k-means per statement: how far from the nearest centre, in what training rows needed, averaged over k."""

    name = "k-means consensus per statement"
    KS = (1, 2, 3)
    MOST = 200

    def __init__(self, rng: Generator) -> None:
        self._rows: dict[int, list[F8]] = {}
        self._models: dict[int, list[tuple[F8, float]]] | None = None
        self._rng = rng

    def see(self, rows: NDArray[np.intp], x: F8, ms_per_s: F8, *, training: bool) -> F8:
        """Score by the distance to what was seen in training."""
        del ms_per_s
        logs = np.log(x + SMALL[:, None]).T
        if training:
            for row, values in zip(rows.tolist(), logs, strict=True):
                self._rows.setdefault(row, []).append(values)
            return np.full(len(rows), np.nan)
        if self._models is None:
            self._models = {row: self._fit(np.array(v)) for row, v in self._rows.items() if len(v) >= 2 * LEAST_PAST}
        return np.array([self._score(row, values) for row, values in zip(rows.tolist(), logs, strict=True)])

    def _fit(self, known: F8) -> list[tuple[F8, float]]:
        some = known[self._rng.permutation(len(known))[: self.MOST]]
        made = []
        for k in self.KS:
            model = KMeans(k, n_init=1, max_iter=20, random_state=int(self._rng.integers(2**31))).fit(some)
            distance = np.sqrt(np.square(some - model.cluster_centers_[model.labels_]).sum(axis=1))
            made.append((np.asarray(model.cluster_centers_), float(np.quantile(distance, 0.99)) + 0.05))
        return made

    def _score(self, row: int, values: F8) -> float:
        assert self._models is not None
        if row not in self._models:
            return float("nan")
        far = [np.sqrt(np.square(values - centres).sum(axis=1).min()) / usual for centres, usual in self._models[row]]
        return float(np.mean(far))


class ChangePoint:
    """Whether the last five windows differ from the thirty before (Welch's t on logarithms)."""

    name = "change-point test (5 against 30 windows)"
    NEW, OLD = 5, 30

    def __init__(self) -> None:
        self._past = Past(self.NEW + self.OLD)

    def see(self, rows: NDArray[np.intp], x: F8, ms_per_s: F8, *, training: bool) -> F8:
        """Score by t of the figure that changed most, costs upwards, calls either way."""
        del ms_per_s, training
        self._past.of(rows)
        self._past.add(rows, np.log(x + SMALL[:, None]))
        past, seen = self._past.of(rows)
        scores = np.full(len(rows), np.nan)
        full = seen >= self.NEW + self.OLD
        if full.any():
            length = self.NEW + self.OLD
            place = (seen[full, None] - length + np.arange(length)[None, :]) % length
            ordered = np.take_along_axis(past[full], place[:, None, :], axis=2)
            old, new = ordered[:, :, : self.OLD], ordered[:, :, self.OLD :]
            error = np.sqrt(old.var(axis=2) / self.OLD + new.var(axis=2) / self.NEW + 0.02**2)
            t = (new.mean(axis=2) - old.mean(axis=2)) / error
            t[:, RATE] = np.abs(t[:, RATE])
            scores[full] = t.max(axis=1)
        return scores


def everyone(seed: int = 1) -> list[Peer]:
    """Return one of each."""
    rng = np.random.default_rng(seed)
    return [
        PooledForest(rng), MeanAndDeviations(), MedianBands(), TrailingHour(), KMeansConsensus(rng), ChangePoint(),
    ]  # fmt: skip
