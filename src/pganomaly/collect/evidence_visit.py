"""
A short visit to a watched server: a session of its own, a few small reads, and out again.

in    a way in, and how long the visit may last
out   rows of the statements of evidence.sql, or a note of what could not be read
not   nothing here waits for a lock, writes, or outlasts its time; what fails costs that part only
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from pganomaly import pg
from pganomaly.collect.deadline import within
from pganomaly.collect.target import Limits, explained
from pganomaly.pg import Conninfo
from pganomaly.records.evidence import Missing, Why

T = TypeVar("T")
Row = dict[str, Any]

PATIENCE_S = 2.0
"""How long a visit may last if nobody is in a hurry."""
LIMITS = Limits(connect_timeout_s=2.0, statement_timeout_s=0.5, lock_timeout_s=0.01, grace_s=0.5)
"""A statement that takes longer is given up; a lock that is not free at once (on the catalogue itself) is, too."""
AT_LEAST_S = 0.02
BY_INDEX = {
    "work_mem": "8MB",
    "jit": "off",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""
A catalogue may have a million rows of which we want a few, so it is read by its indexes. Nothing is worth compiling,
and a role with little work_mem must not make us write temporary files.
"""

_SQL = pg.statements(files(__package__) / "evidence.sql")
_LOCKED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this server has beyond PostgreSQL 13."""

    has_checkpointer: bool
    has_wal: bool
    has_query_id: bool
    has_waitstart: bool
    has_lastscan: bool

    @property
    def query_id(self) -> str:
        """The statement's number in pg_stat_activity a."""
        return "a.query_id" if self.has_query_id else "NULL::bigint"


class Visit:
    """
    One session that reads evidence, given up as a whole once its time is over.

    missing  what was not read so far, and why
    busy_s   time spent on reading, waiting in between left out
    """

    def __init__(self, conn: pg.Connection, *, until_s: float) -> None:
        self._conn = conn
        self._until_s = until_s
        self._inside = False
        self.missing: list[Missing] = []
        self.version = conn.info.server_version
        self.busy_s = 0.0
        self.can = Abilities(**self.rows("abilities")[0])

    def rows(self, name: str, args: Row | None = None, **fragments: str) -> list[Row]:
        """Return the rows of a statement; it may use what is left of the time, and no more than a statement may."""
        query = _SQL[name].format(**fragments) if fragments else _SQL[name]
        with self.transaction() as conn, conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, args).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[pg.Connection]:
        """Yield the connection inside a read-only transaction that ends in time; what is inside of it belongs to it."""
        if self._inside:
            yield self._conn
            return
        left_s = self.left_s
        if left_s < AT_LEAST_S:
            raise psycopg.errors.QueryCanceled("the visit is over")
        began_s = time.monotonic()
        longest_s = min(LIMITS.statement_timeout_s, left_s)
        limits = pg.transaction(
            self._conn,
            statement_timeout_s=longest_s,
            lock_timeout_s=LIMITS.lock_timeout_s,
            read_only=True,
            further=BY_INDEX,
        )
        self._inside = True
        try:
            with within(self._conn, left_s + LIMITS.grace_s), limits:
                yield self._conn
        finally:
            self._inside = False
            self.busy_s += time.monotonic() - began_s

    @property
    def left_s(self) -> float:
        """Seconds until the visit is over."""
        return self._until_s - time.monotonic()

    def part(self, name: str, work: Callable[[], T]) -> T | None:
        """Return what *work* reads for one part of the evidence; None, and a note, where it cannot be read."""
        try:
            return work()
        except psycopg.Error as error:
            self.lacks(name, _why(error))
        except (LookupError, ValueError, TypeError, ArithmeticError):
            # A server that answers otherwise than any that we know must not cost the other parts.
            self.lacks(name, Why.FAILED)
        return None

    def lacks(self, part: str, why: Why) -> None:
        """Note that a part is not there."""
        self.missing.append(Missing(part, why))


@contextmanager
def visit(conninfo: Conninfo, *, patience_s: float) -> Iterator[Visit]:
    """Yield a visit that is over after *patience_s*; errors.ConnectError or errors.TargetError where it fails."""
    until_s = time.monotonic() + patience_s
    conn = pg.connect(conninfo, connect_timeout_s=min(LIMITS.connect_timeout_s, patience_s))
    try:
        with explained(conninfo.server, LIMITS):
            yield Visit(conn, until_s=until_s)
    finally:
        with suppress(psycopg.Error):
            conn.close()


def _why(error: psycopg.Error) -> Why:
    if isinstance(error, _LOCKED):
        return Why.LOCKED
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Why.TIMEOUT
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Why.PRIVILEGE
    if isinstance(
        error, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction)
    ):
        return Why.VERSION
    return Why.FAILED
