"""What ends a server's counters, and that each end is seen: resets, evictions, crashes, restarts, promotion."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from pganomaly import deltas, errors, pg
from pganomaly.collect import Session, Target
from pganomaly.pg.binaries import account
from pganomaly.pg.embedded import Server
from pganomaly.records import Key, Quality, Snapshot, Window
from tests.collect.conftest import Watch, Watched, texts_of
from tests.conftest import server_of_major

CRASHED = "all server processes terminated; reinitializing"
"""What the postmaster logs when it starts anew after a crash of one of its children."""


@pytest.fixture(scope="module", params=[13, 16, 18])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One server per way to date entries: not at all, statistics as a whole, every entry."""
    with server_of_major(request.param, settings={"pg_stat_statements.max": 100}) as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
        yield server


@pytest.fixture
def shop(server: Server, watch: Watch) -> Watched:
    with pg.connect(server.conninfo()) as conn:
        conn.execute("SELECT pg_stat_statements_reset()")
    return watch(server.conninfo())


def key_of(shop: Watched, marker: str) -> Key:
    """The key of the statement that says *marker*, asked for behind the back of the session."""
    with pg.connect(shop.conninfo) as conn:
        row = conn.execute(
            "SELECT dbid::bigint, userid::bigint, queryid FROM pg_stat_statements WHERE strpos(query, %s) > 0 "
            "AND strpos(query, 'strpos') = 0",
            (marker,),
        ).fetchone()
    assert row is not None
    return Key(*row)


def calls(window: Window, key: Key) -> float | None:
    found = [n for k, n in zip(window.keys.tolist(), window.deltas["calls"], strict=True) if tuple(k) == key]
    return found[0] if found else None


def window_around(shop: Watched, older: Snapshot) -> Window:
    return deltas.between(older, shop.read().snapshot)


def dated(server: Server) -> bool:
    with pg.connect(server.conninfo()) as conn:
        return conn.info.server_version >= 170000


def test_a_reset_of_everything_silences_the_window(server: Server, shop: Watched) -> None:
    shop.execute(*["SELECT 1 AS before_reset_of_all"] * 9)
    older = shop.read().snapshot
    shop.execute("SELECT pg_stat_statements_reset()", "SELECT 1 AS before_reset_of_all")
    window = window_around(shop, older)
    assert Quality.RESET == window.quality
    assert calls(window, key_of(shop, "before_reset_of_all")) in (None, 1)


def test_a_reset_of_one_entry_gives_no_false_delta(shop: Watched) -> None:
    shop.execute(*["SELECT 1 AS reset_alone"] * 9)
    key = key_of(shop, "reset_alone")
    older = shop.read().snapshot
    shop.execute(f"SELECT pg_stat_statements_reset({key.userid}, {key.dbid}, {key.queryid})")
    shop.execute(*["SELECT 1 AS reset_alone"] * 2)
    window = window_around(shop, older)
    assert Quality.OK == window.quality
    assert calls(window, key) in (None, 2)


def test_a_reset_of_extremes_alone_costs_no_delta(server: Server, shop: Watched) -> None:
    if not dated(server):
        pytest.skip("extremes can be reset alone from 17 on")
    shop.execute(*["SELECT 1 AS extremes"] * 9)
    key = key_of(shop, "extremes")
    older = shop.read().snapshot
    shop.execute("SELECT pg_stat_statements_reset(0, 0, 0, true)", *["SELECT 1 AS extremes"] * 2)
    window = window_around(shop, older)
    assert Quality.OK == window.quality
    assert 2 == calls(window, key)


def test_an_evicted_entry_that_returns_is_never_a_wrong_number_without_a_doubt(server: Server, shop: Watched) -> None:
    """Truth is 5 calls; a naive delta says 4, and nothing is negative."""
    shop.execute("SELECT 1 AS comes_and_goes")
    key = key_of(shop, "comes_and_goes")
    older = shop.read().snapshot
    with pg.connect(shop.conninfo) as conn:
        for number in range(300):
            shape = ", ".join("1" if number >> bit & 1 else "'x'" for bit in range(9))
            for _ in range(3):
                conn.execute(f"SELECT {shape}".encode())
    shop.execute(*["SELECT 1 AS comes_and_goes"] * 5)
    newer = shop.read().snapshot
    window = deltas.between(older, newer)
    assert 100 == newer.entries_max
    if newer.dealloc is not None and older.dealloc is not None:
        assert newer.dealloc > older.dealloc
    place = [i for i, k in enumerate(window.keys.tolist()) if tuple(k) == key]
    for i in place:
        if dated(server):
            assert 5 == window.deltas["calls"][i]
        else:
            assert window.doubtful[i] or 5 == window.deltas["calls"][i]


