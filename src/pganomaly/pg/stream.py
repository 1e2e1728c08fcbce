"""
All that a COPY TO STDOUT sends, at once.

The driver's own way hands over a row at a time through four calls of Python, which is most of what reading thousands of
small rows costs. Here the driver waits, and rows are taken off its buffer in one loop.
"""

from psycopg import errors, pq
from psycopg.abc import PQGen
from psycopg.generators import execute, fetch_many
from psycopg.waiting import Ready, Wait

from pganomaly.pg.connect import Connection

_WOULD_BLOCK = 0


def received(conn: Connection, statement: bytes) -> bytes:
    """Return the bytes of *statement*, a COPY TO STDOUT; the driver's errors where the server refuses or goes away."""
    with conn.lock:
        return conn.wait(_received(conn.pgconn, statement, conn.info.encoding))


def _received(pgconn: pq.abc.PGconn, statement: bytes, encoding: str) -> PQGen[bytes]:
    pgconn.send_query(statement)
    (begun, *_) = yield from execute(pgconn)
    if begun.status != pq.ExecStatus.COPY_OUT:
        raise errors.error_from_result(begun, encoding=encoding)
    parts = []
    while True:
        length, data = pgconn.get_copy_data(1)
        if length > 0:
            parts.append(bytes(data))
        elif length == _WOULD_BLOCK:
            while (yield Wait.R) == Ready.NONE:
                pass
            pgconn.consume_input()
        else:
            break
    (ended, *_) = yield from fetch_many(pgconn)
    if ended.status != pq.ExecStatus.COMMAND_OK:
        raise errors.error_from_result(ended, encoding=encoding)
    return b"".join(parts)
