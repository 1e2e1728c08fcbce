"""An index that was in use and is not any more: what two or three readings of its table say of it."""

from datetime import UTC, datetime, timedelta

import pytest

from pganomaly.collect import evidence_compare
from pganomaly.collect.evidence_tables import Tables
from pganomaly.records.evidence import IndexState, TableState
from pganomaly.records.reference import IndexThen, TableThen

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ORDERS = "public.orders"
HOUR_S = 3600.0
A_MOMENT_S = 2.0


def table(after_s: float, *, by_customer: float, by_day: float, usual_per_s: float | None = None) -> TableThen:
    """Two indexes after so many scans, at a moment in seconds after noon."""
    state = TableState(NOON + timedelta(seconds=after_s), 50_000, 0, 50_000, 4_000_000, 0, None, None)
    indexes = tuple(
        IndexThen(name, f"CREATE INDEX {name} ON orders ({column})", False, True, 100_000, scans, usual_per_s)
        for name, column, scans in (("by_customer", "customer", by_customer), ("by_day", "day", by_day))
    )
    counts = {"seq_scans": 0.0, "index_scans": by_customer + by_day}
    return TableThen(1, state, counts, {}, indexes)


def unused(then: TableThen, now: TableThen, later: TableThen | None, **unused_s: float) -> list[str]:
    """Return the indexes that are found to be out of use; unused_s by index, where the server says so much."""
    since = {(ORDERS, name): seconds for name, seconds in unused_s.items()}
    after = Tables({ORDERS: later}) if later is not None else None
    found = evidence_compare.indexes({ORDERS: then}, Tables({ORDERS: now}, unused_s=since), after)
    assert all(index.state is IndexState.UNUSED and index.changed for index in found)
    return [index.name for index in found]


THEN = table(0, by_customer=10_000, by_day=10_000, usual_per_s=10.0)
NOW = table(HOUR_S, by_customer=45_000, by_day=46_000)


@pytest.mark.parametrize(("unused_s", "found"), [(60.0, ["by_customer"]), (20.0, ["by_customer"]), (19.0, [])])
def test_the_server_says_since_when_an_index_was_not_used(unused_s: float, found: list[str]) -> None:
    """From 16 on. It must be long enough ago, whatever the rate."""
    assert unused(THEN, NOW, None, by_customer=unused_s, by_day=0.1) == found


def test_a_pause_that_is_usual_is_none() -> None:
    """One scan in five minutes: a minute without one says nothing, an hour does."""
    then = table(0, by_customer=10, by_day=10, usual_per_s=1 / 300)
    now = table(HOUR_S, by_customer=20, by_day=20)
    assert unused(then, now, None, by_customer=60.0, by_day=60.0) == []
    assert unused(then, now, None, by_customer=HOUR_S, by_day=60.0) == ["by_customer"]


def test_without_its_word_the_other_index_of_the_table_must_have_moved_meanwhile() -> None:
    """Before 16: sessions report about once a second, so that a table on which nothing moved says nothing."""
    later = table(HOUR_S + A_MOMENT_S, by_customer=45_000, by_day=46_050)
    assert unused(THEN, NOW, later) == ["by_customer"]
    assert unused(THEN, NOW, table(HOUR_S + A_MOMENT_S, by_customer=45_000, by_day=46_000)) == []
    assert unused(THEN, NOW, None) == [], "read only once"
    assert unused(THEN, NOW, table(HOUR_S + A_MOMENT_S, by_customer=45_030, by_day=46_050)) == [], "both are in use"


def test_a_moment_is_too_short_for_an_index_that_is_seldom_used() -> None:
    then = table(0, by_customer=10_000, by_day=10_000, usual_per_s=1.0)
    assert unused(then, NOW, table(HOUR_S + A_MOMENT_S, by_customer=45_000, by_day=46_050)) == []


def test_an_index_that_was_never_used_is_no_news() -> None:
    then = table(0, by_customer=0, by_day=10_000, usual_per_s=0.0)
    now = table(HOUR_S, by_customer=0, by_day=46_000)
    later = table(HOUR_S + A_MOMENT_S, by_customer=0, by_day=46_050)
    assert unused(then, now, later) == []
    assert unused(then, now, later, by_customer=HOUR_S, by_day=0.1) == []