def test_a_backend_killed_empties_the_counters_and_costs_no_reading(server: Server, shop: Watched) -> None:
    """The postmaster lives on: only the counters (on 13) or their reset date (from 14 on) tell."""
    shop.execute(*["SELECT 1 AS before_the_crash"] * 9, *(f"SELECT {'1, ' * n} 2" for n in range(40)))
    older = shop.read().snapshot
    crashes = server.log_text().count(CRASHED)
    with pg.connect(server.conninfo()) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")
    wait_until_up_again(server, crashes)
    shop.execute("SELECT 1 AS before_the_crash")
    newer = shop.read().snapshot
    assert older.epoch.postmaster_start == newer.epoch.postmaster_start
    window = deltas.between(older, newer)
    assert Quality.RESET == window.quality
    assert calls(window, key_of(shop, "before_the_crash")) in (None, 1)


def test_a_restart_is_seen_and_costs_no_reading(server: Server, shop: Watched) -> None:
    shop.execute(*["SELECT 1 AS before_the_restart"] * 9)
    older = shop.read().snapshot
    server.restart()
    shop.execute(*["SELECT 1 AS before_the_restart"] * 2)
    window = window_around(shop, older)
    assert Quality.RESTARTED == window.quality
    assert calls(window, key_of(shop, "before_the_restart")) in (None, 2)


def test_a_server_that_is_down_is_said_and_found_again(server: Server, shop: Watched) -> None:
    shop.read()
    server.stop()
    with pytest.raises(errors.ConnectError):
        shop.read()
    server.start()
    assert len(shop.read().snapshot) > 0


def wait_until_up_again(server: Server, crashes: int) -> None:
    """Wait until the postmaster has noticed one more crash and is through with it."""
    for _ in range(1000):
        if server.log_text().count(CRASHED) > crashes:
            with suppress(errors.ConnectError), pg.connect(server.conninfo()):
                return
        time.sleep(0.02)
    pytest.fail("the server did not come up again")


def copy_of(primary: Server, folder: Path) -> Path:
    """A base backup of the primary that follows it."""
    target = folder / "data"
    who = account()
    folder.chmod(0o755)
    if who:
        os.chown(folder, who["user"], who["group"])
    subprocess.run(
        [
            *(primary.binaries.program("pg_basebackup"), "-D", target, "-R", "-c", "fast", "-X", "stream"),
            *("-h", primary.folder, "-p", str(primary.port), "-U", "postgres"),
        ],
        check=True,
        env={"PATH": os.environ["PATH"]},
        **who,
    )
    return target


def test_a_standby_is_watched_and_its_promotion_seen(watch: Watch) -> None:
    with Server(settings={"max_wal_senders": 4}) as primary:
        with pg.connect(primary.conninfo()) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
        folder = primary.folder / "standby"
        folder.mkdir()
        template = copy_of(primary, folder)
        with Server(template=template) as standby:
            reader = watch(standby.conninfo())
            older = reader.read().snapshot
            shop_reads = "SELECT count(*) AS read_on_a_standby FROM pg_class"
            reader.execute(shop_reads, shop_reads)
            reading = reader.read()
            assert any("read_on_a_standby" in text for text in texts_of(reading))
            window = deltas.between(older, reading.snapshot)
            assert Quality.OK == window.quality
            assert 2 == calls(window, key_of(reader, "read_on_a_standby"))
            assert reading.snapshot.epoch.in_recovery
            here = watch(primary.conninfo()).read().snapshot.epoch
            assert here.system_identifier == reading.snapshot.epoch.system_identifier

            reader.execute("SELECT pg_promote()")
            promoted = reader.read().snapshot
            reader.execute("CHECKPOINT")
            settled = reader.read().snapshot
            assert not promoted.epoch.in_recovery
            assert 2 == promoted.epoch.timeline
            assert promoted.epoch == settled.epoch, "a promotion is one change, not two"
            assert Quality.FAILED_OVER == deltas.between(reading.snapshot, promoted).quality


def test_a_session_closes_cleanly_and_can_be_used_again(database: pg.Conninfo) -> None:
    session = Session(Target("test", database))
    session.probe()
    session.close()
    session.close()
    with pg.connect(database, application_name="shop") as conn:
        ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pganomaly' AND datname = %s"
        for _ in range(500):  # a backend takes a moment to notice that its client has gone
            if conn.execute(ours, (database.dbname,)).fetchone() == (0,):
                break
            time.sleep(0.02)
        else:
            pytest.fail("the session is still there")
    assert session.probe().server.database == database.dbname
    session.close()
