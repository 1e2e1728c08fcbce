"""Anomalies that stay: when the world is said to have changed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pganomaly import drift
from pganomaly.drift import DriftSettings, Streak
from pganomaly.records import Incident, IncidentKind, Member
from tests.builders import NOON, key
from tests.detectors.windows import Server, matrix

RULES = DriftSettings()


def incident(name: str, *, queryid: int = 1, odd_at: float = 1) -> Incident:
    end = NOON + timedelta(minutes=odd_at)
    return Incident(name, key(queryid), IncidentKind.LATENCY, NOON, end, True, 9.0, 0.1, (), end)


ONE = incident("one")


def runs(found: Iterable[Iterable[Incident]], *, minutes: float = 1.0) -> list[drift.Outcome]:
    outcomes, streak, announced = [], Streak(), set[str]()
    for n, incidents in enumerate(found):
        told = [replace(i, drift_announced=i.incident_id in announced) for i in incidents]
        outcome = drift.advance(streak, told, at=NOON + timedelta(minutes=n * minutes), settings=RULES)
        streak = outcome.streak
        announced |= {i.incident_id for i in outcome.confirmed}
        outcomes.append(outcome)
    return outcomes


def test_five_bad_runs_in_a_row_confirm_drift_and_the_streak_is_zero_again():
    outcomes = runs([[ONE]] * 5)

    assert [o.bad_runs for o in outcomes] == [1, 2, 3, 4, 5]
    assert [bool(o.confirmed) for o in outcomes] == [False] * 4 + [True]
    assert outcomes[-1].streak == Streak(0, NOON + timedelta(minutes=4))


def test_a_good_run_ends_a_streak():
    outcomes = runs([[ONE]] * 4 + [[]] + [[ONE]] * 4)

    assert not any(o.confirmed for o in outcomes)
    assert [o.streak.bad_runs for o in outcomes] == [1, 2, 3, 4, 0, 1, 2, 3, 4]


def test_drift_is_announced_once_per_incident():
    outcomes = runs([[ONE]] * 300)

    assert sum(bool(o.confirmed) for o in outcomes) == 1
    assert outcomes[-1].bad_runs == 5


def test_another_incident_is_announced_but_not_within_the_hour():
    outcomes = runs([[ONE]] * 10 + [[ONE, incident("two")]] * 100)
    confirmed = [n for n, o in enumerate(outcomes) if o.confirmed]

    assert confirmed == [4, 64]
    assert [i.incident_id for i in outcomes[64].confirmed] == ["two"]


def test_one_incident_in_many_windows_of_a_run_is_one():
    outcome = drift.advance(Streak(4), [ONE, ONE], at=NOON, settings=RULES)

    assert outcome.confirmed == (ONE,)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 8))
def test_a_streak_is_never_longer_than_its_limit_nor_than_the_bad_runs_before_it(bad, limit):
    streak, row = Streak(), 0
    for n, is_bad in enumerate(bad):
        found = [incident(f"number {n}")] if is_bad else []
        outcome = drift.advance(
            streak, found, at=NOON + timedelta(minutes=n), settings=DriftSettings(consecutive_limit=limit)
        )
        streak, row = outcome.streak, row + 1 if is_bad else 0
        assert outcome.bad_runs <= min(row, limit)
        assert bool(outcome.confirmed) <= (outcome.bad_runs == limit)


@pytest.mark.parametrize(
    ("work", "is_significant"),
    [
        ({"calls": 10, "ms": 19.9}, False),
        ({"calls": 10, "ms": 20.0}, True),
        ({"calls": 10, "ms": 1.0, "rows": 500_000}, True),
        ({"calls": 10, "ms": 1.0, "shared_blks_read": 2000}, True),
        ({"calls": 10, "ms": 1.0, "wal_bytes": 2_000_000}, True),
        ({"calls": 10, "ms": 1.0, "wal_bytes": 1_999_000}, False),
    ],
)
def test_an_alert_is_significant_from_any_limit_on(work, is_significant):
    found = drift.significant(matrix(1, {key(1): work}), [ONE], RULES)

    assert bool(found) is is_significant


def test_only_a_window_in_which_the_incident_was_odd_counts():
    heavy = matrix(2, {key(1): {"calls": 10, "ms": 100.0}})
    closed = replace(incident("two", odd_at=2), closed_at=NOON)

    assert drift.significant(heavy, [ONE, closed, incident("three", queryid=7, odd_at=2)], RULES) == ()
    assert drift.significant(heavy, [incident("one", odd_at=2)], RULES) == (incident("one", odd_at=2),)


@pytest.mark.parametrize("still", [True, False])
def test_a_statement_that_joined_an_incident_counts_while_it_misbehaves(still: bool):
    window = matrix(2, {key(9): {"calls": 1.0, "ms": 1600.0}})
    joined = Member(key(9), IncidentKind.NEW_HEAVY, NOON, still=still)
    found = drift.significant(window, [replace(incident("one", odd_at=2), members=(joined,))], RULES)

    assert bool(found) is still


def test_a_heavy_query_repeated_for_several_windows_confirms_drift():
    """The check that everybody makes: pg_sleep(5), again and again."""
    usual = {key(n): {"calls": 100.0, "ms": 2.0} for n in range(1, 30)}
    sleeping = {**usual, key(500): {"calls": 1.0, "ms": 5001.0}}
    server, streak = Server().live(usual, minutes=20), Streak()
    confirmed = []
    for n in range(1, 8):
        server.live(sleeping)
        window = matrix(server.minute, sleeping)
        found = drift.significant(window, server.desk.open, RULES)
        outcome = drift.advance(streak, found, at=window.window.end, settings=RULES)
        streak = outcome.streak
        confirmed += [n] * bool(outcome.confirmed)

    assert len(server.opened) == 1
    assert confirmed[0] == 5
