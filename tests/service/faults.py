"""Failures on the way to the store, at the driver: before or after the n-th thing that is sent to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg

Moment = Literal["before", "after"]


class Faults:
    """Counts what is sent to one database; fails once at number *at*, as a lost connection does."""

    def __init__(self, dbname: str) -> None:
        self.dbname = dbname
        self.sent: list[str] = []
        self.at: int | None = None
        self.when: Moment = "before"
        self.kind: type[psycopg.Error] = psycopg.OperationalError
        self.failed = False

    def arm(self, at: int | None, when: Moment = "before") -> None:
        """Fail at the number *at* from now on; None counts only."""
        self.sent, self.at, self.when, self.failed = [], at, when, False

    def passes(self, conn: Any, what: str, when: Moment) -> None:
        """Fail where it is time."""
        if conn.closed or conn.info.dbname != self.dbname:
            return
        if when == "before":
            self.sent.append(what)
        if not self.failed and self.at == len(self.sent) and when == self.when:
            self.failed = True
            conn.close()
            raise self.kind("the connection was lost, as told by the test")


@contextmanager
def faults(dbname: str) -> Iterator[Faults]:
    """Stand between the driver and one database."""
    made = Faults(dbname)
    execute, copy = psycopg.Connection.execute, psycopg.Cursor.copy

    def watched_execute(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        made.passes(self, _said(query), "before")
        result = execute(self, query, *args, **options)
        made.passes(self, _said(query), "after")
        return result

    @contextmanager
    def watched_copy(self: Any, statement: Any, *args: Any, **options: Any) -> Iterator[Any]:
        made.passes(self.connection, "COPY", "before")
        with copy(self, statement, *args, **options) as copying:
            yield copying
        made.passes(self.connection, "COPY", "after")

    psycopg.Connection.execute, psycopg.Cursor.copy = watched_execute, watched_copy  # type: ignore[method-assign]
    try:
        yield made
    finally:
        psycopg.Connection.execute, psycopg.Cursor.copy = execute, copy  # type: ignore[method-assign]


def _said(query: Any) -> str:
    text = query.decode() if isinstance(query, bytes) else str(query)
    return " ".join(text.split())[:60]
