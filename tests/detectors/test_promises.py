"""What every detector promises, written once and kept by each: see detectors/contract.py."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import Generator

from pganomaly import errors
from pganomaly.detectors import ALL_FEATURES, Baseline, Detector, Forest, forest_fit, forest_request, modelfile, rows
from pganomaly.records import Matrix, Quality
from pganomaly.records.grid import F8
from tests.detectors.forests import facts
from tests.detectors.traffic import Traffic, arrays, some

Teach = Callable[[Sequence[Matrix], Generator], Detector]
"""How a detector comes from a past: the one thing in which they differ."""

PAST, STATEMENTS = 60, 30


def forest(past: Sequence[Matrix], rng: Generator) -> Detector:
    """One training from all rows, in this process to save the time of a child."""
    X = np.concatenate([np.empty((0, len(ALL_FEATURES))), *(rows.of(matrix) for matrix in past)])
    if not len(X):
        return Forest.untrained()
    seed = int(rng.integers(2**31))
    return Forest.loads(forest_fit.fit(forest_request.request(X, replace(facts(), seed=seed))))


def baseline(past: Sequence[Matrix], _: Generator) -> Detector:
    """Window by window, as in life; there is no chance in it."""
    detector = Baseline.empty(day_windows=1440.0)
    for matrix in past:
        detector = detector.learn(matrix, detector.score(matrix))
    return detector


DETECTORS: dict[str, Teach] = {"forest": forest, "baseline": baseline}


@pytest.fixture(params=list(DETECTORS))
def teach(request: pytest.FixtureRequest) -> Teach:
    return DETECTORS[request.param]


@pytest.fixture
def traffic() -> Traffic:
    return Traffic(seed=1, statements=STATEMENTS)


def surprise(detector: Detector, matrix: Matrix) -> F8:
    return detector.score(matrix).surprise


def taught(teach: Teach, past: Sequence[Matrix], seed: int = 3) -> Detector:
    return teach(past, np.random.default_rng(seed))


def test_higher_is_odder(teach, traffic):
    detector = taught(teach, traffic.windows(PAST))
    quiet = surprise(detector, traffic.window())
    faulty = surprise(detector, traffic.window(ms=200.0, work=200.0, who=4))

    assert np.isfinite(quiet).all()
    assert np.argmax(faulty) == 4
    assert faulty[4] > np.max(quiet)


def test_one_seed_one_answer(teach):
    answers: list[F8] = []
    for _ in range(2):
        traffic = Traffic(seed=1, statements=STATEMENTS)
        detector = taught(teach, traffic.windows(PAST))
        answers.append(surprise(detector, traffic.window(ms=3.0)))

    assert np.array_equal(answers[0], answers[1])


def test_rows_are_scored_alone(teach, traffic):
    """In another order, and without half of the calm company."""
    detector = taught(teach, traffic.windows(PAST))
    matrix = traffic.window(ms=30.0, work=30.0)
    whole = surprise(detector, matrix)

    for which in (np.arange(STATEMENTS)[::-1], np.arange(0, STATEMENTS, 2)):
        np.testing.assert_allclose(surprise(detector, some(matrix, which)), whole[which], rtol=1e-12)


def test_input_is_left_alone(teach, traffic):
    past, now = traffic.windows(PAST), traffic.window(ms=30.0)
    for matrix in (*past, now):
        for values in arrays(matrix):
            values.flags.writeable = False

    surprise(taught(teach, past), now)


def test_too_little_past_is_nan(teach, traffic):
    assert np.isnan(surprise(taught(teach, []), traffic.window())).all()


@pytest.mark.parametrize("quality", [q for q in Quality if q.silent])
def test_silence_is_respected(teach, quality):
    traffic = Traffic(seed=1, statements=STATEMENTS)
    detector = taught(teach, traffic.windows(PAST))

    assert np.isnan(surprise(detector, traffic.window(ms=200.0, work=200.0, quality=quality))).all()


def test_survives_saving(teach, traffic):
    past, now = traffic.windows(PAST), traffic.window(ms=3.0)
    for detector in (taught(teach, past), taught(teach, [])):
        again = type(detector).loads(detector.dumps())

        assert np.array_equal(surprise(again, now), surprise(detector, now), equal_nan=True)
        assert again.dumps() == detector.dumps()


def test_a_foreign_file_is_refused(teach):
    detector = taught(teach, [])
    with pytest.raises(errors.ModelFileForeign):
        type(detector).loads(modelfile.pack("something else", {}, {}))
    with pytest.raises(errors.ModelFileIsPickle):
        type(detector).loads(b"\x80\x04]\x94.")


def test_an_empty_window_is_no_trouble(teach, traffic):
    detector = taught(teach, traffic.windows(PAST))

    assert surprise(detector, some(traffic.window(), np.arange(0))).shape == (0,)
