from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from pganomaly import lexical, pg
from pganomaly.demo import mischief
from pganomaly.demo.flows import Visit, look_at_orders
from pganomaly.demo.traffic import statements
from tests.demo.patience import comes_true

FAULTS = mischief.everything()


@pytest.fixture
def entries(owner: pg.Connection) -> Iterator[Callable[[str], tuple[int, float]]]:
    """Calls and blocks per call of the statement with a fingerprint, since the test began."""
    owner.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    owner.execute("SELECT pg_stat_statements_reset()")

    def read(fingerprint: str) -> tuple[int, float]:
        rows = owner.execute(
            "SELECT query, calls, shared_blks_hit + shared_blks_read FROM pg_stat_statements"
            " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()
        found = [(calls, blocks) for text, calls, blocks in rows if lexical.describe(text).fingerprint == fingerprint]
        calls = sum(calls for calls, _ in found)
        return calls, sum(blocks for _, blocks in found) / max(calls, 1)

    yield read
    for fault in FAULTS:
        fault.undo(owner)


def test_a_dropped_index_costs_its_statement_many_times_the_blocks_until_undone(
    owner: pg.Connection, entries: Callable[[str], tuple[int, float]]
) -> None:
    def blocks_per_call() -> float:
        owner.execute("SELECT pg_stat_statements_reset()")
        for _ in range(30):
            look_at_orders(visit)
        return entries(*dropped.hits)[1]

    def run(name: str, **values: object) -> list[tuple[Any, ...]]:
        return owner.execute(statements()[name].encode(), values).fetchall()

    visit = Visit(run, owner.transaction, Random(1))
    dropped = mischief.IndexDropped()

    before = blocks_per_call()
    dropped.inject(owner)
    after = blocks_per_call()
    dropped.undo(owner)

    assert after > 20 * before > 0
    assert blocks_per_call() < 2 * before


def test_a_slow_call_comes_as_one_new_statement(
    owner: pg.Connection, entries: Callable[[str], tuple[int, float]]
) -> None:
    slow = mischief.SlowCall(seconds=1)
    slow.inject(owner)
    assert comes_true(lambda: entries(*slow.hits)[0] == 1)
    slow.undo(owner)


def test_a_slow_call_ends_when_undone(owner: pg.Connection, entries: Callable[[str], tuple[int, float]]) -> None:
    slow = mischief.SlowCall(seconds=600)
    slow.inject(owner)
    slow.undo(owner)
    assert entries(*slow.hits)[0] == 0


def test_a_burst_calls_the_very_statement_that_the_shop_calls(
    owner: pg.Connection, entries: Callable[[str], tuple[int, float]]
) -> None:
    burst = mischief.Burst()
    burst.inject(owner)
    assert comes_true(lambda: entries(*burst.hits)[0] >= 50)
    burst.undo(owner)
    users = "SELECT rolname FROM pg_roles r JOIN pg_stat_statements(false) s ON s.userid = r.oid WHERE s.calls >= 50"
    assert ("web",) in owner.execute(users.encode()).fetchall()


def test_undoing_what_was_not_done_changes_nothing(owner: pg.Connection) -> None:
    for fault in mischief.everything():
        fault.undo(owner)


def test_faults_differ_and_say_what_they_are() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) == len({hit for fault in FAULTS for hit in fault.hits})
    assert all(fault.says and fault.hits for fault in FAULTS)
