"""Who is at work between two readings, on every version."""

import threading
import time
from collections.abc import Callable

from pganomaly import lexical, pg
from pganomaly.pg.embedded import Server
from pganomaly.records import Activity
from tests.collect.conftest import Watch, Watched


def until(shop: Watched, seen: Callable[[tuple[Activity, ...]], bool]) -> tuple[Activity, ...]:
    """Sample until something is seen; the test fails where it never is."""
    for _ in range(500):
        sample = shop.session.sample()
        if seen(sample):
            return sample
        time.sleep(0.01)
    raise AssertionError("never seen")


def test_a_wait_for_a_row_names_the_statement_and_the_blocker(any_server: Server, watch: Watch) -> None:
    shop = watch(any_server.conninfo())
    shop.execute("DROP TABLE IF EXISTS till", "CREATE TABLE till (n int)", "INSERT INTO till VALUES (1)")
    with pg.connect(any_server.conninfo(), autocommit=False, application_name="shop") as blocker:
        blocker.execute("UPDATE till SET n = 2")
        waiter = threading.Thread(target=shop.execute, args=("UPDATE till SET n = n + 3",))
        waiter.start()
        sample = until(shop, lambda sample: any(a.blocked_by for a in sample))
        blocking = blocker.info.backend_pid
        blocker.rollback()
    waiter.join()
    (waiting,) = [a for a in sample if a.blocked_by]
    assert (blocking,) == waiting.blocked_by
    assert ("active", "Lock") == (waiting.state, waiting.wait_event_type)
    assert waiting.query_age_s is not None
    assert waiting.query_age_s >= 0
    (holder,) = [a for a in sample if a.pid == blocking]
    assert "idle in transaction" == holder.state
    assert () == holder.blocked_by

    reading = shop.read()
    assert (waiting.query_id is None) == (not shop.session.probe().server.has_query_id)
    assert (waiting.query_id is None) == (waiting.fingerprint is not None)
    if waiting.query_id is not None:
        texts = {text.key.queryid: text.text for text in reading.texts}
        assert "UPDATE till SET n = n +" in (texts[waiting.query_id] or "")
    assert waiting in reading.activity
    assert () == shop.read().activity, "told once"


def test_a_wait_for_a_whole_table_has_no_query_id_yet_but_a_text(any_server: Server, watch: Watch) -> None:
    """It begins while the statement is still being analysed, before PostgreSQL knows which one it is."""
    shop = watch(any_server.conninfo())
    shop.execute("DROP TABLE IF EXISTS till", "CREATE TABLE till (n int)")
    with pg.connect(any_server.conninfo(), autocommit=False, application_name="shop") as blocker:
        blocker.execute("LOCK TABLE till")
        waiter = threading.Thread(target=shop.execute, args=("SELECT count(*) FROM till",))
        waiter.start()
        sample = until(shop, lambda sample: any(a.blocked_by for a in sample))
        blocker.rollback()
    waiter.join()
    (waiting,) = [a for a in sample if a.blocked_by]
    assert ("Lock", "relation") == (waiting.wait_event_type, waiting.wait_event)
    assert waiting.query_id is None
    assert lexical.describe("SELECT count(*) FROM till").fingerprint == waiting.fingerprint


def test_backups_idle_sessions_and_we_ourselves_are_left_out(pg18: Server, watch: Watch) -> None:
    shop = watch(pg18.conninfo())
    mine = []
    for name in ("pg_dump", "pganomaly"):
        conn = pg.connect(pg18.conninfo(), application_name=name, autocommit=False)
        conn.execute("SELECT 1")
        mine.append(conn)
    idle = pg.connect(pg18.conninfo(), application_name="shop")
    idle.execute("SELECT 1")
    pids = {conn.info.backend_pid for conn in [*mine, idle]}
    assert not pids & {a.pid for a in shop.session.sample()}
    for conn in [*mine, idle]:
        conn.close()
