"""Where the extension may be: in a schema with an odd name, moved, missing, too old, not loaded."""

import numpy as np
import pytest

from pganomaly import errors, pg
from pganomaly.pg.embedded import Server
from pganomaly.records import UNKNOWN_US
from tests.collect.conftest import Watch, Watched, as_user, role, texts_of


def test_a_schema_with_an_odd_name_is_found(watched: Watched) -> None:
    watched.execute('CREATE SCHEMA "Odd; Name"', 'ALTER EXTENSION pg_stat_statements SET SCHEMA "Odd; Name"')
    watched.execute("SELECT 1 AS odd_schema")
    reading = watched.read()
    assert any("odd_schema" in text for text in texts_of(reading))
    assert '"Odd; Name"' == reading.extension_schema
    assert '"Odd; Name"' == watched.session.probe().extension.schema


@pytest.mark.parametrize(
    "closed",
    ["REVOKE ALL ON SCHEMA attic FROM PUBLIC", "REVOKE EXECUTE ON FUNCTION attic.pg_stat_statements FROM PUBLIC"],
)
def test_an_extension_out_of_reach_says_how_it_is_reached(any_server: Server, watch: Watch, closed: str) -> None:
    """A role that may read everybody's statistics may still not use the schema that they are in."""
    conninfo = any_server.conninfo("out_of_reach")
    with pg.connect(any_server.conninfo()) as conn:
        conn.execute("CREATE DATABASE out_of_reach")
    try:
        with pg.connect(conninfo) as owner, role(conninfo, "GRANT pg_monitor TO {role}") as clerk:
            owner.execute("CREATE SCHEMA attic")
            owner.execute("CREATE EXTENSION pg_stat_statements SCHEMA attic")
            owner.execute("GRANT USAGE ON SCHEMA attic TO PUBLIC")
            owner.execute(closed.encode())
            guest = watch(as_user(conninfo, clerk))
            with pytest.raises(errors.ExtensionOutOfReach) as caught:
                guest.read()
            owner.execute(str(caught.value.facts["fix"]).encode())
            assert len(guest.read().snapshot) > 0
            guest.session.close()
            owner.execute(f"DROP OWNED BY {clerk}".encode())
    finally:
        with pg.connect(any_server.conninfo()) as conn:
            conn.execute("DROP DATABASE out_of_reach WITH (FORCE)")


def test_an_extension_that_moves_costs_no_reading(watched: Watched) -> None:
    before = watched.read().snapshot
    watched.execute("CREATE SCHEMA attic", "ALTER EXTENSION pg_stat_statements SET SCHEMA attic")
    after = watched.read().snapshot
    assert before.epoch == after.epoch
    assert len(after) >= len(before)


def test_an_extension_that_is_missing_says_where_and_how(watched: Watched) -> None:
    watched.execute("DROP EXTENSION pg_stat_statements")
    with pytest.raises(errors.ExtensionMissing) as caught:
        watched.read()
    assert "PGA-001" == caught.value.code
    assert "CREATE EXTENSION pg_stat_statements;" in str(caught.value)
    assert str(watched.conninfo.dbname) in str(caught.value)

    watched.execute("CREATE EXTENSION pg_stat_statements")
    assert len(watched.read().snapshot) > 0


@pytest.mark.parametrize("version", ["1.4", "1.7"])
def test_an_extension_before_1_8_is_refused_clearly(watched: Watched, version: str) -> None:
    watched.execute("DROP EXTENSION pg_stat_statements", f"CREATE EXTENSION pg_stat_statements VERSION '{version}'")
    with pytest.raises(errors.ExtensionTooOld) as caught:
        watched.read()
    assert f"pg_stat_statements {version}" in str(caught.value)
    assert "ALTER EXTENSION pg_stat_statements UPDATE;" in str(caught.value)


def test_a_library_that_is_not_loaded_is_told_from_settings_that_merely_stand_there(watch: Watch) -> None:
    with Server(preload="", settings={"pg_stat_statements.max": 777}) as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
        with pytest.raises(errors.ExtensionNotLoaded) as caught:
            watch(server.conninfo()).read()
    assert "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements';" in str(caught.value)


def test_columns_of_a_later_version_are_welcome(watched: Watched) -> None:
    """An extension of tomorrow: one column more, in front of all others."""
    watched.execute(
        "CREATE SCHEMA tomorrow",
        "ALTER EXTENSION pg_stat_statements SET SCHEMA tomorrow",
        "ALTER FUNCTION tomorrow.pg_stat_statements(boolean) RENAME TO statements_of_today",
        """CREATE FUNCTION tomorrow.pg_stat_statements(showtext boolean, OUT generic_plan_calls bigint,
             OUT userid oid, OUT dbid oid, OUT toplevel boolean, OUT queryid bigint, OUT query text, OUT calls bigint,
             OUT total_exec_time float8, OUT stats_since timestamptz) RETURNS SETOF record LANGUAGE sql AS
           $$ SELECT 7::bigint, userid, dbid, toplevel, queryid, query, calls, total_exec_time, stats_since
                FROM tomorrow.statements_of_today($1) $$""",
    )
    snapshot = watched.read().snapshot
    assert snapshot.counters["calls"].sum() > 0
    assert "generic_plan_calls" in watched.session.probe().columns


def test_one_row_full_of_nothing_spoils_no_other(watched: Watched) -> None:
    """No stock extension does this; forks have."""
    watched.execute(
        "CREATE SCHEMA fork",
        "ALTER EXTENSION pg_stat_statements SET SCHEMA fork",
        "ALTER FUNCTION fork.pg_stat_statements(boolean) RENAME TO stock",
        """CREATE FUNCTION fork.pg_stat_statements(showtext boolean) RETURNS SETOF fork.pg_stat_statements
             LANGUAGE sql AS $$ SELECT * FROM fork.stock($1) UNION ALL
              SELECT (jsonb_populate_record(NULL::fork.pg_stat_statements, '{"queryid": 42}')).* $$""",
    )
    snapshot = watched.read().snapshot
    (odd,) = np.flatnonzero(snapshot.keys["queryid"] == 42)
    assert np.isnan(snapshot.counters.values[:, odd]).all()
    assert UNKNOWN_US == snapshot.stats_since_us[odd]
    others = np.arange(len(snapshot)) != odd
    assert len(snapshot) > 1
    assert not np.isnan(snapshot.counters.values[:, others]).any()
    assert (snapshot.stats_since_us[others] != UNKNOWN_US).all()
