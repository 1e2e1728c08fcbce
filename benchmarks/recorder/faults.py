"""
What can be done to a real server and its users, in general; an application says what of its own it is done to.

Each is run in a thread of its own: it does its mischief, waits for the end, and puts everything back.
"""

import multiprocessing
from collections.abc import Mapping
from contextlib import closing
from dataclasses import KW_ONLY, dataclass
from threading import Event as Signal
from typing import Any, Protocol

import psycopg

from benchmarks.recorder.application import Change


class Stage(Protocol):
    """What mischief has to hand."""

    def connect(self, user: str = "", database: str = "") -> psycopg.Connection[Any]:
        """Return a new session of a role in its database, of the operator in the main one, unless told otherwise."""

    def tell(self, change: Change) -> None:
        """Let the users behave otherwise from now on."""


@dataclass(frozen=True, slots=True)
class Mischief:
    """
    Something that is done to the server or by its users.

    cls       its class in labels.csv
    severity  what is intended
    culprits  names of the statements that it hits directly
    reach     who suffers by its nature: flow (that of culprits), tables (whoever uses theirs), role, all
    kind      fault, or benign
    windows   how long it lasts, from and to
    database  where, if not in the main one
    """

    cls: str
    severity: str
    note: str
    culprits: tuple[str, ...] = ()
    _: KW_ONLY
    reach: tuple[str, ...] = ("tables",)
    kind: str = "fault"
    windows: tuple[int, int] = (9, 24)
    database: str = ""

    def run(self, stage: Stage, over: Signal) -> None:
        """Do it, wait until it is *over*, put it back."""
        raise NotImplementedError

    def operate(self, stage: Stage, *statements: str) -> None:
        """Run statements as the operator."""
        with closing(stage.connect(database=self.database)) as conn:
            for sql in statements:
                conn.execute(sql.encode())


@dataclass(frozen=True, slots=True)
class MissingIndex(Mischief):
    """An index is dropped."""

    index: str = ""

    def run(self, stage: Stage, over: Signal) -> None:
        with closing(stage.connect(database=self.database)) as conn:
            definition = conn.execute("SELECT pg_get_indexdef(%s::regclass)", [self.index]).fetchone() or ("",)
            conn.execute(f"DROP INDEX {self.index}")
            over.wait()
            conn.execute(definition[0].encode())


@dataclass(frozen=True, slots=True)
class FalseStatistics(Mischief):
    """The planner is told wrong things of a column, as a stale ANALYZE would."""

    table: str = ""
    column: str = ""
    distinct: float = 1

    def run(self, stage: Stage, over: Signal) -> None:
        of = f"'schemaname', 'public', 'relname', '{self.table}', 'attname', '{self.column}', 'inherited', false"
        self.operate(
            stage,
            f"SELECT pg_clear_attribute_stats('public', '{self.table}', '{self.column}', false)",
            f"SELECT pg_restore_attribute_stats({of}, 'null_frac', 0::real, 'avg_width', 4, "
            f"'n_distinct', {self.distinct}::real)",
            f"ALTER TABLE {self.table} SET (autovacuum_enabled = off)",  # plans of sessions are made anew, too
        )
        over.wait()
        self.operate(stage, f"ALTER TABLE {self.table} RESET (autovacuum_enabled)", f"ANALYZE {self.table}")


@dataclass(frozen=True, slots=True)
class RoleSetting(Mischief):
    """A role works with other settings than before."""

    role: str = ""
    settings: Mapping[str, str] | None = None

    def run(self, stage: Stage, over: Signal) -> None:
        self.operate(stage, *(f"ALTER ROLE {self.role} SET {n} = '{v}'" for n, v in (self.settings or {}).items()))
        stage.tell(Change(reconnect=(self.role,)))
        over.wait()
        self.operate(stage, f"ALTER ROLE {self.role} RESET ALL")
        stage.tell(Change(reconnect=(self.role,)))


@dataclass(frozen=True, slots=True)
class Held(Mischief):
    """A transaction holds locks for a while, again and again."""

    sql: str = ""
    user: str = ""
    hold_s: float = 0.8
    free_s: float = 0.4

    def run(self, stage: Stage, over: Signal) -> None:
        with closing(stage.connect(self.user)) as conn:
            while not over.is_set():
                conn.execute("BEGIN")
                conn.execute(self.sql.encode())
                over.wait(self.hold_s)
                conn.execute("ROLLBACK")
                over.wait(self.free_s)


