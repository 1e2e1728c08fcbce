"""
What the doctor gathers before it judges.

in    a connection
out   an Examination: facts only, None where they do not exist or may not be read
not   no opinion, no fix
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pganomaly import pg
from pganomaly.collect import capabilities, counters
from pganomaly.collect.capabilities import Capabilities, Extension, Server
from pganomaly.collect.target import Limits

_SQL = pg.statements(files(__package__) / "doctor.sql")
_TEXTS = pg.statements(files(__package__) / "texts.sql")


@dataclass(frozen=True, slots=True)
class Examination:
    """
    The facts of one server, as one role sees them through one database.

    available    version of the extension's files on disk, None where there are none
    can          None where the extension is missing or out of our reach, or its library does not run
    entries      visible or not; hidden are those whose id our role may not see
    texts_read   whether all texts convert into the encoding of this database
    unconverted  a database through which they could be read as they are
    skew_s       how far the server's clock is ahead of ours
    """

    server: Server
    available: str | None
    extension: Extension | None
    can: Capabilities | None = None
    entries: int | None = None
    hidden: int | None = None
    dealloc: int | None = None
    taken_at: datetime | None = None
    stats_reset: datetime | None = None
    texts_read: bool | None = None
    unconverted: str | None = None
    skew_s: float | None = None


def examine(conn: pg.Connection, limits: Limits, now: datetime) -> Examination:
    """Return the facts of the server behind *conn*; *now* is our own clock."""
    server = capabilities.server(conn, limits)
    extension = capabilities.extension(conn, limits)
    available = _row(conn, "available", limits)["version"]
    if extension is None or not extension.usable or not server.loaded:
        return Examination(server, available, extension)
    can = capabilities.of(conn, server, extension, limits)
    if can.missing:
        return Examination(server, available, extension, can)
    with limits.transaction(conn):
        moment = counters.moment(conn, can, limits)
    seen = _row(conn, "entries", limits, schema=extension.schema)
    return Examination(
        server=server,
        available=available,
        extension=extension,
        can=can,
        entries=seen["entries"],
        hidden=seen["hidden"],
        dealloc=moment["dealloc"],
        taken_at=moment["taken_at"],
        stats_reset=moment["stats_reset"],
        texts_read=_texts_read(conn, extension, limits),
        unconverted=_row(conn, "unconverted", limits)["database"],
        skew_s=(moment["taken_at"].astimezone(UTC) - now).total_seconds(),
    )


def _texts_read(conn: pg.Connection, extension: Extension, limits: Limits) -> bool | None:
    try:
        with limits.transaction(conn):
            conn.execute(_TEXTS["memory"], {"memory": limits.memory})
            conn.execute(_SQL["readable"].format(schema=extension.schema))
    except psycopg.DataError:
        return False
    except psycopg.errors.QueryCanceled:
        return None
    return True


def _row(conn: pg.Connection, name: str, limits: Limits, **names: str) -> dict[str, Any]:
    with limits.transaction(conn), conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SQL[name].format(**names)).fetchone() or {}
