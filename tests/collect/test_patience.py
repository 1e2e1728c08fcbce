"""A guest does not wait for ever, and does not hold anybody up."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pganomaly import errors, pg
from pganomaly.collect import Limits
from pganomaly.records import Reading
from tests.collect.conftest import Watch, Watched

SHORT = Limits(statement_timeout_s=0.8, text_timeout_s=0.8, lock_timeout_s=0.1, grace_s=0.5)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that hangs: it is there, its sockets are open, and it does not answer."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def backend_of(shop: Watched) -> int:
    with pg.connect(shop.conninfo, application_name="shop") as conn:
        row = conn.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'pganomaly' AND datname = current_database()"
        ).fetchone()
    assert row is not None
    pid: int = row[0]
    return pid


def test_a_server_that_hangs_is_given_up_and_read_again_later(database: pg.Conninfo, watch: Watch) -> None:
    shop = watch(database, SHORT)
    shop.read()
    before_s = time.monotonic()
    with stopped(backend_of(shop)), pytest.raises(errors.ReadTimedOut):
        shop.read()
    assert time.monotonic() - before_s < 30, "not for ever"
    assert len(shop.read().snapshot) > 0


def test_a_slow_statement_is_ended_by_the_server(database: pg.Conninfo, watch: Watch) -> None:
    shop = watch(database, SHORT)
    shop.read()
    slow_down(shop)
    with pytest.raises(errors.ReadTimedOut) as caught:
        shop.read()
    assert "0.8 seconds" in str(caught.value)


def test_slow_texts_cost_no_number(database: pg.Conninfo, watch: Watch) -> None:
    shop = watch(database, SHORT)
    slow_down(shop, only_with="showtext")
    reading: Reading = shop.read()
    assert len(reading.snapshot) > 0
    assert all(text.text is None for text in reading.texts)


def test_a_lock_on_the_extension_is_not_waited_for(database: pg.Conninfo, watch: Watch) -> None:
    shop = watch(database, SHORT)
    shop.read()
    with pg.connect(database, autocommit=False, application_name="shop") as owner:
        owner.execute("LOCK TABLE pg_stat_statements_info IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(errors.ReadTimedOut):
            shop.read()
        owner.rollback()
    assert len(shop.read().snapshot) > 0


def slow_down(shop: Watched, only_with: str = "true") -> None:
    """Put a function in the extension's place that takes ten seconds."""
    shop.execute(
        "CREATE SCHEMA hidden",
        "CREATE TYPE hidden.entry AS (userid oid, dbid oid, toplevel boolean, queryid bigint, query text, calls bigint,"
        " total_exec_time float8)",
        "ALTER FUNCTION pg_stat_statements(boolean) RENAME TO real_statements",
        f"""CREATE FUNCTION pg_stat_statements(showtext boolean) RETURNS SETOF hidden.entry LANGUAGE plpgsql AS $$
            BEGIN
              IF {only_with} THEN PERFORM pg_sleep(10); END IF;
              RETURN QUERY SELECT userid, dbid, toplevel, queryid, query, calls, total_exec_time
                             FROM public.real_statements(showtext);
            END $$""",
    )
