"""
The per-statement engine: every statement has its own normal, and a window is odd by its distance from it.

in    the Matrix of one window
out   Scores; and, learned from the same window, the next Baseline
not   no opinion on who is told, no clock, no disk, no chance

    scores = baseline.score(matrix)
    desk, changes, accepted = incidents.advance(desk, scores, ...)
    costs, calls = desk.held()
    baseline = baseline.learn(matrix, scores, held_costs=costs, held_calls=calls, accepted=accepted)
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors
from pganomaly.detectors import cold, learning, modelfile, newcomers, scoring, stalls, supports
from pganomaly.detectors.channels import EXEC, READS
from pganomaly.detectors.normals import Normals
from pganomaly.detectors.rules import DEFAULT, Gate
from pganomaly.detectors.scene import Circumstances
from pganomaly.detectors.stalls import Host
from pganomaly.detectors.supports import BAR, FAMILIES
from pganomaly.detectors.waits import Waits
from pganomaly.records import KEY, Activity, KeyArray, Matrix, Quality, Scores, Window, locate
from pganomaly.records.grid import F8

KIND = "baseline"
HALF_LIFE_DAYS = 3.0
LIFETIME_WINDOWS = 10.0
"""Windows that all calls before the first window are worth in the server's histogram of durations."""

_SCALARS = ("day_windows", "windows")
_ARRAYS = ("keys", "costs", "traffic", "life", "suspicion")
USUAL_HEIGHT: F8 = np.ones(FAMILIES)
_NOBODY: KeyArray = np.zeros(0, dtype=KEY)


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """
    What is normal, per statement and for the server as a whole. A value: learning returns a new one.

    day_windows  windows that make a day: 86,400 / interval live, the recording's own number in a replay
    windows      windows learned so far
    durations    the server's calls by duration (newcomers.py)
    host         how slow everything usually is (stalls.py)
    cache        how cold the cache usually is (cold.py)
    """

    day_windows: float
    normals: Normals = field(default_factory=Normals.empty)
    windows: int = 0
    durations: F8 = field(default_factory=newcomers.empty)
    host: Host = field(default_factory=Host)
    cache: cold.Cache = field(default_factory=cold.Cache)

    @classmethod
    def empty(cls, day_windows: float) -> Self:
        """Return a baseline that has seen nothing."""
        return cls(day_windows)

    def __len__(self) -> int:
        """Return the number of statements that are remembered."""
        return len(self.normals)

    def score(
        self,
        matrix: Matrix,
        *,
        judge_newcomers: bool = True,
        gate: Gate = DEFAULT,
        height: F8 = USUAL_HEIGHT,
        activity: tuple[Activity, ...] = (),
    ) -> Scores:
        """
        Return how odd every statement of *matrix* is; NaN where that cannot be said.

        judge_newcomers  False until the baseline of a server is complete: until then every statement is new
        gate             what must be at stake
        height           evidence that it takes for each of KINDS, in multiples of the usual (calibration)
        activity         sessions seen within the window
        """
        place = locate(matrix.window.keys, self.normals.keys)
        seen = Waits.of(activity, matrix.window.length_s)
        early = supports.young(self.windows, self.day_windows)
        given = Circumstances(gate, BAR * height[:, None], early, judge_newcomers, seen)
        return scoring.score(self, matrix, place, given)

    def learn(
        self,
        matrix: Matrix,
        scores: Scores,
        *,
        held_costs: KeyArray = _NOBODY,
        held_calls: KeyArray = _NOBODY,
        accepted: KeyArray = _NOBODY,
    ) -> Self:
        """
        Return the baseline after *matrix*, whose *scores* it gave itself.

        held_costs, held_calls  statements with an open incident, of whose calls' cost or number nothing is learned
        accepted                statements whose newest level is the new normal
        """
        window = matrix.window
        if window.quality.silent:
            normals = learning.born(self.normals, window, self.windows) if self.windows else self.normals
            return self if normals is self.normals else replace(self, normals=normals)
        number = self.windows + 1
        early = supports.young(self.windows, self.day_windows)
        half_life = HALF_LIFE_DAYS * self.day_windows
        lesson = learning.Lesson(number, half_life, early, held_costs, held_calls, accepted)
        found = learning.workings_of(scores)
        normals = learning.remembered(self.normals, scores, found, lesson)
        crowd = window.keys["toplevel"] & ~matrix.system
        return replace(
            self,
            normals=normals.without_forgotten(number, self.day_windows),
            windows=number,
            durations=self._durations(window, scores),
            host=stalls.learned(self.host, found.stall, found.factor, found.host_bar),
            cache=self._cache(window, scores, crowd),
        )

    def _cache(self, window: Window, scores: Scores, crowd: NDArray[np.bool_]) -> cold.Cache:
        """Return what is known of the cache after a window."""
        if window.quality is not Quality.OK:
            return self.cache
        usual, calls = scores.usual[READS], window.deltas["calls"]
        more = cold.excess(scores.value[READS], usual, calls, crowd & ~window.doubtful)
        bar = scoring.cold_bar(supports.young(self.windows, self.day_windows))
        return cold.learned(self.cache, cold.level(more, usual, calls, window.length_s), bar)

    def _durations(self, window: Window, scores: Scores) -> F8:
        """Return the histogram of durations after a window; the first one brings along what calls took before it."""
        if window.quality is not Quality.OK:
            return self.durations
        usual = window.keys["toplevel"] & ~window.doubtful & ~scores.newcomer
        calls, durations = np.where(usual, window.deltas["calls"], 0.0), self.durations
        if not durations.any():
            before = np.where(usual, np.nan_to_num(window.before["calls"]), 0.0)
            ms = window.before["total_exec_time"] / np.maximum(before, 1.0)
            share = LIFETIME_WINDOWS * calls.sum() / max(before.sum(), 1.0)
            durations = newcomers.counted(durations, ms, before * share, fade=1.0)
        fade = 2.0 ** (-1.0 / self.day_windows)
        return newcomers.counted(durations, scores.value[EXEC], calls, fade=fade)

    def dumps(self) -> bytes:
        """Return all that it knows: arrays and JSON, nothing that could ever be executed."""
        told = {name: getattr(self, name) for name in _SCALARS}
        arrays = {name: getattr(self.normals, name) for name in _ARRAYS}
        extra = {"durations": self.durations, "host": np.array(self.host), "cache": np.array(self.cache)}
        return modelfile.pack(KIND, told, {**arrays, **extra})

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Return what dumps() was called on, exactly; an errors.ModelFileError where *data* is something else."""
        manifest, arrays = modelfile.unpack(data, KIND)
        normals = Normals(*(arrays[name] for name in _ARRAYS))
        if not normals.fits():
            raise errors.ModelFileOutdated(what="its statements have other channels than this version")
        return cls(
            normals=normals,
            durations=arrays["durations"],
            host=Host(*arrays["host"].tolist()),
            cache=cold.Cache(*arrays["cache"].tolist()) if "cache" in arrays else cold.Cache(),
            **{name: manifest[name] for name in _SCALARS},
        )
