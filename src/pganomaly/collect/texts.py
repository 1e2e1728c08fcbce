"""
The texts of statements, by exception: only those that moved and are not known.

in    a connection, what it can do, the keys whose texts are wanted
out   Texts, each read, hidden or unreadable; an evicted statement is in none
not   never a number: texts are read in transactions of their own, and a failure here costs no counter
"""

from importlib.resources import files
from typing import Any

import psycopg

from pganomaly import pg
from pganomaly.collect.capabilities import Capabilities
from pganomaly.collect.target import Limits
from pganomaly.records import Key, KeyArray, Text, TextState

_SQL = pg.statements(files(__package__) / "texts.sql")

_HIDDEN = "<insufficient privilege>"
"""What PostgreSQL says in place of another role's statement. It is not translated."""

_POISONED = (psycopg.errors.CharacterNotInRepertoire, psycopg.errors.UntranslatableCharacter)
"""One text of one entry that does not convert fails every read of any text, filtered or not."""


def read(conn: pg.Connection, can: Capabilities, keys: KeyArray, limits: Limits) -> tuple[Text, ...]:
    """
    Return the texts of *keys*, as many as the limits allow in one reading; the rest waits for its next turn.

    Where a text of the server cannot be converted nothing can be read, so one attempt settles the whole turn. A read
    that takes too long ends the turn: what was read by then counts.
    """
    texts: list[Text] = []
    for start in range(0, min(len(keys), limits.text_batch * limits.text_batches), limits.text_batch):
        batch = keys[start : start + limits.text_batch]
        try:
            texts += _batch(conn, can, batch, limits)
        except _POISONED:
            return (*texts, *_unreadable(keys[start:]))
        except psycopg.errors.QueryCanceled:
            return (*texts, *_unreadable(batch))
    return tuple(texts)


def _unreadable(keys: KeyArray) -> list[Text]:
    return [Text(Key(*key), TextState.UNREADABLE) for key in keys.tolist()]


def _batch(conn: pg.Connection, can: Capabilities, keys: KeyArray, limits: Limits) -> list[Text]:
    query = _SQL["texts"].format(
        schema=can.extension.schema, toplevel="s.toplevel" if "toplevel" in can.columns else "true"
    )
    arguments: dict[str, Any] = {name: keys[name].tolist() for name in ("dbid", "userid", "queryid")}
    with limits.transaction(conn, statement_timeout_s=limits.text_timeout_s):
        conn.execute(_SQL["memory"], {"memory": limits.memory})
        with conn.cursor(binary=True) as cursor:
            rows = cursor.execute(query, arguments | {"chars": limits.text_chars}).fetchall()
    wanted = {Key(*key) for key in keys.tolist()}
    return [_text(Key(*key), raw, limits.text_chars) for *key, raw in rows if Key(*key) in wanted]


def _text(key: Key, raw: bytes | None, longest: int) -> Text:
    if raw is None:
        return Text(key, TextState.UNREADABLE)
    text = raw.decode(errors="replace").replace("\x00", "")
    if text == _HIDDEN:
        return Text(key, TextState.HIDDEN)
    return Text(key, TextState.READ, text[:longest], cut=len(text) > longest)