@dataclass(frozen=True, slots=True)
class Bloat(Mischief):
    """A forgotten transaction keeps dead rows alive while a table is rewritten over and over."""

    table: str = ""
    rewrite: str = ""
    rounds: int = 5

    def run(self, stage: Stage, over: Signal) -> None:
        self.operate(stage, f"ALTER TABLE {self.table} SET (autovacuum_enabled = off)")
        with closing(stage.connect(database=self.database)) as forgotten:
            forgotten.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            forgotten.execute("SELECT count(*) FROM pg_class")
            for _ in range(self.rounds):
                self.operate(stage, self.rewrite)
                over.wait(0.2)
            over.wait()
        self.operate(
            stage, f"ALTER TABLE {self.table} RESET (autovacuum_enabled)", f"VACUUM (FULL, ANALYZE) {self.table}"
        )


@dataclass(frozen=True, slots=True)
class ColdCache(Mischief):
    """Buffers of some tables and their indexes are thrown out again and again; of all, where none are named."""

    tables: tuple[str, ...] = ()
    every_s: float = 0.5

    def run(self, stage: Stage, over: Signal) -> None:
        named = ", ".join(f"'{table}'" for table in self.tables)
        sql = "SELECT pg_buffercache_evict_all()"
        if self.tables:
            sql = (
                "SELECT pg_buffercache_evict_relation(c.oid)"
                " FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid"
                f" WHERE coalesce(i.indrelid, c.oid)::regclass::text IN ({named})"
            )
        with closing(stage.connect(database=self.database)) as conn:
            while not over.wait(self.every_s):
                conn.execute(sql.encode())


@dataclass(frozen=True, slots=True)
class Behaviour(Mischief):
    """The users do something else than before."""

    change: Change = Change()  # noqa: RUF009 - frozen

    def run(self, stage: Stage, over: Signal) -> None:
        stage.tell(self.change)
        over.wait()
        stage.tell(Change())


@dataclass(frozen=True, slots=True)
class Checkpoints(Mischief):
    """Checkpoints come all the time, so that each page is written to the WAL as a whole again and again."""

    every_s: float = 1.0

    def run(self, stage: Stage, over: Signal) -> None:
        with closing(stage.connect(database=self.database)) as conn:
            while not over.wait(self.every_s):
                conn.execute("CHECKPOINT")


@dataclass(frozen=True, slots=True)
class Growth(Mischief):
    """Rows come into a table, at once or each second, and users ask for them more than for others."""

    table: str = ""
    insert: str = ""
    delete: str = ""
    steadily: bool = False
    change: Change = Change()  # noqa: RUF009 - frozen

    def run(self, stage: Stage, over: Signal) -> None:
        self.operate(stage, self.insert)
        stage.tell(self.change)
        while self.steadily and not over.wait(1.0):
            self.operate(stage, self.insert)
        over.wait()
        stage.tell(Change())
        self.operate(stage, self.delete, f"VACUUM (ANALYZE) {self.table}")  # FULL would lock out the users


@dataclass(frozen=True, slots=True)
class Hogs(Mischief):
    """Other programs want the machine's CPUs."""

    programs: int = 4

    def run(self, stage: Stage, over: Signal) -> None:
        hogs = [multiprocessing.get_context("spawn").Process(target=_hog, daemon=True) for _ in range(self.programs)]
        for hog in hogs:
            hog.start()
        over.wait()
        for hog in hogs:
            hog.terminate()
            hog.join()


def _hog() -> None:
    while True:
        pass


@dataclass(frozen=True, slots=True)
class Commands(Mischief):
    """The operator runs something, once."""

    statements: tuple[str, ...] = ()

    def run(self, stage: Stage, over: Signal) -> None:
        self.operate(stage, *self.statements)
        over.wait()


@dataclass(frozen=True, slots=True)
class Flood(Mischief):
    """Somebody sends texts that nobody sends twice, until old entries must make room."""

    user: str = ""
    per_s: int = 1000

    def run(self, stage: Stage, over: Signal) -> None:
        with closing(stage.connect(self.user)) as conn:
            n = 0
            while not over.wait(0.05):
                for _ in range(self.per_s // 10):
                    n += 1
                    columns = ", ".join(f"{i} AS x" for i in range(n % 90 + 1))
                    values = ", ".join("(1)" for _ in range(n // 90 % 90 + 1))
                    conn.execute(f"SELECT {columns}, count(*) FROM (VALUES {values}) AS v".encode())


@dataclass(frozen=True, slots=True)
class Missed(Mischief):
    """The collector takes no snapshot for some windows; the recorder itself sees to it."""

    def run(self, stage: Stage, over: Signal) -> None:
        over.wait()
