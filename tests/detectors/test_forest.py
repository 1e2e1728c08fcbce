"""Whom the forest may judge, and what it looks at."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from pganomaly.catalog import FEATURES, LEXICAL_FEATURES
from pganomaly.detectors import ALL_FEATURES, Forest, forest_fit, forest_request, rows
from pganomaly.records import Matrix, Quality
from tests.detectors.forests import facts
from tests.detectors.traffic import Traffic

WHO = 4


def trained(traffic: Traffic) -> Forest:
    X = np.concatenate([rows.of(matrix) for matrix in traffic.windows(60)])
    return Forest.loads(forest_fit.fit(forest_request.request(X, facts())))


@pytest.fixture(scope="module")
def shop() -> Traffic:
    return Traffic(seed=1)


@pytest.fixture(scope="module")
def forest(shop: Traffic) -> Forest:
    return trained(shop)


@pytest.fixture(scope="module")
def faulty(shop: Traffic, forest: Forest) -> Matrix:
    """A window in which one statement does two hundred times its work."""
    assert forest.facts
    return shop.window(ms=200.0, work=200.0, who=WHO)


def test_an_odd_statement_is_anomalous_and_its_score_is_the_decision_function(forest, faulty):
    scores = forest.score(faulty)

    assert np.flatnonzero(scores.anomalous).tolist() == [WHO]
    assert np.array_equal(scores.decision, forest.decision_function(rows.of(faulty)))
    assert np.array_equal(scores.surprise, -scores.decision)


def test_another_threshold_is_another_forest(forest, faulty):
    strict = replace(forest, threshold=-1.0)
    lax = replace(forest, threshold=1.0)

    assert not strict.score(faulty).anomalous.any()
    assert lax.score(faulty).anomalous.all()


def test_system_statements_are_scored_and_never_judged(forest, faulty):
    system = np.arange(len(faulty)) == WHO
    scores = forest.score(replace(faulty, system=system))

    assert np.isfinite(scores.decision).all()
    assert np.isnan(scores.surprise).tolist() == system.tolist()
    assert not scores.anomalous.any()


def test_a_delta_in_doubt_is_not_judged(forest, faulty):
    doubtful = np.arange(len(faulty)) == WHO
    scores = forest.score(replace(faulty, window=replace(faulty.window, doubtful=doubtful)))

    assert np.isnan(scores.surprise).tolist() == doubtful.tolist()
    assert not scores.anomalous.any()


@pytest.mark.parametrize("quality", [q for q in Quality if q is not Quality.OK])
def test_only_windows_of_the_usual_kind_are_judged(forest, faulty, quality):
    """A gap, too: it stretches the very columns that are compared with windows of the usual length."""
    scores = forest.score(replace(faulty, window=replace(faulty.window, quality=quality)))

    assert np.isnan(scores.surprise).all()
    assert not scores.anomalous.any()


def test_before_the_first_training_nothing_can_be_said(faulty):
    scores = Forest.untrained().score(faulty)

    assert np.isnan(scores.decision).all()
    assert np.isnan(scores.surprise).all()
    assert not scores.anomalous.any()


def test_the_forest_looks_at_everything_in_the_catalogue_but_the_length_of_the_window():
    assert {f.name for f in FEATURES} | set(LEXICAL_FEATURES) == {*ALL_FEATURES, "window_len_sec"}
    assert len(set(ALL_FEATURES)) == len(ALL_FEATURES)


def test_a_row_is_what_the_names_say(faulty):
    X = rows.of(faulty)
    for column, name in enumerate(ALL_FEATURES):
        grid = faulty.lexical if name in LEXICAL_FEATURES else faulty.features
        assert np.array_equal(X[:, column], grid[name], equal_nan=True)


def test_a_late_tick_makes_no_statement_odd(forest, faulty):
    """The same calls in a window that lasted 5 % longer: all rows would carry that one odd length."""
    usual = Traffic(seed=9).windows(2)[-1]
    late = replace(usual.features, values=usual.features.values.copy())
    late["window_len_sec"][:] *= 1.05

    assert np.array_equal(forest.decision(replace(usual, features=late)), forest.decision(usual))


def test_a_text_that_nobody_knows_does_not_keep_a_statement_from_being_judged(forest, faulty):
    unknown = replace(faulty.lexical, values=np.full_like(faulty.lexical.values, np.nan))
    scores = forest.score(replace(faulty, lexical=unknown))

    assert np.isfinite(scores.surprise).all()
    assert np.argmax(scores.surprise) == WHO


def test_scoring_does_not_depend_on_how_many_are_scored(forest):
    X = default_rng(0).lognormal(size=(3, len(ALL_FEATURES)))
    together = forest.decision_function(np.tile(X, (30_000, 1)))

    assert np.array_equal(together[:3], together[-3:])
    assert np.array_equal(together[:3], forest.decision_function(X))


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    threshold=st.floats(-0.5, 0.5) | st.sampled_from([-2.0, 2.0, -np.inf, np.inf]) | st.none(),
    share=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_outliers_are_those_that_scoring_everybody_finds(forest, faulty, seed, threshold, share):
    """Whatever the bar, a row that lies exactly on it included; and whom one asks for is scored to the last bit."""
    rng = default_rng(seed)
    wild = np.exp(rng.normal(0.0, rng.choice([0.1, 1.0, 5.0]), faulty.features.values.shape))
    matrix = replace(faulty, features=replace(faulty.features, values=faulty.features.values * wild))
    everybody = forest.decision(matrix)
    tuned = replace(forest, threshold=float(rng.choice(everybody)) if threshold is None else threshold)
    wanted = rng.random(len(matrix)) < share

    some, every = tuned.outliers(matrix, wanted), tuned.score(matrix)

    assert np.array_equal(some.anomalous, every.anomalous)
    said = wanted | every.anomalous
    assert np.array_equal(some.decision[said], every.decision[said])
    assert np.isnan(some.decision[~said & (everybody > tuned.threshold + 1e-6)]).all()


def test_most_rows_are_left_before_all_trees_are_walked(forest, faulty):
    """Nobody is asked for, one is odd: of the others nothing is said."""
    scores = forest.outliers(faulty, np.zeros(len(faulty), np.bool_))

    assert np.flatnonzero(np.isfinite(scores.decision)).tolist() == [WHO]


def test_without_a_tree_there_are_no_outliers(faulty):
    scores = Forest.untrained().outliers(faulty, np.ones(len(faulty), np.bool_))

    assert np.isnan(scores.decision).all()
    assert not scores.anomalous.any()
