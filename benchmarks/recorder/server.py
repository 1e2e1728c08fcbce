"""Starts the server and builds the application in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from benchmarks.recorder.application import App
from pganomaly.pg.embedded import Server

OPERATOR, MONITOR = "dba", "monitor"
SETTINGS: dict[str, str | int | float | bool] = {
    "shared_buffers": "96MB", "effective_cache_size": "96MB", "work_mem": "8MB", "maintenance_work_mem": "96MB",
    "max_connections": 120, "autovacuum_naptime": "5s", "track_io_timing": True, "track_functions": "all",
    "pg_stat_statements.max": 5000, "pg_stat_statements.track": "all", "max_wal_size": "2GB",
    "checkpoint_timeout": "2min", "random_page_cost": 1.1, "debug_io_direct": "data",
    "max_parallel_workers_per_gather": 1, "log_min_messages": "error", "log_min_error_statement": "panic",
}  # fmt: skip


@contextmanager
def running(app: App) -> Iterator[Server]:
    """Yield a server with the application's roles, databases and data."""
    own = {k: v for k, v in (app.settings or {}).items() if not k.startswith("recorder.")}
    with Server(settings=SETTINGS | own) as server:
        _build(server, app)
        yield server


def connect(server: Server, database: str, user: str) -> psycopg.Connection[Any]:
    """Return a session that commits by itself and prepares nothing."""
    way_in: dict[str, Any] = dict(server.conninfo(database, user).keywords())
    return psycopg.connect(**way_in, autocommit=True, prepare_threshold=None)


def _build(server: Server, app: App) -> None:
    with connect(server, "postgres", "postgres") as conn:
        conn.execute(f"CREATE ROLE {OPERATOR} LOGIN SUPERUSER")
        conn.execute(f"CREATE ROLE {MONITOR} LOGIN")
        conn.execute(f"GRANT pg_monitor TO {MONITOR}")
        for role in app.databases:
            conn.execute(f"CREATE ROLE {role} LOGIN")
        for database in app.schema:
            conn.execute(f"CREATE DATABASE {database}")
    for database, sql in app.schema.items():
        with connect(server, database, "postgres") as conn:
            conn.execute("SET pg_stat_statements.track = 'none'")
            conn.execute("CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pg_buffercache")
            conn.execute("SELECT setseed(0.5)")
            conn.execute(sql.encode())
            conn.execute("VACUUM ANALYZE")
            for role in (r for r, of in app.databases.items() if of == database):
                conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
                conn.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
    with connect(server, "postgres", "postgres") as conn:
        conn.execute("CHECKPOINT")
