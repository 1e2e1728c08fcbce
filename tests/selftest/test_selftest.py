"""What a self-test says, and what it never does."""

from dataclasses import replace

import numpy as np
import pytest

from pganomaly import features, selftest
from pganomaly.messages import speaker
from pganomaly.pipeline import Rules
from pganomaly.records import Outsiders, Shapes, Window
from pganomaly.selftest import Cell, Crowd, NotEnough, SelfTest, slower
from tests.builders import NOON
from tests.selftest.traffic import Recording

DAY = 60
RULES = Rules(day_windows=DAY)


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    return list(Recording.of(12, 2 * DAY, np.random.default_rng(5), day_windows=DAY).windows())


def measured(windows: list[Window], seed: int = 1) -> SelfTest | NotEnough:
    return selftest.run(
        lambda: windows, shapes=Shapes(), outsiders=Outsiders(), rules=RULES, rng=np.random.default_rng(seed),
        trials=24, patience=10,
    )  # fmt: skip


def test_larger_changes_are_found_more_often_and_sooner(windows: list[Window]):
    result = measured(windows)

    assert isinstance(result, SelfTest)
    powers = [result.cell(size).power for size in selftest.SIZES]  # type: ignore[union-attr]
    assert powers == sorted(powers)
    assert powers[0] < 0.5
    assert powers[-1] > 0.9
    delays = [result.cell(size).delay for size in (3.0, 20.0)]  # type: ignore[union-attr]
    assert delays[1] < delays[0]  # type: ignore[operator]


def test_one_seed_is_one_result(windows: list[Window]):
    assert measured(windows) == measured(windows)
    assert measured(windows) != measured(windows, seed=2)


def test_too_short_a_past_says_what_is_missing(windows: list[Window]):
    result = measured(windows[:30])

    assert result == NotEnough(windows=30, needed=40, statements=12)
    assert [str(part) for part in selftest.describe(result)] == [
        "Too little is stored to try anything: 30 of 40 windows."
    ]


def test_copies_change_neither_totals_nor_shares(windows: list[Window]):
    window = windows[0]
    crowd = Crowd.of(window.keys, 6, np.random.default_rng(1))
    joined = crowd.joining(window)

    assert len(joined) == len(window) * (1 + 6)
    assert len(np.unique(joined.keys)) == len(joined)
    alone, beside = (features.build(w, Shapes()).features["db_time_share"] for w in (window, joined))
    assert np.array_equal(beside[: len(alone)], alone)


def test_a_slower_statement_differs_in_its_time_alone(windows: list[Window]):
    window = windows[0]
    times = np.ones(len(window))
    times[0] = 3.0
    after = slower(window, times)

    assert after.deltas["total_exec_time"][0] == 3 * window.deltas["total_exec_time"][0]
    assert after.deltas["exec_m2"][0] == pytest.approx(9 * window.deltas["exec_m2"][0])
    for name in window.deltas.names:
        assert np.array_equal(after.deltas[name][1:], window.deltas[name][1:], equal_nan=True)
        if name not in ("total_exec_time", "exec_m2"):
            assert np.array_equal(after.deltas[name], window.deltas[name], equal_nan=True)


def test_the_user_reads_one_sentence_in_his_language():
    """The last night found nothing wrong, the one before rang once: false alarms are those of both."""
    of_one_percent = Cell(size=3.0, share=0.01, tried=100, statements=20, found=95, delay=4.0, late_delay=9.0)
    night = SelfTest(
        since=NOON, upto=NOON, windows=1440, window_s=60.0, statements=20, other_statements=3, patience=30, alarms=0,
        days=1.0, cells=(replace(of_one_percent, share=None), of_one_percent),
    )  # fmt: skip
    (part,) = selftest.describe(night, past=[replace(night, alarms=1)])

    assert str(part) == (
        "On your traffic a query with 1 % of DB time that becomes 3x slower is found in 4 minutes, 95 of 100 times,"
        " at 0.5 false alarms a day."
    )
    assert "×3, обнаруживается за 4 мин в 95 случаях из 100" in speaker("ru").say(part.says, **part.facts)
