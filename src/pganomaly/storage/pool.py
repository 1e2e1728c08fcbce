"""
Connections to the store: a few, shared by threads, each lent for one transaction.

in    a Conninfo
out   context managers: a connection inside a transaction that reads, or writes
not   no error of the driver leaves: it is told in words that a user can act on
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from pganomaly import errors, pg

_LOCK_TIMEOUT_S = 5.0


class Connections:
    """
    The connections of one store.

    statement_timeout_s  a statement that takes longer is given up: the store may be the server that we watch
    """

    def __init__(
        self,
        conninfo: pg.Conninfo,
        *,
        pool_size: int = 4,
        connect_timeout_s: float = 5.0,
        statement_timeout_s: float = 30.0,
    ) -> None:
        self.conninfo = conninfo
        self.connect_timeout_s = connect_timeout_s
        self.statement_timeout_s = statement_timeout_s
        self._pool = ConnectionPool(
            kwargs={**pg.connect_arguments(conninfo, connect_timeout_s), "autocommit": True},
            min_size=0,
            max_size=pool_size,
            open=False,
            check=ConnectionPool.check_connection,
            timeout=connect_timeout_s,
            reconnect_timeout=connect_timeout_s,
            max_idle=300.0,
            name="pganomaly-store",
        )
        self._reached = False

    def open(self) -> Self:
        """Be ready; a connection is made when the first one is needed."""
        self._pool.open()
        return self

    def close(self) -> None:
        """Close every connection."""
        self._pool.close(timeout=self.connect_timeout_s)

    def __enter__(self) -> Self:
        """Open the store."""
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    @contextmanager
    def _connection(self) -> Iterator[pg.Connection]:
        with spoken(self.conninfo):
            if not self._reached:
                # The pool would only know that it waited. A connection of our own says at once what is wrong.
                pg.connect(self.conninfo, connect_timeout_s=self.connect_timeout_s).close()
                self._reached = True
            try:
                with self._pool.connection() as conn:
                    yield conn
            except PoolTimeout:
                self._reached = False
                pg.connect(self.conninfo, connect_timeout_s=self.connect_timeout_s).close()
                raise errors.StoreError(said="every connection is busy") from None

    @contextmanager
    def _reading(self) -> Iterator[pg.Connection]:
        with self._connection() as conn, self._transaction(conn, read_only=True):
            yield conn

    @contextmanager
    def _writing(self) -> Iterator[pg.Connection]:
        with self._connection() as conn, self._transaction(conn, read_only=False):
            yield conn

    @contextmanager
    def _locking(self, lock_timeout_s: float) -> Iterator[pg.Connection]:
        """Open a write transaction that gives up a lock soon; errors come in the driver's own words."""
        with (
            self._pool.connection() as conn,
            pg.transaction(
                conn,
                statement_timeout_s=self.statement_timeout_s,
                lock_timeout_s=lock_timeout_s,
                read_only=False,
            ),
        ):
            yield conn

    @contextmanager
    def _transaction(self, conn: pg.Connection, *, read_only: bool) -> Iterator[None]:
        with pg.transaction(
            conn,
            statement_timeout_s=self.statement_timeout_s,
            lock_timeout_s=_LOCK_TIMEOUT_S,
            read_only=read_only,
        ):
            yield


@contextmanager
def spoken(conninfo: pg.Conninfo) -> Iterator[None]:
    """Turn what the driver says about the store into an error that a user can act on."""
    try:
        yield
    except (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.FeatureNotSupported):
        # A standby refuses to begin a transaction that may write as a feature that it has not got.
        raise errors.StoreReadOnly from None
    except psycopg.errors.DiskFull as error:
        raise errors.StoreFull(said=_first_line(error)) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise errors.StoreForbidden(user=conninfo.user, dbname=conninfo.dbname, said=_first_line(error)) from error
    except (psycopg.IntegrityError, psycopg.DataError, psycopg.ProgrammingError) as error:
        raise errors.StoreRefused(said=_first_line(error)) from error
    except psycopg.Error as error:
        raise errors.StoreError(said=_first_line(error)) from error


def _first_line(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).partition("\n")[0] or type(error).__name__
