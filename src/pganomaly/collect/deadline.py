"""The end of our patience with a server that hangs: one that cannot end a statement cannot say so either."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

import psycopg

from pganomaly import pg


@contextmanager
def within(conn: pg.Connection, seconds: float) -> Iterator[None]:
    """
    Run the body, and hang up where it is not through after *seconds*: then it ends with QueryCanceled.

    Needed beside statement_timeout: a stopped backend, a frozen machine or a pooler without a server never answers,
    and the driver would wait for ever. The connection is closed then.
    """
    # A duplicate: by the time the alarm rings the number of the original may belong to another connection.
    with socket.socket(fileno=os.dup(conn.pgconn.socket)) as line:
        alarm = _Alarm(seconds, line)
        try:
            yield
        except psycopg.OperationalError as error:
            if not alarm.rang:
                raise
            raise psycopg.errors.QueryCanceled(f"no answer for {seconds:g} seconds") from error
        finally:
            alarm.cancel()


class _Alarm(Timer):
    def __init__(self, seconds: float, line: socket.socket) -> None:
        super().__init__(seconds, self._hang_up)
        self.daemon = True
        self.rang = False
        self._line = line
        self.start()

    def _hang_up(self) -> None:
        self.rang = True
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
