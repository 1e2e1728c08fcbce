"""Rows are stored for what moved only, and any moment is whole again when it is read."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pganomaly import pg
from pganomaly.records import Key, Quality, Snapshot, Window, locate
from pganomaly.storage import Holder, Store
from pganomaly.storage.snapshots import WALK_LIMIT
from tests.builders import SERVER, at, key, restarted, snapshot
from tests.storage.keeper import Keeper

A, B, C = key(1), key(2), key(2, toplevel=False)
Entries = Mapping[Key, Mapping[str, float]]


def shown(store: Store, seconds: float) -> dict[Key, float]:
    """What the function for people shows: total_exec_time per entry."""
    with pg.connect(store.conninfo) as conn:
        rows = conn.execute(
            "SELECT dbid, userid, queryid, toplevel, total_exec_time FROM monitoring.pgss_snapshot(%s)", (at(seconds),)
        ).fetchall()
    assert len({row[:4] for row in rows}) == len(rows)
    return {Key(*row[:4]): row[4] for row in rows}


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots hold the same, in whatever order."""
    place = locate(one.keys, other.keys)
    return (
        len(one) == len(other)
        and bool((place >= 0).all())
        and np.array_equal(one.counters.values, other.counters.values[:, place], equal_nan=True)
        and np.array_equal(one.stats_since_us, other.stats_since_us[place])
        and one.epoch == other.epoch
        and one.clock == other.clock
    )


def test_only_what_moved_is_stored_and_every_moment_is_shown(store: Store, keeper: Keeper) -> None:
    assert keeper.collect(snapshot(0, {A: {"calls": 1, "total_exec_time": 1}, B: {"calls": 1}})).rows == 2
    assert keeper.collect(snapshot(60, {A: {"calls": 2, "total_exec_time": 2.5}, B: {"calls": 1}})).rows == 1
    assert keeper.collect(snapshot(120, {A: {"calls": 2, "total_exec_time": 2.5}, B: {"calls": 1}})).rows == 0

    assert shown(store, 0) == {A: 1, B: 0}
    assert shown(store, 59) == {A: 1, B: 0}
    assert shown(store, 60) == {A: 2.5, B: 0}
    assert shown(store, 1e6) == {A: 2.5, B: 0}
    assert shown(store, -1) == {}


def test_an_entry_that_vanished_leaves_a_tombstone(store: Store, keeper: Keeper) -> None:
    keeper.collect(snapshot(0, {A: {"calls": 1}, B: {"calls": 1}, C: {"calls": 1}}))
    assert keeper.collect(snapshot(60, {A: {"calls": 1}, C: {"calls": 1}})).rows == 1
    keeper.collect(snapshot(120, {A: {"calls": 1}, B: {"calls": 3}, C: {"calls": 1}}))

    assert set(shown(store, 0)) == {A, B, C}
    assert set(shown(store, 60)) == {A, C}
    assert set(shown(store, 120)) == {A, B, C}


def test_a_snapshot_is_whole_at_a_start_on_a_new_day_and_when_the_walk_gets_long(store: Store, keeper: Keeper) -> None:
    idle: Entries = {key(n): {"calls": 1} for n in range(10)}
    assert keeper.collect(snapshot(0, idle)).whole
    assert not keeper.collect(snapshot(60, idle)).whole
    assert keeper.collect(snapshot(12 * 3600, idle)).whole, "midnight has passed"

    again = Keeper(store, keeper.lease)
    assert again.collect(snapshot(13 * 3600, idle)).whole, "a start"

    wholes = 0
    for n in range(1, 3 * WALK_LIMIT):
        busy: Entries = {**idle, **{key(k): {"calls": n + 1} for k in range(5)}}
        wholes += again.collect(snapshot(13 * 3600 + n, busy)).whole
    assert wholes == 1, "half of them ran, so the limit is reached once"


def test_a_snapshot_whose_predecessor_is_not_in_the_store_is_whole(keeper: Keeper) -> None:
    keeper.collect(snapshot(0, {A: {"calls": 1}, B: {"calls": 1}}))
    keeper.newest = snapshot(60, {A: {"calls": 2}, B: {"calls": 2}})  # this one was never committed

    assert keeper.collect(snapshot(120, {A: {"calls": 3}, B: {"calls": 2}})).rows == 2


def test_what_moved_without_a_call_waits_for_the_next_one(store: Store, keeper: Keeper) -> None:
    """A plan that failed is counted in the window of the next call, also after a restart in between."""
    keeper.tick(snapshot(0, {A: {"calls": 5, "plans": 5}}))
    keeper.tick(snapshot(60, {A: {"calls": 5, "plans": 6}}))
    keeper.tick(snapshot(120, {A: {"calls": 5, "plans": 8}}))

    latest = store.latest(1)
    assert latest is not None
    assert latest.newest.counters["plans"] == [8]
    assert latest.reference.counters["plans"] == [5]

    reborn = Keeper(store, keeper.lease, latest.newest, latest.reference)
    window = reborn.tick(snapshot(180, {A: {"calls": 6, "plans": 9}}))
    assert window is not None
    assert window.deltas["plans"] == [4]
    (before,) = [w.before["plans"] for w in store.windows(1, at(120))]
    assert before == [5]


