"""Sends a recording through the judge; keeps what it saw of every statement in every window, and expected of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pganomaly import pipeline
from pganomaly.detectors import Forest, calls
from pganomaly.detectors.calls import Expected
from pganomaly.detectors.channels import EXEC, MATERIAL, PACE
from pganomaly.detectors.normals import Normals, Traffic
from pganomaly.messages import Speaker
from pganomaly.messages.naming import name
from pganomaly.pipeline import Judgement, Memory, Rules
from pganomaly.records import Incident, Key, KeyArray, Quality, Scores, Shapes, keys_of, locate
from pganomaly.records.grid import F8
from pganomaly.replay import Recording

MATERIAL_MS = float(MATERIAL[EXEC, 0])
ROWS = ("calls", "expected", "surge", "ms", "usual", "spread", "pace", "pace_spread", "support")
"""
What is kept of a statement in a window: calls, how many were expected, and from how many on they are a surge;
milliseconds a call, their usual value and its spread; ln(time per work / usual) and its spread; evidence in multiples
of the bar.
"""


SEVERAL = 10
"""Windows in which a statement must have run to be kept."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """
    A recording as the judge saw it.

    keys, names  of the statements
    rows         [ROWS, windows, statements]; NaN where a statement did not run or nothing can be said
    factor       what all statements shared in each window, a logarithm
    ends         of windows, microseconds since 1970, as recorded
    incidents    everything that people were told of, as it was in the end
    window_s     seconds of work in a window
    """

    keys: tuple[Key, ...]
    names: tuple[str, ...]
    rows: F8
    factor: F8
    ends: NDArray[np.int64]
    incidents: tuple[Incident, ...]
    window_s: float

    def __getitem__(self, row: str) -> F8:
        """Return one of ROWS, [windows, statements]."""
        found: F8 = self.rows[ROWS.index(row)]
        return found

    @property
    def ratio(self) -> F8:
        """How many times the usual a call took, as the judge compares it: with what is material on both sides."""
        return np.asarray((self["ms"] + MATERIAL_MS) / (self["usual"] + MATERIAL_MS))


@dataclass(slots=True)
class _Notes:
    """What is written down while the replay runs: of each window, keys and ROWS of those who were there."""

    windows: list[list[tuple[KeyArray, F8]]] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    incidents: dict[str, Incident] = field(default_factory=dict)

    def known(self) -> list[Key]:
        """Return the statements that ran in several windows, and those that people were told of."""
        ran = Counter(key for parts in self.windows for keys, _ in parts[-1:] for key in map(tuple, keys.tolist()))
        told = {member.key for incident in self.incidents.values() for member in incident.members}
        return [Key(*key) for key in ran if ran[key] >= SEVERAL or key in told]

    def dense(self, keys: list[Key]) -> F8:
        """Return ROWS of some statements in every window."""
        wanted = keys_of(keys)
        rows = np.full((len(ROWS), len(self.windows), len(keys)), np.nan)
        for window, parts in enumerate(self.windows):
            for of, values in parts:
                place = locate(of, wanted)
                there = place >= 0
                rows[:, window, place[there]] = np.where(
                    np.isfinite(values[:, there]), values[:, there], rows[:, window, place[there]]
                )
        return rows


def seen(recording: Recording) -> History:
    """Return what the judge saw of *recording* with default settings, from its first window on."""
    rules = Rules(day_windows=recording.day_windows)
    memory, notes, shapes = Memory(Judgement.empty(rules)), _Notes(), Shapes()
    for reading in recording.readings():
        known = memory.judgement.baseline.normals
        verdict = pipeline.judge(memory, reading, Forest.untrained(), rules)
        memory, shapes = verdict.memory, shapes | verdict.shapes
        for change in verdict.changes:
            notes.incidents[change.incident.incident_id] = change.incident
        if verdict.window is None or verdict.scores is None:
            continue
        notes.windows.append(list(_parts(verdict.scores, known)))
        notes.factor.append(verdict.scores.workings.factor if verdict.scores.workings else 0.0)
        notes.ends.append((verdict.window.end - _EPOCH) // timedelta(microseconds=1))
    speaker, keys = Speaker("en"), notes.known()
    return History(
        keys=tuple(keys),
        names=tuple(name(speaker, shapes.by_key.get(key), key) for key in keys),
        rows=notes.dense(keys),
        factor=np.array(notes.factor),
        ends=np.array(notes.ends, dtype=np.int64),
        incidents=tuple(incident for incident in notes.incidents.values() if incident.told),
        window_s=recording.real_window_s,
    )


def _parts(scores: Scores, known: Normals) -> Iterator[tuple[KeyArray, F8]]:
    """Yield keys and ROWS of those who were remembered, of those who should have run, and of those who ran."""
    if scores.workings is not None and scores.window.quality is Quality.OK:
        expected, length_s = Expected(*scores.workings.calls).calls, scores.window.length_s
        traffic = Traffic(*known.traffic)
        usual = calls.SURGE * np.maximum(expected, traffic.recent * length_s)
        surge = np.maximum(usual, calls.PEAK_MARGIN * traffic.peak * length_s)
        yield known.keys, _rows(len(known), calls=np.zeros(len(known)), expected=expected, surge=surge)
    if scores.silent is not None:
        yield scores.silent.keys, _rows(len(scores.silent), support=scores.silent.strength)
    yield scores.keys, _rows(
        len(scores), calls=scores.window.deltas["calls"], ms=scores.value[EXEC], usual=scores.usual[EXEC],
        spread=scores.spread[EXEC], pace=scores.residual[PACE], pace_spread=scores.spread[PACE],
        support=scores.strength,
    )  # fmt: skip


def _rows(statements: int, **given: F8 | float) -> F8:
    rows = np.full((len(ROWS), statements), np.nan)
    for row, values in given.items():
        rows[ROWS.index(row)] = values
    return rows
