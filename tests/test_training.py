"""What a model learns from, what it must not learn, and what people are told where there is not enough."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pganomaly import training
from pganomaly.catalog import FEATURES, LEXICAL_FEATURES
from pganomaly.detectors import ALL_FEATURES, Forest, forest_request
from pganomaly.messages import speaker
from pganomaly.records import Incident, IncidentKind, Key, keys_of
from pganomaly.training import ModelSettings, NotEnough, Sample, TrainingSet

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NAMES = (*(f.name for f in FEATURES), *LEXICAL_FEATURES)
FEW = ModelSettings(min_rows=20, min_queryids=2, max_samples_per_queryid=15, n_estimators=10)


def key(queryid: int) -> Key:
    return Key(5, 10, queryid)


def sample(windows: dict[int, int], *, every: timedelta = timedelta(minutes=1), system: tuple[int, ...] = ()) -> Sample:
    """The statement *queryid* ran in so many windows, the last of them at noon."""
    queryids = [queryid for queryid, n in windows.items() for _ in range(n)]
    ends = [NOON - i * every for n in windows.values() for i in range(n)]
    values = np.random.default_rng(0).lognormal(size=(len(queryids), len(NAMES)))
    return Sample(
        keys=keys_of(key(q) for q in queryids),
        window_end_us=np.array([round(end.timestamp() * 1e6) for end in ends], dtype=np.int64),
        names=NAMES,
        values=values,
        system=np.array([q in system for q in queryids], dtype=np.bool_),
    )


def incident(queryid: int, onset: datetime, closed_at: datetime | None = None) -> Incident:
    return Incident(
        incident_id="i1",
        key=key(queryid),
        kind=IncidentKind.LATENCY,
        onset=onset,
        opened_at=onset,
        told=True,
        peak=9.0,
        impact=0.1,
        reasons=(),
        last_odd_at=onset,
        closed_at=closed_at,
    )


def prepared(
    history: Sample, settings: ModelSettings = FEW, seed: int = 1, incidents: tuple[Incident, ...] = ()
) -> TrainingSet:
    done = training.prepare(history, settings, rng=np.random.default_rng(seed), incidents=incidents)
    assert isinstance(done, TrainingSet)
    return done


def rows_of(done: TrainingSet) -> dict[int, int]:
    ids, counts = np.unique(done.keys["queryid"], return_counts=True)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def test_a_frequent_statement_contributes_no_more_than_its_share():
    assert rows_of(prepared(sample({1: 400, 2: 15, 3: 4}))) == {1: 15, 2: 15, 3: 4}


def test_a_row_is_what_was_stored_and_whose_it_was():
    history = sample({1: 400, 2: 15})
    done = prepared(history)

    assert done.X.shape == (30, len(ALL_FEATURES))
    for queryid, end, row in zip(done.keys["queryid"], done.window_end_us, done.X, strict=True):
        (source,) = np.flatnonzero((history.keys["queryid"] == queryid) & (history.window_end_us == end))
        stored = [history.values[source, NAMES.index(name)] for name in ALL_FEATURES]
        assert row.tolist() == np.array(stored, np.float32).tolist()


def test_system_statements_do_not_train():
    assert rows_of(prepared(sample({1: 15, 2: 15, 3: 15}, system=(3,)))) == {1: 15, 2: 15}


def test_a_statement_does_not_train_while_an_incident_of_it_lasts():
    """From its onset to its close; other statements, and its own windows before and after, do."""
    lasted = incident(1, NOON - timedelta(minutes=9), NOON - timedelta(minutes=4))
    done = prepared(sample({1: 15, 2: 15}), incidents=(lasted,))

    assert rows_of(done) == {1: 10, 2: 15}
    assert not training.inside(done.keys, done.window_end_us, [lasted]).any()


def test_recent_windows_are_likelier_to_be_taken():
    """After a half-life half as likely: of three days a side, the newer one gives about twice as many rows."""
    settings = FEW.model_copy(update={"max_samples_per_queryid": 100})
    halves = {1: 4000, 2: 4000}
    done = prepared(sample(halves, every=timedelta(days=6) / 4000), settings)

    recent = int((done.window_end_us > (NOON - timedelta(days=3)).timestamp() * 1e6).sum())
    assert 110 < recent < 160
    assert recent < len(done)


def test_chance_comes_from_the_seed_alone():
    history = sample({1: 400, 2: 400})

    assert np.array_equal(prepared(history, seed=1).X, prepared(history, seed=1).X)
    assert not np.array_equal(prepared(history, seed=1).X, prepared(history, seed=2).X)


def test_no_training_is_larger_than_a_machine_can_bear(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pganomaly.training.sample.MOST_ROWS", 40)
    settings = FEW.model_copy(update={"max_samples_per_queryid": 100})

    assert len(prepared(sample(dict.fromkeys(range(10), 30)), settings)) == 40


@given(st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.integers(1, 40), max_size=6), st.integers(1, 20))
def test_what_is_missing_is_said_in_numbers(windows: dict[int, int], most: int):
    settings = FEW.model_copy(update={"max_samples_per_queryid": most})
    rows = sum(min(n, most) for n in windows.values())
    done = training.prepare(sample(windows), settings, rng=np.random.default_rng(1))

    if rows >= settings.min_rows and len(windows) >= settings.min_queryids:
        assert isinstance(done, TrainingSet)
        assert rows_of(done) == {q: min(n, most) for q, n in windows.items()}
    else:
        assert done == NotEnough(rows, sum(windows.values()), len(windows), settings)


def test_the_sentences_name_the_setting_that_stands_in_the_way():
    missing = NotEnough(rows=450, found=12_000, statements=9, settings=ModelSettings())

    assert [str(part) for part in training.describe(missing)] == [
        "Not enough different statements to train: 9 of 10 (MODEL_MIN_QUERYIDS).",
        "Not enough rows to train: 450 of 500 (MODEL_MIN_ROWS).",
        "There are 12000 rows, and a statement contributes 50 at most (MODEL_MAX_SAMPLES_PER_QUERYID).",
    ]


def test_an_order_fits_a_forest_that_says_what_it_learned_from():
    """The whole way: history, order, a real child process, the forest, the sentence."""
    done = prepared(sample({1: 15, 2: 15}))
    order = training.order(done, FEW, number=3, trained_at=NOON, rng=np.random.default_rng(5))
    child = subprocess.run(
        [sys.executable, *forest_request.COMMAND], input=order, capture_output=True, check=True, timeout=120
    )
    forest = forest_request.answer(child.stdout)

    said = [speaker("en").say(part.says, **part.facts) for part in training.describe(forest)]
    assert said == [
        f"Model baseline_v1.3: anomalous at or below {forest.threshold:.4f}.",
        "Trained on 30 rows of 2 statements, 2026-11-21 11:46 to 2026-11-21 12:00 UTC.",
    ]
    assert training.describe(done) == training.describe(forest)[1:]
    assert str(training.describe(Forest.untrained())[0]) == "There is no model yet."


def test_the_gate_lets_an_honest_training_pass():
    done = prepared(sample({1: 15, 2: 15}))
    elsewhere = incident(3, NOON - timedelta(minutes=5))
    over = incident(1, NOON - timedelta(minutes=9), NOON - timedelta(minutes=4))

    assert training.judge(done, FEW, [elsewhere, over]).accepted


def test_the_gate_refuses_what_would_learn_an_incident_that_opened_meanwhile():
    verdict = training.judge(prepared(sample({1: 15, 2: 15})), FEW, [incident(1, NOON - timedelta(minutes=3))])

    assert not verdict.accepted
    assert [str(part) for part in verdict.why] == [
        "The new model is kept out: it would learn an open incident (3 of its rows lie inside)."
    ]


def test_the_gate_refuses_too_small_a_training():
    verdict = training.judge(prepared(sample({1: 15, 2: 15})), ModelSettings(), [])

    assert not verdict.accepted
    assert "30 of 500" in str(verdict.why[1])


@pytest.mark.parametrize("wrong", [{"contamination": 0.7}, {"contamination": "some"}, {"alert_quantile": 0}])
def test_settings_outside_their_range_are_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError, match="validation error"):
        ModelSettings.model_validate(wrong)
