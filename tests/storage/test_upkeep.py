"""The store stays small and quick by itself, and never at the price of what it still needs."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from pganomaly import deltas, pg
from pganomaly.storage import Retention, Store, forecast
from pganomaly.storage.forecast import DELTA_BYTES, FEATURE_BYTES, RAW_BYTES
from tests.builders import NOON, at, key, snapshot
from tests.storage import world
from tests.storage.keeper import Keeper

DAY_S = 86_400
ROOMY = Retention(max_bytes=10**12)
GOAL_BYTES = 700


def parts(store: Store, table: str) -> list[str]:
    """Days or months of a table that hold rows."""
    with pg.connect(store.conninfo) as conn:
        names = conn.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1",
            (f"monitoring.{table}",),
        ).fetchall()
        return [
            name.removeprefix(f"monitoring.{table}_")
            for (name,) in names
            if conn.execute(f"SELECT 1 FROM {name} LIMIT 1".encode()).fetchone()
        ]


def live(keeper: Keeper, days: int) -> datetime:
    """Two windows a day, for some days; return the end of the last one."""
    for day in range(days):
        for second in (0, 60):
            calls = 1 + 2 * day + second // 60
            keeper.tick(snapshot(day * DAY_S + second, {key(1): {"calls": calls, "total_exec_time": 3 * calls}}))
    return at((days - 1) * DAY_S + 60)


def test_partitions_are_there_before_they_are_needed(store: Store) -> None:
    later = NOON + timedelta(days=40 + 10 * 365)
    made = store.upkeep(later, ROOMY).made
    assert {"pgss_deltas_20361228", "pgss_deltas_20361229", "rollups_203612", "rollups_203701"} <= set(made)
    assert store.upkeep(later, ROOMY).made == ()


def test_days_leave_when_their_time_is_over(store: Store, keeper: Keeper) -> None:
    end = live(keeper, days=12)
    done = store.upkeep(end, ROOMY)

    assert parts(store, "pgss_snapshots_raw") == ["20261201", "20261202"]
    assert parts(store, "pgss_deltas") == [f"202611{d}" for d in range(24, 31)] + ["20261201", "20261202"]
    assert parts(store, "features_windows") == parts(store, "pgss_deltas")
    assert "pgss_deltas_20261121" in done.dropped
    assert not done.waiting
    assert not done.too_large


def test_the_newest_whole_snapshot_is_never_dropped(store: Store, keeper: Keeper) -> None:
    """A server that was away for a month goes on where it was."""
    live(keeper, days=3)
    store.upkeep(NOON + timedelta(days=60), Retention(max_bytes=1))
    assert parts(store, "pgss_snapshots_raw") == ["20261123"]
    latest = store.latest(1)
    assert latest is not None
    assert latest.newest.counters["calls"] == [6]


def test_above_the_limit_the_oldest_days_go_raw_rows_first(store: Store, keeper: Keeper) -> None:
    end = live(keeper, days=4)
    keep = timedelta(days=99)
    store.upkeep(end, Retention(raw=keep, deltas=keep, features=keep))
    size = sum(store.sizes().values())

    limit = Retention(raw=keep, deltas=keep, features=keep, max_bytes=size - 1)
    done = store.upkeep(end, limit)
    assert done.dropped[0] == "pgss_snapshots_raw_20261121"
    assert len(done.dropped) == 1
    assert not done.too_large

    done = store.upkeep(end, Retention(raw=keep, deltas=keep, features=keep, max_bytes=1))
    assert [name.rpartition("_")[0] for name in done.dropped] == (
        ["pgss_snapshots_raw"] * 2 + ["pgss_deltas"] * 3 + ["features_windows"] * 3
    )
    assert done.too_large
    assert parts(store, "pgss_deltas") == ["20261124"], "today stays"


def test_a_reader_delays_a_day_and_blocks_nobody(store: Store, keeper: Keeper) -> None:
    end = live(keeper, days=3)
    with pg.connect(store.conninfo, autocommit=False) as reader:
        reader.execute("SELECT count(*) FROM monitoring.pgss_snapshots_raw_20261121")
        assert store.upkeep(end, ROOMY).waiting == ("pgss_snapshots_raw_20261121",)
        keeper.tick(snapshot(2 * DAY_S + 120, {key(1): {"calls": 9}}))
    assert store.upkeep(end, ROOMY).dropped == ("pgss_snapshots_raw_20261121",)


def test_hours_add_up_to_what_happened(store: Store, keeper: Keeper) -> None:
    taken = world.snapshots(130, 5, np.random.default_rng(2), active=0.7)
    for each in taken:
        keeper.tick(each)
    assert store.upkeep(taken[-1].taken_at, ROOMY).hours == 2
    assert store.upkeep(taken[-1].taken_at, ROOMY).hours == 0

    with pg.connect(store.conninfo) as conn:
        rows = conn.execute(
            "SELECT queryid, sum(calls), sum(total_exec_time), sum(rows), sum(windows), sum(exec_squares)"
            "  FROM monitoring.rollups GROUP BY queryid ORDER BY queryid"
        ).fetchall()
        seen = conn.execute("SELECT count(*), min(hour_start), max(hour_start) FROM monitoring.rollups").fetchone()
    grown = taken[120].counters.values - taken[0].counters.values
    for column, row in enumerate(rows):
        assert int(row[1]) == grown[world.NAMES.index("calls"), column]
        assert row[2] == pytest.approx(grown[world.NAMES.index("total_exec_time"), column])
        assert int(row[3]) == grown[world.NAMES.index("rows"), column]
        assert 0 < row[4] <= 120
        assert row[5] >= row[2] ** 2 / float(row[1]) * (1 - 1e-9), "mean of squares >= square of mean"
    assert seen == (10, NOON, NOON + timedelta(hours=1))


def test_an_hour_waits_for_its_last_window(store: Store, keeper: Keeper) -> None:
    keeper.tick(snapshot(0, {key(1): {"calls": 1}}))
    keeper.tick(snapshot(1800, {key(1): {"calls": 2}}))
    keeper.collect(snapshot(3600, {key(1): {"calls": 3}}))
    keeper.tick(snapshot(5400, {key(1): {"calls": 4}}))
    assert store.upkeep(at(5400), ROOMY).hours == 0

    for pair in store.pending_deltas(1):
        with store.tick(keeper.lease) as work:
            work.window(deltas.between(pair.older, pair.newer))
    assert store.upkeep(at(5400), ROOMY).hours == 1


def test_bytes_per_active_statement_and_window(store: Store, keeper: Keeper) -> None:
    """The goal: raw, delta and feature row together, every counter, indexes included."""
    windows, statements = 16, 4000
    for each in world.snapshots(windows, statements, np.random.default_rng(3)):
        keeper.tick(each)
    sizes = store.sizes()
    raw = sizes["pgss_snapshots_raw"] / windows / statements
    delta = sizes["pgss_deltas"] / (windows - 1) / statements
    feature = sizes["features_windows"] / (windows - 1) / statements
    assert raw + delta + feature <= GOAL_BYTES
    assert (raw, delta, feature) == pytest.approx((RAW_BYTES, DELTA_BYTES, FEATURE_BYTES), rel=0.06)


def test_the_forecast_is_what_a_day_becomes() -> None:
    day = Retention(raw=timedelta(0), deltas=timedelta(0), features=timedelta(0), rollups=timedelta(0))
    assert forecast(100, 60, day) == 1440 * 100 * (RAW_BYTES + DELTA_BYTES + FEATURE_BYTES)
    assert forecast(100, 30, day) == 2 * forecast(100, 60, day)
