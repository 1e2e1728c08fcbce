"""A transaction has limits of its own, and none survives it."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import psycopg
import pytest

from pganomaly import pg
from pganomaly.pg.embedded import Server
from tests.conftest import ServerOf


def interrupted(conn: pg.Connection, statement: bytes) -> None:
    """Begin a statement in a transaction, and press Ctrl-C."""
    with pg.transaction(conn, statement_timeout_s=1, lock_timeout_s=1, read_only=False):
        conn.pgconn.exec_(statement)
        raise KeyboardInterrupt


def swallow(conn: pg.Connection) -> None:
    """Go on after a statement that failed, as if nothing had happened."""
    with pg.transaction(conn, statement_timeout_s=1, lock_timeout_s=1, read_only=False):
        try:
            conn.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero:
            return


@pytest.fixture
def conn(database: pg.Conninfo) -> Iterator[pg.Connection]:
    with closing(pg.connect(database)) as conn:
        yield conn


def settings(conn: pg.Connection) -> tuple[str, ...]:
    names = ("statement_timeout", "lock_timeout", "TimeZone", "DateStyle", "search_path", "transaction_read_only")
    row = conn.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names)).fetchone()
    assert row
    return row


def test_settings_hold_inside_and_nowhere_else(conn: pg.Connection) -> None:
    before = settings(conn)
    with pg.transaction(conn, statement_timeout_s=1.5, lock_timeout_s=0.25, read_only=True):
        assert settings(conn) == ("1500ms", "250ms", "UTC", "ISO, MDY", "", "on")
    assert settings(conn) == before


def test_a_slow_statement_is_ended_and_the_connection_lives_on(conn: pg.Connection) -> None:
    with (
        pytest.raises(psycopg.errors.QueryCanceled),
        pg.transaction(conn, statement_timeout_s=0.05, lock_timeout_s=0, read_only=True),
    ):
        conn.execute("SELECT pg_sleep(10)")
    assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_lock_is_not_waited_for(conn: pg.Connection, database: pg.Conninfo) -> None:
    conn.execute("CREATE TABLE t (a int)")
    with pg.connect(database, autocommit=False) as other:
        other.execute("LOCK TABLE t")
        with (
            pytest.raises(psycopg.errors.LockNotAvailable),
            pg.transaction(conn, statement_timeout_s=10, lock_timeout_s=0.05, read_only=True),
        ):
            conn.execute("SELECT FROM public.t")


def test_a_read_only_transaction_writes_nothing(conn: pg.Connection) -> None:
    with (
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
        pg.transaction(conn, statement_timeout_s=1, lock_timeout_s=1, read_only=True),
    ):
        conn.execute("CREATE TABLE public.t ()")


def test_the_body_commits_at_its_end_and_rolls_back_when_it_raises(conn: pg.Connection) -> None:
    with pg.transaction(conn, statement_timeout_s=1, lock_timeout_s=1, read_only=False):
        conn.execute("CREATE TABLE public.kept ()")
    with pytest.raises(KeyboardInterrupt):
        interrupted(conn, b"CREATE TABLE public.gone ()")
    tables = conn.execute("SELECT relname FROM pg_class WHERE relname IN ('kept', 'gone')").fetchall()
    assert tables == [("kept",)]


def test_a_swallowed_sql_error_does_not_pass_for_a_commit(conn: pg.Connection) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        swallow(conn)


def test_a_savepoint_inside_is_the_drivers(conn: pg.Connection) -> None:
    with pg.transaction(conn, statement_timeout_s=1, lock_timeout_s=1, read_only=True):
        with pytest.raises(psycopg.errors.DivisionByZero), conn.transaction():
            conn.execute("SELECT 1/0")
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_connection_interrupted_in_a_copy_is_closed(conn: pg.Connection) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(conn, b"COPY (SELECT 1) TO STDOUT")
    assert conn.closed


def test_a_driver_that_begins_by_itself_is_refused(database: pg.Conninfo) -> None:
    with (
        pg.connect(database, autocommit=False) as conn,
        pytest.raises(ValueError, match="autocommit"),
        pg.transaction(conn, statement_timeout_s=1, lock_timeout_s=1, read_only=True),
    ):
        pass


def test_a_role_with_strange_preferences_is_read_like_any_other(conn: pg.Connection, database: pg.Conninfo) -> None:
    conn.execute("CREATE ROLE strange LOGIN")
    try:
        conn.execute("ALTER ROLE strange SET datestyle = 'German'")
        conn.execute("ALTER ROLE strange SET extra_float_digits = -15")
        conn.execute("ALTER ROLE strange SET timezone = 'Asia/Tokyo'")
        info = pg.Conninfo(database.host, database.port, database.dbname, "strange")
        with (
            pg.connect(info) as theirs,
            pg.transaction(theirs, statement_timeout_s=1, lock_timeout_s=1, read_only=True),
        ):
            row = theirs.execute("SELECT '2026-11-21 12:00:00+00'::timestamptz, 0.1::float8 + 0.2::float8").fetchone()
        assert row
        assert row[0].isoformat() == "2026-11-21T12:00:00+00:00"
        assert row[1] == 0.1 + 0.2
    finally:
        conn.execute("DROP ROLE strange")


@pytest.mark.parametrize("major", [13, 14, 15, 16, 17, 18])
def test_our_statements_carry_the_mark_and_few_entries_on_every_version(server_of: ServerOf, major: int) -> None:
    server: Server = server_of(major)
    with pg.connect(server.conninfo()) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS public.marks (a bigint)")
        conn.execute("SELECT pg_stat_statements_reset()")
        for number in range(1, 4):
            with pg.transaction(conn, statement_timeout_s=number, lock_timeout_s=number, read_only=False):
                pg.copy_in(conn, "public.marks", [pg.Column("a", "bigint", np.array([number]))])
                rows = pg.copy_out(
                    conn, "SELECT a FROM public.marks WHERE a = %(a)s::bigint", np.dtype([("a", "i8")]), {"a": number}
                )
                assert rows["a"].tolist() == [number]
                conn.execute(pg.marked("DELETE FROM public.marks"))
        texts = [text for (text,) in conn.execute("SELECT query FROM pg_stat_statements")]
    ours = [text for text in texts if pg.MARK in text]
    assert len(ours) == 5  # settings of the transaction, parameter, COPY in, COPY out, DELETE
    others = {text for text in texts if pg.MARK not in text and "pg_stat_statements" not in text}
    assert others == {"BEGIN READ WRITE", "COMMIT"}
