"""What happens to a watched server: windows say so, deltas stay true, nobody is alarmed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pganomaly import pg
from pganomaly.pg.embedded import Server
from tests.service.watching import by_hand
from tests.stories.town import CUMULATIVE, SHAPES, Shop, ask, told, until


def _restart(server: Server, shop: Shop) -> None:
    server.restart()


def _crash(server: Server, shop: Shop) -> None:
    """kill -9 of a backend: PostgreSQL starts over, and forgets its statistics."""
    with pg.connect(server.conninfo()) as conn:
        started = conn.execute("SELECT pg_postmaster_start_time()").fetchone()
        os.kill(conn.info.backend_pid, signal.SIGKILL)
    until(lambda: ask(server.conninfo(), "SELECT NOT pg_is_in_recovery()"), "the server is back", 30)
    with pg.connect(server.conninfo()) as conn:
        assert conn.execute("SELECT pg_postmaster_start_time()").fetchone() == started


def _reset_all(server: Server, shop: Shop) -> None:
    with pg.connect(server.conninfo("shop")) as conn:
        conn.execute("SELECT pg_stat_statements_reset()")


def _reset_one(server: Server, shop: Shop) -> None:
    with pg.connect(server.conninfo("shop")) as conn:
        conn.execute(
            "SELECT pg_stat_statements_reset(userid, dbid, queryid) FROM pg_stat_statements"
            " WHERE query LIKE 'SELECT max(id)%'"
        )


@pytest.fixture(scope="module")
def watched():
    with Server() as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("CREATE DATABASE shop")
        with pg.connect(server.conninfo("shop")) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
        yield server, Shop.opened(server.conninfo("shop"))


@pytest.mark.parametrize(
    ("upheaval", "quality"),
    [(_restart, "restarted"), (_crash, "reset"), (_reset_all, "reset"), (_reset_one, "ok")],
    ids=["restart", "crash", "reset of all", "reset of one"],
)
def test_no_false_delta(
    watched: tuple[Server, Shop],
    database: pg.Conninfo,
    tmp_path: Path,
    upheaval: Callable[[Server, Shop], None],
    quality: str,
):
    """Every statement runs twice before and five times after: no window may ever say more than that."""
    server, shop = watched
    shop.work()
    with by_hand(told(shop_admin(shop), tmp_path, baseline_windows=2), database, channels=("telegram",)) as hand:
        hand.tick()
        for _ in range(3):
            shop.work(3)
            hand.tick()
        shop.work(2)
        upheaval(server, shop)
        shop.work(5)
        began = time.monotonic()
        while len(ask(database, "SELECT array_agg(quality ORDER BY snapshot_ts) FROM monitoring.snapshots")) < 5:
            assert time.monotonic() - began < 30
            hand.tick()
        shop.work(3)
        hand.tick()
        assert hand.watch._observer.memory.judgement.desk.open == ()

    qualities = ask(database, "SELECT array_agg(quality ORDER BY snapshot_ts) FROM monitoring.snapshots")
    assert qualities[4] == quality
    assert qualities[5] == "ok"
    role = ask(server.conninfo(), "SELECT oid::bigint FROM pg_roles WHERE rolname = %s", shop.role)
    with pg.connect(database) as conn:
        most = conn.execute(
            "SELECT window_end, min(calls_delta)::int, max(calls_delta)::int, count(*)::int FROM monitoring.pgss_deltas"
            " WHERE userid = %s GROUP BY 1 ORDER BY 1",
            (role,),
        ).fetchall()
        low = ", ".join(f"min({name}_delta)" for name in CUMULATIVE)
        assert all(
            v is None or v >= 0 for v in conn.execute(f"SELECT {low} FROM monitoring.pgss_deltas").fetchone() or ()
        )
    # How often each ran in a window that is told: 3, 3, 3, in the fifth 5 or 7 (nothing was lost), then 3 again.
    assert [row[1:3] for row in most[:3]] == [(3, 3)] * 3
    assert most[-1][1:] == (3, 3, len(SHAPES))
    assert all(row[2] <= 7 for row in most)
    assert ask(database, "SELECT count(*) FROM monitoring.outbox") == 0


def shop_admin(shop: Shop) -> pg.Conninfo:
    """Return the way in of somebody who may watch."""
    return pg.Conninfo(shop.conninfo.host, shop.conninfo.port, shop.conninfo.dbname, "postgres")
