"""
Who is at work right now: one cheap look at pg_stat_activity between two snapshots.

in    a connection and what it can do
out   one Activity per client session that runs a statement or keeps a transaction open
not   no replication, no autovacuum, no backup, not ourselves; no text leaves this module
"""

from importlib.resources import files
from typing import Any

from psycopg.rows import dict_row

from pganomaly import lexical, pg
from pganomaly.collect.capabilities import Capabilities
from pganomaly.collect.target import Limits
from pganomaly.records import Activity

IGNORED = ("pganomaly", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup")
"""Sessions by application_name that take long by nature, and our own."""
MOST = 1000
"""Sessions of one look: the longest running ones."""

_SQL = pg.statements(files(__package__) / "activity.sql")


def read(conn: pg.Connection, can: Capabilities, limits: Limits) -> tuple[Activity, ...]:
    """Return the clients at work, longest running first; query_id is None where the server has none (before 14)."""
    query = _SQL["activity"].format(query_id="a.query_id" if can.server.has_query_id else "NULL::bigint")
    with limits.transaction(conn), conn.cursor(row_factory=dict_row, binary=True) as cursor:
        rows = cursor.execute(query, {"ignored": list(IGNORED), "most": MOST}).fetchall()
    return tuple(_activity(row) for row in rows)


def _activity(row: dict[str, Any]) -> Activity:
    text = row.pop("text")
    fingerprint = lexical.describe(text).fingerprint if text else None
    return Activity(**row | {"blocked_by": tuple(row["blocked_by"]), "fingerprint": fingerprint})
