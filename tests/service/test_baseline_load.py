"""Load on request: in a database of its own, which is gone afterwards, whatever became of an earlier one."""

import os
from threading import Event

import pytest
from structlog.testing import capture_logs

from pganomaly import errors, pg
from pganomaly.pg.binaries import Binaries
from pganomaly.pg.embedded import Server
from pganomaly.service import baseline_load
from tests.stories.town import ask, until

SCRATCH = "SELECT count(*) FROM pg_database WHERE datname LIKE 'pganomaly_scratch_%%'"
LEFT = "pganomaly_scratch_0123abcd"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Binaries.of_wheel().program("pgbench").parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("clients")
def test_a_scratch_database_comes_and_goes(pg18: Server):
    """Its statements are counted, and neither it nor the one that a killed process left is there at the end."""
    conninfo = pg18.conninfo()
    with pg.connect(conninfo) as conn:
        conn.execute(f"CREATE DATABASE {LEFT}")
    transactions = "SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE 'UPDATE pgbench_tellers%%'"
    with baseline_load.pgbench(conninfo, Event(), seconds=120):
        until(lambda: ask(conninfo, transactions), "load")
        assert ask(conninfo, SCRATCH) == 1
    until(lambda: ask(conninfo, SCRATCH) == 0, "its end")


@pytest.mark.usefixtures("clients")
def test_a_role_that_may_not_make_databases_is_told_what_it_takes(pg18: Server):
    with pg.connect(pg18.conninfo()) as conn:
        conn.execute("CREATE ROLE nobody_much LOGIN")
        try:
            with capture_logs() as logged, baseline_load.pgbench(pg18.conninfo(user="nobody_much"), Event()):
                until(lambda: logged, "an answer")
        finally:
            conn.execute("DROP ROLE nobody_much")
    assert [(entry["event"], entry["fix"]) for entry in logged] == [
        ("baseline_load.failed", 'ALTER ROLE "nobody_much" CREATEDB;')
    ]


def test_where_there_is_no_pgbench_it_is_said(pg18: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(errors.PgbenchMissing), baseline_load.pgbench(pg18.conninfo(), Event()):
        pass