def test_the_reference_survives_a_whole_snapshot_and_the_loss_of_older_rows(store: Store, keeper: Keeper) -> None:
    keeper.tick(snapshot(0, {A: {"calls": 5, "plans": 5}}))
    keeper.tick(snapshot(60, {A: {"calls": 5, "plans": 6}}))
    keeper.tick(snapshot(13 * 3600, {A: {"calls": 5, "plans": 7}}))
    with pg.connect(store.conninfo) as conn:
        conn.execute("DROP TABLE monitoring.pgss_snapshots_raw_20261121")

    latest = store.latest(1)
    assert latest is not None
    assert latest.newest.counters["plans"] == [7]
    assert latest.reference.counters["plans"] == [5]
    assert len(shown(store, 14 * 3600)) == 1


def test_everything_about_a_snapshot_comes_back(store: Store, keeper: Keeper) -> None:
    since = {A: -5.25, B: 7.000001}
    taken = snapshot(9, {A: {"calls": 2**53}, B: {"total_exec_time": 0.1}}, since=since, dealloc=3, hidden=4)
    taken = replace(taken, server_clock=at(1), interval_s=2.5)
    taken.counters["wal_bytes"][:] = np.nan
    keeper.collect(taken)

    latest = store.latest(1)
    assert latest is not None
    assert same(latest.newest, taken)
    got = latest.newest
    assert (got.entries_max, got.dealloc, got.hidden, got.interval_s) == (5000, 3, 4, 2.5)
    assert np.isnan(got.monotonic_s)


def test_windows_come_back_as_they_were_made(store: Store, keeper: Keeper) -> None:
    first: Entries = {A: {"calls": 3, "total_exec_time": 6.5, "stddev_exec_time": 0.75}, B: {"calls": 1}}
    then: Entries = {A: {"calls": 9, "total_exec_time": 99.25, "stddev_exec_time": 9.5}, C: {"calls": 2}}
    keeper.tick(snapshot(0, first, since={A: -9, B: -9}))
    made = keeper.tick(snapshot(60.5, then, since={A: -9, C: 30}, epoch=restarted(SERVER, 5)))
    assert made is not None
    assert made.quality is Quality.RESTARTED

    (read,) = store.windows(1, None)
    _assert_same_window(read, made)


def test_where_raw_rows_are_gone_the_past_is_unknown_and_not_zero(store: Store, keeper: Keeper) -> None:
    keeper.tick(snapshot(0, {A: {"calls": 3}}))
    keeper.tick(snapshot(60, {A: {"calls": 4}}))
    with pg.connect(store.conninfo) as conn:
        conn.execute("TRUNCATE monitoring.pgss_snapshots_raw")
    (window,) = store.windows(1, None)
    assert window.deltas["calls"] == [1]
    assert np.isnan(window.before.values).all()


@pytest.mark.parametrize("seconds", [-40 * 365 * 86400, 60 * 365 * 86400])
def test_no_tick_fails_for_want_of_a_partition(store: Store, keeper: Keeper, seconds: float) -> None:
    """Clocks of watched servers are what they are."""
    keeper.tick(snapshot(seconds, {A: {"calls": 1}}))
    keeper.tick(snapshot(seconds + 60, {A: {"calls": 2}}))
    keeper.tick(snapshot(seconds + 86400, {A: {"calls": 3}}))
    assert [len(w) for w in store.windows(1, None)] == [1, 1]


COUNTS = st.integers(0, 2**53)
TIMES = st.floats(0, 1e15)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([A, B, C, key(-(2**63)), key(2**63 - 1), key(3, dbid=2**32 - 1)]),
            st.fixed_dictionaries({"calls": COUNTS, "plans": COUNTS, "wal_bytes": COUNTS, "total_exec_time": TIMES}),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_any_history_of_entries_comes_back(store: Store, history: list[Entries]) -> None:
    """Appear, move, move without a call, vanish, return: newest is the truth, reference what deltas count from."""
    instance = store.instance(f"server {len(store.instances())}")
    keeper = Keeper(store, store.acquire(instance, Holder.this("the test"), ttl_s=60))
    for n, entries in enumerate(history):
        keeper.collect(snapshot(n, entries))
        latest = store.latest(instance)
        assert latest is not None
        assert keeper.newest is not None
        assert keeper.reference is not None
        assert same(latest.newest, keeper.newest)
        assert same(latest.reference, keeper.reference)


def _assert_same_window(read: Window, made: Window) -> None:
    place = locate(made.keys, read.keys)
    assert len(made) == len(read)
    assert (made.start, made.end, made.length_s, made.quality) == (read.start, read.end, read.length_s, read.quality)
    assert np.array_equal(made.doubtful, read.doubtful[place])
    assert np.array_equal(made.deltas.values, read.deltas.values[:, place], equal_nan=True)
    for name in made.before.names:
        if name in ("min_exec_time", "max_exec_time"):
            continue  # the fastest and slowest call before a window are not kept
        assert read.before[name][place] == pytest.approx(made.before[name], rel=1e-9), name
