"""The next step of a message, done as its reader would do it: what stands below "To confirm it" is pasted and run."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row

from pganomaly import pg
from pganomaly.records import Message
from tests.faults.place import Place

CONFIRM = "To confirm it, in psql"

Rows = list[dict[str, Any]]


def confirm(place: Place, message: Message) -> Rows:
    """Run the step of a message and return all rows that it shows; it must not be able to change anything."""
    looks = [
        code.text
        for text, code in zip(message.blocks, message.blocks[1:], strict=False)
        if text.text.startswith(CONFIRM) and code.kind == "code"
    ]
    rows: Rows = []
    with pg.connect(place.conninfo) as conn, conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SET pg_stat_statements.track = none")
        cursor.execute("SET default_transaction_read_only = on")
        for look in looks:
            cursor.execute(look.encode())
            while True:
                rows += cursor.fetchall() if cursor.description else []
                if not cursor.nextset():
                    break
    return rows


def has(rows: Rows, wanted: Mapping[str, object]) -> bool:
    """Return whether some row has all that is wanted of it; nothing wanted is always there."""
    return not wanted or any(_is(row, wanted) for row in rows)


def _is(row: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    return all(
        name in row and row[name] is not None and (is_so(row[name]) if callable(is_so) else row[name] == is_so)
        for name, is_so in wanted.items()
    )
