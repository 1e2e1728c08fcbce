"""The self-test's promise, held against what a replay of really slower statements finds."""

from collections.abc import Iterator

import numpy as np
import pytest

from pganomaly import pipeline, selftest
from pganomaly.detectors import Forest
from pganomaly.pipeline import Memory, Rules
from pganomaly.records import Outsiders, Shapes, locate
from pganomaly.records.grid import F8
from pganomaly.selftest import SelfTest
from pganomaly.selftest.run import told_of
from tests.selftest.traffic import Recording

DAY = 120
PATIENCE = 15
TRIALS = 400
STATEMENTS = 160
EACH = 5
"""Statements that really become slower at one moment: 3 % of all."""


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording.of(STATEMENTS, 2 * DAY, np.random.default_rng(7), day_windows=DAY)


@pytest.fixture(scope="module")
def predicted(recording: Recording) -> SelfTest:
    result = selftest.run(
        recording.windows, shapes=Shapes(), outsiders=Outsiders(), rules=Rules(day_windows=DAY),
        rng=np.random.default_rng(3), patience=PATIENCE,
    )  # fmt: skip
    assert isinstance(result, SelfTest)
    return result


@pytest.fixture(scope="module")
def memories(recording: Recording) -> list[Memory]:
    """What the judge remembers before each window, and after the last."""
    rules = Rules(day_windows=DAY)
    memory = Memory(pipeline.Judgement.empty(rules))
    found = []
    for reading in recording.readings():
        memory = pipeline.judge(memory, reading, Forest.untrained(), rules).memory
        found.append(memory)
    return found


@pytest.mark.parametrize("size", [2.0, 3.0])
def test_a_replay_with_slower_counters_finds_what_was_predicted(
    recording: Recording, memories: list[Memory], predicted: SelfTest, size: float
) -> None:
    """400 changes of a size, made in the cumulative counters that a collector reads, other ones than the test tried."""
    delays = np.concatenate(list(measured(recording, memories, size, np.random.default_rng(11))))
    cell = predicted.cell(size)

    assert cell is not None
    assert min(cell.tried, len(delays)) >= TRIALS * 0.95, "hardly any statement was in an incident already"
    assert abs(np.isfinite(delays).mean() - cell.power) <= 0.05
    assert cell.delay is not None
    assert abs(float(np.nanmedian(delays)) - cell.delay) <= 1, "minutes are as good as the share"


def measured(recording: Recording, memories: list[Memory], size: float, rng: np.random.Generator) -> Iterator[F8]:
    """Yield the windows until some slower statements were told of: all statements in turn, a few at a time."""
    turns = np.concatenate([rng.permutation(STATEMENTS) for _ in range(3)])[:TRIALS]
    for group in np.split(turns, TRIALS // EACH):
        start = int(rng.integers(DAY, 2 * DAY - PATIENCE))
        slower = np.ones(STATEMENTS)
        slower[group] = size
        yield followed(recording, memories[start], recording.keys[group], start, slower)


def followed(recording: Recording, memory: Memory, keys: np.ndarray, start: int, slower: F8) -> F8:
    """Return the windows until each of *keys* was told of; NaN where it was not in time."""
    keys = keys[locate(keys, told_of(memory.judgement)) < 0]
    delay = np.full(len(keys), np.nan)
    readings = recording.readings(start, slower)
    next(readings)  # it is what the memory has seen last
    for number, reading in zip(range(1, PATIENCE + 1), readings, strict=False):
        memory = pipeline.judge(memory, reading, Forest.untrained(), Rules(day_windows=DAY)).memory
        found = locate(keys, told_of(memory.judgement)) >= 0
        delay[found & np.isnan(delay)] = number
        if not np.isnan(delay).any():
            break
    return delay
