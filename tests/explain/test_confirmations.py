"""A look, pasted while the fault is there, shows it: on the oldest and the newest server."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from pganomaly import lexical, pg
from pganomaly.explain import About, next_step
from pganomaly.pg.embedded import Server
from pganomaly.records import Cause, Evidence, Key
from pganomaly.records.evidence import Index, IndexState, Rate
from tests.conftest import ServerOf

TEXT = "SELECT * FROM parcels WHERE owner = $1"
PATIENCE_S = 20.0
"""Statistics arrive when the server finds time for them."""

Rows = list[list[dict[str, Any]]]


@pytest.fixture(params=[13, 18])
def server(request: pytest.FixtureRequest, server_of: ServerOf) -> Server:
    return server_of(request.param)


@pytest.fixture
def owner(server: Server) -> Iterator[psycopg.Connection]:
    with pg.connect(server.conninfo()) as conn:
        conn.execute("DROP TABLE IF EXISTS parcels")
        conn.execute("CREATE TABLE parcels (id int, owner int, note text) WITH (autovacuum_enabled = false)")
        conn.execute(
            "INSERT INTO parcels SELECT n, CASE WHEN n % 10 < 9 THEN 1 ELSE n END, 'x' FROM generate_series(1, 5000) n"
        )
        conn.execute("CREATE INDEX parcels_owner ON parcels (owner)")
        conn.execute("ANALYZE parcels")
        yield conn
        conn.execute("DROP TABLE parcels")


def looked(conn: psycopg.Connection, cause: Cause, evidence: Evidence | None = None) -> Rows:
    row = conn.execute("SELECT (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),"
                       " (SELECT oid::bigint FROM pg_roles WHERE rolname = current_user)").fetchone()  # fmt: skip
    assert row is not None
    dbid, userid = row
    about = About(Key(dbid, userid, 1), lexical.describe(TEXT), "postgres", "postgres",
                  conn.info.server_version // 10_000, evidence=evidence)  # fmt: skip
    cursor = conn.execute(next_step(cause, about).look.encode())
    found: Rows = []
    while True:
        names = [c.name for c in cursor.description or ()]
        found.append([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
        if not cursor.nextset():
            return found


def until(look: Callable[[], Rows], shows: Callable[[Rows], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not shows(rows := look()):
        assert time.monotonic() < deadline, rows
        time.sleep(0.2)


def test_an_index_that_is_gone_is_said_not_to_exist(owner: psycopg.Connection):
    gone = Index("public.parcels", "parcels_owner", IndexState.DROPPED, None, unique=False, changed=True, scans=Rate())
    evidence = Evidence(datetime.now(UTC), "postgres", indexes=(gone,))
    (there, *_), (listed, *_) = looked(owner, Cause.MISSING_INDEX, evidence)
    assert there == {"name": "public.parcels_owner", "exists": True, "valid": True}
    assert listed["definition"] == "CREATE INDEX parcels_owner ON public.parcels USING btree (owner)"
    owner.execute("DROP INDEX parcels_owner")
    (there, *_), (listed, *_) = looked(owner, Cause.MISSING_INDEX, evidence)
    assert there == {"name": "public.parcels_owner", "exists": False, "valid": None}
    assert [listed["table"], listed["index"]] == ["parcels", None]


def test_who_holds_the_lock_is_listed_beside_who_waits(server: Server, owner: psycopg.Connection):
    with pg.connect(server.conninfo()) as holder, pg.connect(server.conninfo()) as waiter:
        holder.execute("BEGIN; LOCK TABLE parcels")
        waiter.pgconn.send_query(b"SELECT count(*) FROM parcels")
        until(lambda: looked(owner, Cause.LOCK_WAIT), lambda rows: bool(rows[0]))
        ((row,),) = looked(owner, Cause.LOCK_WAIT)
        assert [row["waiting"], row["blocked_by"]] == [waiter.info.backend_pid, holder.info.backend_pid]
        assert row["state"] == "idle in transaction"
        holder.execute("ROLLBACK")
        while waiter.pgconn.get_result():
            pass


def test_dead_rows_and_who_keeps_them_are_listed(server: Server, owner: psycopg.Connection):
    with pg.connect(server.conninfo()) as old:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        owner.execute("DELETE FROM parcels WHERE id % 2 = 0")
        until(lambda: looked(owner, Cause.BLOAT), lambda rows: rows[0][0]["dead_percent"] >= 20)
        holders = looked(owner, Cause.BLOAT)[1]
        assert holders[0]["holder"] == str(old.info.backend_pid)
        old.execute("ROLLBACK")


def test_old_statistics_and_settings_that_were_changed_are_listed(owner: psycopg.Connection):
    owner.execute("UPDATE parcels SET note = 'y'")
    owner.execute("ALTER ROLE postgres SET enable_indexscan = off")
    try:
        until(lambda: looked(owner, Cause.PLAN_CHANGE), lambda rows: rows[0][0]["n_mod_since_analyze"] >= 5000)
        assert ["enable_indexscan=off"] in [row["setconfig"] for row in looked(owner, Cause.PLAN_CHANGE)[2]]
        owner.execute("SET random_page_cost = 100")
        assert ["random_page_cost", "100"] in [[r["name"], r["setting"]] for r in looked(owner, Cause.PLAN_CHANGE)[1]]
    finally:
        owner.execute("ALTER ROLE postgres RESET enable_indexscan")


def test_a_tenant_larger_than_all_others_stands_first(owner: psycopg.Connection):
    by_column = {row["column"]: row for row in looked(owner, Cause.DATA_SKEW)[0]}
    assert by_column["owner"]["shares_of_the_commonest"][0] > 0.8
    assert by_column["owner"]["the_commonest"].startswith("{1")


def test_growth_shows_beside_the_rows_that_were_analyzed(owner: psycopg.Connection):
    owner.execute("INSERT INTO parcels SELECT n, n, 'x' FROM generate_series(1, 20000) n")
    until(lambda: looked(owner, Cause.DATA_GROWTH), lambda rows: rows[0][0]["rows"] >= 20_000)
    assert looked(owner, Cause.DATA_GROWTH)[0][0]["rows_when_analyzed"] == 5000


def test_spilled_bytes_grow_from_look_to_look(owner: psycopg.Connection):
    before = looked(owner, Cause.TEMP_SPILL)[0][0]["temp_files"]
    owner.execute("SET work_mem = '64kB'")
    owner.execute("SELECT count(*) FROM (SELECT md5(n::text) FROM generate_series(1, 50000) n ORDER BY 1 OFFSET 0) s")
    until(lambda: looked(owner, Cause.TEMP_SPILL), lambda rows: rows[0][0]["temp_files"] > before)
    assert looked(owner, Cause.TEMP_SPILL)[1][0] == {"work_mem": "64kB", "source": "session"}


def test_who_runs_a_new_query_is_listed(server: Server, owner: psycopg.Connection):
    with pg.connect(server.conninfo()) as sleeper:
        sleeper.pgconn.send_query(b"SELECT pg_sleep(30)")
        until(
            lambda: looked(owner, Cause.CPU_SATURATION) and looked(owner, Cause.SCHEDULE),
            lambda rows: sleeper.info.backend_pid in [row["pid"] for row in rows[0]],
        )
        owner.execute("SELECT pg_cancel_backend(%s)", (sleeper.info.backend_pid,))
        while sleeper.pgconn.get_result():
            pass
