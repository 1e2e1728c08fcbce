"""
Statements and their texts: who they are, what they look like.

in    Shapes, whose text is redacted
out   rows of queries and query_lex_features, and back
not   no text is stored that is not redacted
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pganomaly import lexical, pg
from pganomaly.records import Key, KeyArray, Lexical, Shape, TextState, keys_of
from pganomaly.storage.statements import fetch, load

_SQL = load("queries")
_KINDS = {name: "boolean" if kind is bool else "integer" for name, kind in Lexical.__annotations__.items()}
_COLUMNS = ", ".join(_KINDS)
_PUT_TEXTS = _SQL["put_texts"].format(
    lexical=_COLUMNS,
    selected=", ".join(f"n.{name}" for name in _KINDS),
    arrays=", ".join(f"%({name})s::{kind}[]" for name, kind in _KINDS.items()),
    updates=", ".join(f"{name} = excluded.{name}" for name in _KINDS),
)


@dataclass(frozen=True, slots=True)
class Names:
    """What oids are called."""

    databases: Mapping[int, str]
    roles: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Known:
    """
    Which statements have been looked at.

    shapes  of those whose text is here
    states  of all of them: a text that is known need not be read again
    names   what their databases and roles are called
    """

    shapes: dict[Key, Shape]
    states: dict[Key, TextState]
    first_seen: dict[Key, datetime]
    names: Names


def put_queries(
    conn: pg.Connection,
    instance_id: int,
    shapes: Mapping[Key, Shape],
    unread: Mapping[Key, TextState],
    names: Names,
    *,
    at: datetime,
) -> None:
    """Store who statements are: those with a shape, and those whose text may not or cannot be read."""
    rows = [_query(key, shape, TextState.READ, names) for key, shape in shapes.items()]
    rows += [_query(key, None, state, names) for key, state in unread.items() if key not in shapes]
    if rows:
        conn.execute(_SQL["put_queries"], {"instance_id": instance_id, "at": at, **_columns(rows)})


def put_texts(conn: pg.Connection, instance_id: int, shapes: Mapping[Key, Shape], *, at: datetime) -> int:
    """Store what texts look like where that is new, and return how many rows changed."""
    if not shapes:
        return 0
    rows = [
        {**_oids(key), "query_text": shape.redacted, "query_md5": shape.md5, **shape.lexical._asdict()}
        for key, shape in shapes.items()
    ]
    return conn.execute(_PUT_TEXTS, {"instance_id": instance_id, "at": at, **_columns(rows)}).rowcount


def known(conn: pg.Connection, instance_id: int) -> Known:
    """Return which statements have been looked at, described anew: the lexer may have learned since."""
    rows = fetch(conn, _SQL["known"], {"instance_id": instance_id})
    keys = [Key(row.dbid, row.userid, row.queryid, row.toplevel) for row in rows]
    return Known(
        shapes={
            key: lexical.describe(row.query_text)
            for key, row in zip(keys, rows, strict=True)
            if row.query_text is not None
        },
        states={key: TextState(row.text_state) for key, row in zip(keys, rows, strict=True)},
        first_seen={key: row.first_seen_ts for key, row in zip(keys, rows, strict=True)},
        names=Names(
            databases={row.dbid: row.database_name for row in rows if row.database_name is not None},
            roles={row.userid: row.role_name for row in rows if row.role_name is not None},
        ),
    )


def read_texts(conn: pg.Connection, instance_id: int) -> KeyArray:
    """Return the statements whose texts need not be read again."""
    rows = conn.execute(_SQL["read_texts"], {"instance_id": instance_id}).fetchall()
    return keys_of(Key(*row) for row in rows)


def undescribed(conn: pg.Connection, instance_id: int) -> dict[Key, Shape]:
    """Return the texts whose lexical features are missing or of another text."""
    conn.execute(_SQL["whole_tables"])
    rows = conn.execute(_SQL["undescribed"], {"instance_id": instance_id}).fetchall()
    return {Key(*row[:4]): lexical.describe(row[4]) for row in rows}


def _query(key: Key, shape: Shape | None, state: TextState, names: Names) -> dict[str, Any]:
    return {
        **_oids(key),
        "toplevel": key.toplevel,
        "text_state": state.value,
        "query_md5": shape.md5 if shape else None,
        "fingerprint": shape.fingerprint if shape else None,
        "verb": shape.verb if shape else None,
        "tables": _array(shape.tables if shape else ()),
        "is_system": bool(shape and shape.is_system),
        "is_own": bool(shape and shape.is_own),
        "database_name": names.databases.get(key.dbid),
        "role_name": names.roles.get(key.userid),
    }


def _oids(key: Key) -> dict[str, int]:
    return {"dbid": key.dbid, "userid": key.userid, "queryid": key.queryid}


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _array(texts: tuple[str, ...]) -> str:
    """Return *texts* as PostgreSQL writes an array: arrays of arrays of different length do not travel otherwise."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
