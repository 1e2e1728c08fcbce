"""The statements of this room, by file: storage/sql/NAME.sql, each with its name and a sentence."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from psycopg.rows import dict_row, namedtuple_row

from pganomaly import pg


def load(name: str) -> dict[str, str]:
    """Return the statements of sql/NAME.sql."""
    return pg.statements(files("pganomaly.storage") / "sql" / f"{name}.sql")


def fetch(conn: pg.Connection, statement: str, given: Mapping[str, Any]) -> list[Any]:
    """Return the rows of a statement, columns as attributes."""
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        return list(cursor.execute(statement, given).fetchall())


def fetch_dicts(conn: pg.Connection, statement: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement, columns by name."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, given).fetchall()
