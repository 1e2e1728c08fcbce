"""What a script finds to do: each window once, in order, none skipped and none cut in half."""

import numpy as np
import pytest

from pganomaly import deltas, errors, features, pg
from pganomaly.records import Outsiders, Shapes
from pganomaly.storage import Store
from tests.builders import at, key, snapshot
from tests.storage import world
from tests.storage.keeper import Keeper

A, B = key(1), key(2)


def build_deltas(store: Store, keeper: Keeper) -> int:
    done = 0
    for pair in store.pending_deltas(1):
        with store.tick(keeper.lease) as work:
            work.window(deltas.between(pair.older, pair.newer, usual_s=pair.usual_s))
        done += 1
    return done


def build_features(store: Store, keeper: Keeper) -> int:
    done = 0
    for window in store.pending_features(1):
        with store.tick(keeper.lease) as work:
            work.features(features.build(window, Shapes(), Outsiders()))
        done += 1
    return done


def test_the_scripts_find_what_the_collector_left_and_then_nothing(store: Store, keeper: Keeper) -> None:
    for n in range(4):
        keeper.collect(snapshot(60 * n, {A: {"calls": n + 1}, B: {"calls": 1}}))
    assert (store.backlog(1).deltas, store.backlog(1).features, store.backlog(1).detection) == (3, 3, 3)

    assert build_deltas(store, keeper) == 3
    assert build_deltas(store, keeper) == 0
    assert build_features(store, keeper) == 3
    assert build_features(store, keeper) == 0

    keeper.collect(snapshot(240, {A: {"calls": 9}, B: {"calls": 2}}))
    assert build_deltas(store, keeper) == 1
    assert [w.deltas["calls"].sum() for w in store.windows(1, at(180))] == [6]


def test_nothing_waits_before_the_second_snapshot(store: Store, keeper: Keeper) -> None:
    assert build_deltas(store, keeper) == 0
    keeper.collect(snapshot(0, {A: {"calls": 1}}))
    assert build_deltas(store, keeper) == 0


def test_a_window_is_stored_once(store: Store, keeper: Keeper) -> None:
    keeper.tick(snapshot(0, {A: {"calls": 1}}))
    window = keeper.tick(snapshot(60, {A: {"calls": 2}}))
    assert window is not None

    def again() -> None:
        with store.tick(keeper.lease) as work:
            work.window(window)

    with pytest.raises(errors.AlreadyStored):
        again()
    with pytest.raises(errors.AlreadyStored):
        Keeper(store, keeper.lease).tick(snapshot(60, {A: {"calls": 2}}))
    assert len(list(store.windows(1, None))) == 1


def test_a_window_follows_the_one_before_or_is_refused(store: Store, keeper: Keeper) -> None:
    """Who goes on from an older memory than the store's would count the time between twice."""
    keeper.tick(snapshot(0, {A: {"calls": 1}}))
    forgetful = Keeper(store, keeper.lease, keeper.newest, keeper.reference)
    keeper.tick(snapshot(60, {A: {"calls": 2}}))
    with pytest.raises(errors.WindowOutOfPlace):
        forgetful.tick(snapshot(120, {A: {"calls": 3}}))
    keeper.tick(snapshot(180, {A: {"calls": 4}}))
    assert sum(w.deltas["calls"].sum() for w in store.windows(1, None)) == 3


def test_scripts_and_service_store_the_same(store: Store, keeper: Keeper) -> None:
    """Statements idle and busy, one that moves without a call: sums are the counters' to the last unit."""
    taken = world.snapshots(8, 40, np.random.default_rng(1), active=0.5)
    plans, calls = (world.NAMES.index(n) for n in ("plans", "calls"))
    column = taken[2].counters.values[:, 0].copy()
    for n in range(3, 8):
        column[plans] += n
        column[calls] += n in (5, 7)
        taken[n].counters.values[:, 0] = column

    for each in taken[:6]:
        keeper.collect(each)
    assert build_deltas(store, keeper) == 5
    for each in taken[6:]:
        keeper.tick(each)

    with pg.connect(store.conninfo) as conn:
        sums = conn.execute(
            "SELECT queryid, sum(calls_delta), sum(plans_delta), sum(wal_bytes_delta), sum(total_exec_time_delta)"
            " FROM monitoring.pgss_deltas GROUP BY queryid ORDER BY queryid"
        ).fetchall()
    grown = taken[-1].counters.values - taken[0].counters.values
    for row in sums:
        place = int(np.flatnonzero(taken[0].keys["queryid"] == row[0])[0])
        for name, total in zip(("calls", "plans", "wal_bytes"), row[1:4], strict=True):
            assert int(total) == grown[world.NAMES.index(name), place], name
        assert row[4] == pytest.approx(grown[world.NAMES.index("total_exec_time"), place], rel=1e-9)
    assert len(sums) == int((grown[calls] > 0).sum())


def test_a_row_limit_never_cuts_a_window_in_half_and_never_stops_for_ever(store: Store, keeper: Keeper) -> None:
    for n in range(4):
        keeper.tick(snapshot(60 * n, {key(k): {"calls": n + 1} for k in range(5)}))

    assert [len(w) for w in store.pending_detection(1, limit_rows=1)] == [5]
    assert [len(w) for w in store.pending_detection(1, limit_rows=11)] == [5, 5]
    assert [len(w) for w in store.pending_detection(1)] == [5, 5, 5]

    first, second = store.pending_detection(1, limit_rows=10)
    with store.tick(keeper.lease) as work:
        work.state(second.end, 0)
    assert [w.start for w in store.pending_detection(1)] == [second.end]
    assert store.backlog(1).detection == 1
    assert first.end < second.end


def test_detection_stops_before_a_window_that_waits_for_its_features(store: Store, keeper: Keeper) -> None:
    for n in range(3):
        keeper.tick(snapshot(60 * n, {A: {"calls": n + 1}}))
    keeper.collect(snapshot(180, {A: {"calls": 9}}))
    assert build_deltas(store, keeper) == 1
    keeper.tick(snapshot(240, {A: {"calls": 10}}))

    assert [w.end for w in store.pending_detection(1)] == [at(60), at(120)]
    assert build_features(store, keeper) == 1
    assert len(list(store.pending_detection(1))) == 4


def test_a_reset_is_respected_even_in_the_middle_of_a_tick(store: Store, keeper: Keeper) -> None:
    keeper.tick(snapshot(0, {A: {"calls": 1}}))
    keeper.tick(snapshot(60, {A: {"calls": 2}}))
    seen = store.state(1)
    with store.tick(keeper.lease) as work:
        assert work.state(at(60), 2, seen=seen)
    seen = store.state(1)
    assert seen is not None
    assert (seen.last_window_end, seen.streak) == (at(60), 2)

    with pg.connect(store.conninfo) as conn:
        conn.execute(
            "UPDATE monitoring.detector_state SET last_window_end = NULL, bad_runs_streak = 0, updated_at = now()"
            " WHERE id = 1"
        )
    with store.tick(keeper.lease) as work:
        assert not work.state(at(120), 3, seen=seen)
    state = store.state(1)
    assert state is not None
    assert state.last_window_end is None
    assert state.told_after == state.updated_at
    assert len(list(store.pending_detection(1))) == 1

    with store.tick(keeper.lease) as work:
        assert work.state(at(60), 0, seen=state)
    after = store.state(1)
    assert after is not None
    assert after.told_after == state.updated_at, "what ended before the reset stays untold for ever"
