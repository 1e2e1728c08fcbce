"""Our own trouble: it costs no window, people hear of it past the store, and hear when it is over."""

from pathlib import Path

import pytest

from pganomaly import errors, pg
from pganomaly.pg.embedded import Server
from tests.service.watching import by_hand
from tests.stories.town import Shop, assert_adds_up, assert_whole, sums, told, until

TELEGRAM = ("telegram",)


def test_the_store_is_away_for_some_windows(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """Ticks wait in memory and are stored in their order; what is odd meanwhile is told at once, and once."""
    truth = shop.counters()
    with (
        Server() as away,
        by_hand(
            told(database, tmp_path, interval_s=2.0, baseline_windows=2), away.conninfo(), channels=TELEGRAM
        ) as hand,
    ):
        for _ in range(3):
            hand.tick()
            shop.work()
        away.stop()
        hand.tick()
        shop.execute(hand.slow_call())
        shop.work()
        hand.tick()
        shop.work()
        hand.tick()
        assert len(hand.watch._ledger) == 3
        until(lambda: any("cannot be written" in line for line in hand.flush()), "the news")
        assert sum("cannot be written" in line for line in hand.told()) == 1
        assert sum("pg_sleep" in line for line in hand.told()) == 1
        away.start()
        shop.work()
        hand.tick()
        assert len(hand.watch._ledger) == 0
        assert sum("can be written again" in line for line in hand.told()) == 1
        with pg.connect(away.conninfo()) as conn:
            # What was told meanwhile is not told again; the news as it stands by now may wait to replace it.
            again = "SELECT kind FROM monitoring.outbox WHERE kind <> 'incident.updated'"
            assert conn.execute(again).fetchall() == []

        assert_adds_up(truth, shop.counters(), sums(away.conninfo()))
        assert assert_whole(away.conninfo()) == 6


def test_the_store_is_full(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """The same, but the store says that its disk is full: that is what people are told."""
    truth = shop.counters()
    with by_hand(told(database, tmp_path), database, channels=TELEGRAM) as hand:
        hand.tick()
        with pg.connect(database) as conn:
            conn.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE disk_full USING MESSAGE = 'No space left on device'; END $$"
            )
            conn.execute("CREATE TRIGGER full_disk BEFORE INSERT ON monitoring.snapshots EXECUTE FUNCTION full_disk()")
        for _ in range(2):
            shop.work()
            hand.tick()
        assert [line for line in hand.told() if "the store is full" in line]
        assert len(hand.watch._ledger) == 2
        with pg.connect(database) as conn:
            conn.execute("DROP TRIGGER full_disk ON monitoring.snapshots")
        shop.work()
        hand.tick()
        assert [line for line in hand.told() if "the store has room again" in line]

    assert_adds_up(truth, shop.counters(), sums(database))
    assert_whole(database)


def test_somebody_drops_the_schema(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """A store that will never take this tick ends the watch; whoever begins anew makes the schema again."""
    with by_hand(told(database, tmp_path), database) as hand:
        hand.tick()
        with pg.connect(database) as conn:
            conn.execute("DROP SCHEMA monitoring CASCADE")
        shop.work()
        with pytest.raises(errors.StoreRefused):
            hand.tick()
        hand.session.close()
        hand.store.migrate()
        hand.start()
        hand.tick()
        truth = shop.counters()
        shop.work()
        hand.tick()

    assert_adds_up(truth, shop.counters(), sums(database))
    assert assert_whole(database) == 1
