"""
One transaction with its own limits, over before anybody notices.

in    an autocommit connection, limits in seconds
out   BEGIN ... COMMIT around the body, ROLLBACK when the body fails
not   no setting survives it: the next user of a pooled connection finds what he left
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import LiteralString

import psycopg
from psycopg.pq import TransactionStatus

from pganomaly.pg.connect import Connection
from pganomaly.pg.mark import marked

# BEGIN and COMMIT stay unmarked: their entries belong to every application of the same role, and the first text wins.
# The rest makes the driver read values as they are, whatever role and database prefer. Numbers keep all their digits.
_BEGIN: LiteralString = "BEGIN READ {access}; "
_SETTINGS = marked(
    "SELECT pg_catalog.set_config('statement_timeout', '{statement_ms}', true),"
    " pg_catalog.set_config('lock_timeout', '{lock_ms}', true),"
    " pg_catalog.set_config('TimeZone', 'UTC', true),"
    " pg_catalog.set_config('DateStyle', 'ISO', true),"
    " pg_catalog.set_config('IntervalStyle', 'postgres', true),"
    " pg_catalog.set_config('extra_float_digits', '1', true)"
)
_FURTHER = ", pg_catalog.set_config('{name}', '{value}', true)"
# Who reads a foreign server names every schema: functions planted in somebody's search_path are never called.
_NO_PATH = ", pg_catalog.set_config('search_path', '', true)"

_NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def transaction(
    conn: Connection,
    *,
    statement_timeout_s: float,
    lock_timeout_s: float,
    read_only: bool,
    further: Mapping[str, str] = _NOTHING,
) -> Iterator[None]:
    """
    Run the body in one transaction of *conn*: commit at its end, roll back when it raises.

    Limits are per statement and per lock; 0 means none. *further* are settings of the server for its time, by name;
    our own constants, never input. A read-only transaction has an empty search_path. A body that swallowed an SQL error
    does not commit by mistake: that is an error, too.
    """
    if not conn.autocommit:
        raise ValueError(
            "pg.transaction needs an autocommit connection: the driver would open a transaction of its own"
        )
    begin = _BEGIN.format(access="ONLY" if read_only else "WRITE")
    settings = _SETTINGS.format(statement_ms=_ms(statement_timeout_s), lock_ms=_ms(lock_timeout_s))
    settings += "".join(_FURTHER.format(name=name, value=value) for name, value in further.items())
    try:
        # One round trip: both statements travel in one message.
        conn.execute((begin + settings + (_NO_PATH if read_only else "")).encode())
        yield
        if conn.info.transaction_status is TransactionStatus.INERROR:
            raise psycopg.errors.InFailedSqlTransaction("a statement failed and the transaction went on without it")
        conn.execute("COMMIT")
    except BaseException:
        _roll_back(conn)
        raise


def _roll_back(conn: Connection) -> None:
    status = conn.info.transaction_status
    if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        with suppress(psycopg.Error):
            conn.execute("ROLLBACK")
    elif status is not TransactionStatus.IDLE:
        # Interrupted in the middle of a statement or of a COPY: nothing sensible can be said on it any more.
        conn.close()


def _ms(seconds: float) -> int:
    """Return whole milliseconds; what is not nothing is at least one, because 0 switches a limit off."""
    return max(1, round(seconds * 1000)) if seconds > 0 else 0
