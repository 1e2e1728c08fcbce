"""A child process fits with scikit-learn, and its answer scores as scikit-learn does."""

from dataclasses import replace

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.pipeline import Pipeline

from pganomaly.detectors import ALL_FEATURES, Facts, Forest, forest_fit, forest_request
from pganomaly.detectors.trees import Trees, expected_path
from pganomaly.records.grid import F8
from tests.detectors.forests import child, facts, ordinary_rows, pipeline

WIDTH = len(ALL_FEATURES)


@pytest.fixture(scope="module")
def training_rows() -> F8:
    return ordinary_rows(np.random.default_rng(1))


@pytest.fixture(scope="module")
def theirs(training_rows: F8) -> Pipeline:
    return pipeline(training_rows, facts())


@pytest.fixture(scope="module")
def ours(training_rows: F8) -> Forest:
    done = child(forest_request.request(training_rows, facts()))
    assert (done.returncode, done.stderr) == (0, b"")
    return forest_request.answer(done.stdout)


def test_the_arrays_score_as_scikit_learn_does(ours: Forest, theirs: Pipeline, training_rows: F8) -> None:
    """On the training rows and on rows never seen, a thousand times larger among them."""
    unseen = ordinary_rows(np.random.default_rng(2)) * np.exp(np.random.default_rng(3).normal(0, 7, (600, 1)))
    for X in (training_rows, unseen, -unseen, np.zeros((3, WIDTH)), np.full((3, WIDTH), np.nan), unseen[:1]):
        np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.just(WIDTH)),
        elements=st.floats(-1e38, 1e38) | st.just(np.nan) | st.floats(-3, 3),
    )
)
def test_so_do_hostile_rows(ours: Forest, theirs: Pipeline, X: F8) -> None:
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=0, atol=1e-9)


def test_an_infinite_value_goes_where_the_largest_go(ours: Forest, training_rows: F8) -> None:
    """scikit-learn refuses it; a number that overflowed somewhere must not end a tick."""
    X = training_rows[:8].copy()
    X[:4, 0], X[4:, 0] = np.inf, -np.inf
    large = X.copy()
    large[:4, 0], large[4:, 0] = 1e300, -1e300

    assert np.array_equal(ours.decision_function(X), ours.decision_function(large))


def test_a_value_that_lies_on_a_cut_goes_the_same_way(ours: Forest, theirs: Pipeline) -> None:
    """Cuts are float64, rows float32: rows are laid on the cuts and one float32 step beside them."""
    feature, cut = ours.trees.feature.ravel(), ours.trees.cut.ravel()
    real = np.flatnonzero(np.isfinite(cut))[::37]
    standard = np.zeros((len(real), WIDTH), np.float32)
    standard[np.arange(len(real)), feature[real]] = cut[real]
    above = np.nextafter(standard, np.float32(np.inf))
    scaled = np.concatenate([standard, above])

    isolation = theirs[-1]
    lengths = ours.trees.path_lengths(np.ascontiguousarray(scaled.T))
    score = -(2.0 ** (-lengths / (len(ours.trees) * ours.usual_path)))
    np.testing.assert_allclose(score, isolation.score_samples(scaled), rtol=0, atol=1e-9)


@pytest.mark.parametrize("order", [facts(contamination="auto"), facts(contamination=0.2, quantile=0.05, seed=11)])
def test_offset_and_threshold_are_the_pipelines_own(training_rows: F8, order: Facts) -> None:
    forest = Forest.loads(forest_fit.fit(forest_request.request(training_rows, order)))
    expected = pipeline(training_rows, order)

    decisions = expected.decision_function(training_rows)
    assert forest.offset == pytest.approx(expected[-1].offset_, abs=1e-9)
    assert forest.threshold == pytest.approx(np.quantile(decisions, order.alert_quantile), abs=1e-9)


def test_half_as_precise_rows_make_the_same_kind_of_forest(training_rows: F8) -> None:
    """Rows travel in float32 where memory matters; the forest scores in float64 all the same."""
    narrow = training_rows.astype(np.float32)
    forest = Forest.loads(forest_fit.fit(forest_request.request(narrow, facts())))
    expected = pipeline(narrow.astype(np.float64), facts())

    np.testing.assert_allclose(
        forest.decision_function(training_rows), expected.decision_function(training_rows), rtol=0, atol=1e-9
    )


def test_the_answer_says_where_it_comes_from(ours: Forest) -> None:
    assert ours.facts == replace(facts(), scikit_learn=sklearn.__version__)


def test_what_is_not_finite_is_not_a_measurement(training_rows: F8) -> None:
    infinite = training_rows.copy()
    infinite[np.isnan(infinite)] = np.inf

    assert forest_request.request(infinite, facts()) == forest_request.request(training_rows, facts())


def test_what_goes_wrong_in_the_child_is_one_line_and_an_exit_code() -> None:
    done = child(b"\x80\x04]\x94.")

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"ModelFileIsPickle: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("X", "order"), [(np.zeros((0, WIDTH)), facts()), (np.ones((9, WIDTH)), facts(contamination=0.9))]
)
def test_an_order_that_cannot_be_carried_out_is_refused(X: F8, order: Facts) -> None:
    with pytest.raises(ValueError, match=r"required|contamination"):
        forest_fit.fit(forest_request.request(X, order))


def test_few_rows_make_a_low_forest() -> None:
    """Eight rows make trees of three levels, equal rows one of none: the arrays follow."""
    few, equal = ordinary_rows(np.random.default_rng(4), rows=8), np.ones((8, WIDTH))
    for X in (few, equal):
        forest = Forest.loads(forest_fit.fit(forest_request.request(X, facts())))
        np.testing.assert_allclose(
            forest.decision_function(few), pipeline(X, facts()).decision_function(few), rtol=0, atol=1e-9
        )


def test_the_expected_path_is_that_of_the_paper() -> None:
    assert expected_path(np.array([0, 1, 2])).tolist() == [0.0, 0.0, 1.0]
    assert float(expected_path(256)) == pytest.approx(10.244770920116851)


def test_rows_are_walked_in_blocks_without_a_seam(ours: Forest) -> None:
    """One row passes all trees at once, very many rows one tree after the other: the sums are equal."""
    columns = np.random.default_rng(5).normal(size=(WIDTH, 50_000)).astype(np.float32)
    together = ours.trees.path_lengths(columns)

    alone = [ours.trees.path_lengths(np.ascontiguousarray(columns[:, [i]]))[0] for i in (0, 777, 49_999)]
    assert together[[0, 777, 49_999]].tolist() == alone
    assert Trees.none().path_lengths(columns[:, :3]).tolist() == [0.0, 0.0, 0.0]
