"""The schema comes from numbered files, once, and never touches what is not ours."""

import re
from pathlib import Path

import pytest

from pganomaly import errors, pg
from pganomaly.catalog import COUNTERS, DELTAS, FEATURES, LEXICAL_FEATURES
from pganomaly.storage import Holder, Store, ddl, migrate
from pganomaly.storage.rows import DELTA_TYPES, FEATURE_TYPES, RAW_TYPES
from pganomaly.storage.statements import load
from tests.conftest import ServerOf
from tests.storage.story import a_day_in_the_life

ROOT = Path(__file__).parents[2]
EVERYTHING = """
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
 WHERE table_schema = 'monitoring'
UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'monitoring'
UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint
 WHERE connamespace = 'monitoring'::regnamespace
UNION ALL SELECT viewname, '', definition, '', '' FROM pg_views WHERE schemaname = 'monitoring'
UNION ALL SELECT proname, '', pg_get_functiondef(oid), '', '' FROM pg_proc
 WHERE pronamespace = 'monitoring'::regnamespace
ORDER BY 1, 2, 3"""


def columns(conn: pg.Connection, table: str) -> dict[str, str]:
    rows = conn.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'monitoring' AND table_name = %s",
        (table,),
    )
    return dict(rows.fetchall())


def test_a_second_migration_finds_nothing_to_do(database: pg.Conninfo) -> None:
    with Store(database) as store:
        assert [m.name for m in migrate.shipped()] == list(store.migrate())
        assert store.migrate() == ()
        assert store.pending_migrations() == ()


def test_every_counter_and_feature_has_its_column(store: Store) -> None:
    with pg.connect(store.conninfo) as conn:
        raw, delta, feature = (columns(conn, t) for t in ("pgss_snapshots_raw", "pgss_deltas", "features_windows"))
        lexical = columns(conn, "query_lex_features")
        view = columns(conn, "features_with_lex")
    assert {c.name: c.sql_type for c in COUNTERS} == {n: raw.get(n) for n in RAW_TYPES}
    assert {n: delta.get(n) for n in DELTA_TYPES} == DELTA_TYPES
    assert set(DELTA_TYPES) == {f"{n}_delta" for n in DELTAS}
    assert {f.name: feature.get(f.name) for f in FEATURES} == FEATURE_TYPES
    assert set(LEXICAL_FEATURES) <= set(lexical)
    assert set(view) == set(feature) | set(lexical)


def test_the_columns_that_users_know_are_there(store: Store) -> None:
    """Names of the published pipeline: an interface."""
    known = {
        "pgss_snapshots_raw": "snapshot_id snapshot_ts dbid userid queryid calls total_exec_time rows shared_blks_hit"
        " shared_blks_read shared_blks_dirtied shared_blks_written temp_blks_read temp_blks_written wal_bytes"
        " query_text",
        "pgss_deltas": "window_start window_end dbid userid queryid calls_delta total_exec_time_delta rows_delta"
        " shared_blks_hit_delta shared_blks_read_delta shared_blks_dirtied_delta shared_blks_written_delta"
        " temp_blks_read_delta temp_blks_written_delta wal_bytes_delta",
        "features_windows": "window_start window_end dbid userid queryid window_len_sec calls_in_window calls_per_sec"
        " exec_time_per_call_ms exec_ms_per_sec rows_per_call rows_per_sec shared_read_per_call shared_read_per_sec"
        " temp_read_per_call temp_read_per_sec wal_bytes_per_call wal_bytes_per_sec temp_share cache_miss_ratio"
        " ms_per_row read_blks_per_row",
        "query_lex_features": "dbid userid queryid query_text query_md5 query_len_chars query_len_norm_chars num_tokens"
        " num_joins num_where num_group_by num_order_by num_having num_union num_subqueries num_cte has_write has_ddl"
        " has_tx num_case num_functions first_seen_ts last_seen_ts",
        "detector_state": "id last_window_end bad_runs_streak updated_at",
        "anomaly_scores": "window_start window_end dbid userid queryid model_version anomaly_score features scored_at",
    }
    with pg.connect(store.conninfo) as conn:
        for table, names in known.items():
            there = columns(conn, table)
            assert set(names.split()) <= set(there), table
            assert next(iter(there)) == "instance_id", table


def test_the_script_for_dbas_is_what_the_migrations_make(database: pg.Conninfo) -> None:
    for file in ("sql/monitoring.sql", "src/pganomaly/storage/schema.sql"):
        assert (ROOT / file).read_text() == ddl.text(), f"{file} is old: run `python tools/ddl.py`"
    with pg.connect(database) as conn:
        conn.execute(ddl.text().encode())
        by_hand = conn.execute(EVERYTHING).fetchall()
        conn.execute("DROP SCHEMA monitoring CASCADE")
        migrate.migrate(conn)
        assert conn.execute(EVERYTHING).fetchall() == by_hand
        conn.execute("DROP SCHEMA monitoring CASCADE")
        conn.execute(ddl.text().encode())
        assert migrate.migrate(conn) == ()


