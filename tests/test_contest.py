"""A new model against the one in force, on the same windows: it must not alert more, nor catch less."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from pganomaly import features, selftest, training
from pganomaly.detectors import Forest, forest_request, rows
from pganomaly.messages import speaker
from pganomaly.records import Matrix, Shapes, Window
from pganomaly.service import trainer
from tests.detectors.forests import facts
from tests.selftest.traffic import Recording

STATEMENTS = 80


@pytest.fixture(scope="module")
def past() -> list[Window]:
    return list(Recording.of(STATEMENTS, 240, np.random.default_rng(4), day_windows=240).windows())


def trained(past: list[Window], seed: int, *, slow: float = 0.0) -> Forest:
    """A forest that learned 60 windows drawn by lot, some of them of an incident in which all was slow."""
    rng = np.random.default_rng(seed)
    learned = []
    for place in rng.choice(len(past), 60, replace=False):
        times = np.full(len(past[place]), 20.0 if rng.random() < slow else 1.0)
        learned.append(rows.of(features.build(selftest.slower(past[place], times), Shapes())))
    return trainer.fit(forest_request.request(np.concatenate(learned), facts(seed=seed)))


@pytest.fixture(scope="module")
def champion(past: list[Window]) -> Forest:
    return trained(past, seed=1)


def shown(past: list[Window]) -> Iterator[tuple[Matrix, Sequence[Matrix]]]:
    for window in past[::4]:
        slow = selftest.slower(window, np.full(len(window), 10.0))
        yield features.build(window, Shapes()), [features.build(slow, Shapes())]


def verdict(champion: Forest, challenger: Forest, past: list[Window]) -> training.Verdict:
    return training.compare(training.contest(champion, challenger, shown(past)))


def test_a_model_of_the_same_past_is_let_in(past: list[Window], champion: Forest):
    found = verdict(champion, trained(past, seed=2), past)

    assert found.accepted
    assert str(found.why[0]).startswith("Against the model before it, ")


def test_a_model_that_alerts_more_is_kept_out(past: list[Window], champion: Forest):
    eager = replace(champion, threshold=champion.threshold + 0.05)
    found = verdict(champion, eager, past)

    assert not found.accepted
    assert "it alerts" in str(found.why[0])
    assert "остаётся действующая" in speaker("ru").say(found.why[0].says, **found.why[0].facts)


def test_a_model_that_learned_an_incident_catches_less_and_is_kept_out(past: list[Window], champion: Forest):
    found = verdict(champion, trained(past, seed=3, slow=0.3), past)

    assert not found.accepted
    assert "it catches" in str(found.why[0])


def test_nothing_to_compare_is_no_reason_to_refuse(champion: Forest):
    assert training.compare(training.contest(champion, champion, ())).accepted
