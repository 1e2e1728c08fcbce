"""
For people who look: what was told of an incident, who a statement is, what it did.

in    an incident or a queryid
out   Messages, Statements, Ran: as they are stored
"""

from dataclasses import dataclass
from datetime import datetime

from pganomaly import lexical, pg
from pganomaly.records import Block, Key, Message, Shape
from pganomaly.storage.statements import fetch, load

_SQL = load("looking")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was seen on a server: shape is None where its text may not or cannot be read."""

    key: Key
    shape: Shape | None
    database: str | None
    role: str | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Ran:
    """What a statement did in one window; the names are those of features. None is "no such number"."""

    window_end: datetime
    calls_per_sec: float | None
    exec_time_per_call_ms: float | None
    rows_per_call: float | None
    blocks_per_call: float | None
    shared_read_per_call: float | None
    exec_ms_per_sec: float | None


def told(conn: pg.Connection, instance_id: int, incident_id: str) -> tuple[Message, ...]:
    """Return everything that was told of an incident, in order."""
    rows = fetch(conn, _SQL["told"], {"instance_id": instance_id, "about": incident_id})
    return tuple(Message(r.message_id, r.kind, r.about, tuple(Block(**block) for block in r.blocks)) for r in rows)


def named(conn: pg.Connection, instance_id: int, queryid: int) -> tuple[Statement, ...]:
    """Return the statements of a queryid, the one that ran last first."""
    return tuple(
        Statement(
            key=Key(r.dbid, r.userid, r.queryid, r.toplevel),
            shape=lexical.describe(r.query_text) if r.query_text is not None else None,
            database=r.database_name,
            role=r.role_name,
            first_seen=r.first_seen_ts,
            last_seen=r.last_seen_ts,
        )
        for r in fetch(conn, _SQL["named"], {"instance_id": instance_id, "queryid": queryid})
    )


def lately(conn: pg.Connection, instance_id: int, key: Key, *, since: datetime, most: int) -> tuple[Ran, ...]:
    """Return what a statement did in its last windows since a moment, newest first."""
    given = {"instance_id": instance_id, "since": since, "most": most, **key._asdict()}
    return tuple(Ran(*row) for row in fetch(conn, _SQL["lately"], given))