def test_somebody_elses_schema_is_left_alone(database: pg.Conninfo) -> None:
    with pg.connect(database) as conn:
        conn.execute("CREATE SCHEMA monitoring; CREATE TABLE monitoring.pgss_deltas (queryid bigint)")
        conn.execute("CREATE TABLE monitoring.schema_migrations (version text)")
    with Store(database) as store, pytest.raises(errors.ForeignSchema) as refused:
        store.migrate()
    assert "ALTER SCHEMA monitoring RENAME TO monitoring_old;" in str(refused.value)
    with pg.connect(database) as conn:
        names = conn.execute("SELECT relname FROM pg_class WHERE relnamespace = 'monitoring'::regnamespace ORDER BY 1")
        assert names.fetchall() == [("pgss_deltas",), ("schema_migrations",)]
        conn.execute("ALTER SCHEMA monitoring RENAME TO monitoring_old;")
    with Store(database) as store:
        assert store.migrate()


def test_an_ordinary_role_may_migrate_where_a_dba_prepared_an_empty_schema(database: pg.Conninfo) -> None:
    with pg.connect(database) as conn:
        conn.execute("DROP ROLE IF EXISTS keeper")
        conn.execute("CREATE ROLE keeper LOGIN")
    as_keeper = pg.Conninfo(host=database.host, port=database.port, dbname=database.dbname, user="keeper")
    with Store(as_keeper) as store, pytest.raises(errors.StoreForbidden, match="GRANT CREATE ON DATABASE"):
        store.migrate()
    with pg.connect(database) as conn:
        conn.execute("CREATE SCHEMA monitoring AUTHORIZATION keeper")
    with Store(as_keeper) as store:
        assert store.migrate()
        store.acquire(store.instance("shop"), Holder.this("keeper"), ttl_s=5)


def test_a_changed_or_unknown_migration_stops_us(store: Store) -> None:
    with pg.connect(store.conninfo) as conn:
        conn.execute("UPDATE monitoring.schema_migrations SET sha256 = 'x' WHERE name = '0001_instances'")
        with pytest.raises(errors.MigrationChanged):
            migrate.migrate(conn)
        conn.execute("DELETE FROM monitoring.schema_migrations WHERE name = '0001_instances'")
        conn.execute("INSERT INTO monitoring.schema_migrations (name, sha256) VALUES ('9999_later', 'x')")
        with pytest.raises(errors.StoreTooNew):
            migrate.migrate(conn)


def test_every_statement_is_prepared_by_a_real_server(store: Store) -> None:
    """A column that is renamed in a migration and forgotten in a statement shows here."""
    shipped = {
        f"{file}.{name}": text
        for file in ("instances", "lease", "snapshots", "windows", "queries", "detection", "models", "outbox", "upkeep")
        for name, text in load(file).items()
    }
    with pg.connect(store.conninfo) as conn:
        for name, text in shipped.items():
            if name == "instances.lock_instances":
                continue
            assert "/* pganomaly */" in text, name
            conn.execute(f"PREPARE tried AS {_preparable(text)}".encode())
            conn.execute("DEALLOCATE tried")


@pytest.mark.parametrize("major", [13, 16])
def test_older_servers_can_be_stores(server_of: ServerOf, major: int) -> None:
    server = server_of(major)
    with pg.connect(server.conninfo()) as conn:
        conn.execute("DROP DATABASE IF EXISTS store_of_old")
        conn.execute("CREATE DATABASE store_of_old")
    conninfo = server.conninfo("store_of_old")
    with Store(conninfo) as store:
        assert store.migrate()
        with pg.connect(conninfo) as conn:
            tables = conn.execute("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'").fetchone()
        assert tables == (10,)
        a_day_in_the_life(store)
    with pg.connect(server.conninfo()) as conn:
        conn.execute("DROP DATABASE store_of_old")


def _preparable(text: str) -> str:
    """Return the statement with $1, $2 for its parameters and real columns for its composed parts."""
    parts = {
        "columns": "1",
        "lexical": ", ".join(LEXICAL_FEATURES),
        "selected": ", ".join(f"n.{n}" for n in LEXICAL_FEATURES),
        "arrays": ", ".join(f"NULL::{'boolean' if n.startswith('has_') else 'integer'}[]" for n in LEXICAL_FEATURES),
        "updates": ", ".join(f"{n} = excluded.{n}" for n in LEXICAL_FEATURES),
    }
    if any(f"{{{part}}}" in text for part in parts):
        text = text.format(**parts)
    order: dict[str, int] = {}
    return re.sub(r"%\((\w+)\)s", lambda m: f"${order.setdefault(m[1], len(order) + 1)}", text)
