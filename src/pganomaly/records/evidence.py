"""
What the watched server itself shows when an incident opened, compared with how it was before.

Every part is optional: None is "not read" (`missing` says why), an empty tuple is "read, and there is nothing to tell".
What is read in quiet times to compare with is a Reference (records/reference.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pganomaly.records.keys import Key


class Why(StrEnum):
    """Why a part was not read."""

    PRIVILEGE = "privilege"
    VERSION = "version"
    TIMEOUT = "timeout"
    LOCKED = "locked"
    NO_REFERENCE = "no_reference"
    NO_TABLES = "no_tables"
    SWITCHED_OFF = "switched_off"
    FAILED = "failed"


class Missing(NamedTuple):
    """A part of Evidence that was not read, by the name of its field, and why."""

    part: str
    why: Why


class Said(NamedTuple):
    """A sentence: what it says in English, which is the key of its translation, and the facts in it."""

    says: str
    facts: Mapping[str, object]

    def __str__(self) -> str:
        """Return it in English."""
        return self.says.format(**self.facts)


class Rate(NamedTuple):
    """
    How fast a counter of the server moves, per second.

    now    within the second or so in which the evidence was read; None where that cannot be told
    since  on average since the reference
    usual  on average before the reference
    """

    now: float | None = None
    since: float | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Backend:
    """
    A session of the server.

    pid       0 stands for a prepared transaction, which has no session
    query     what it runs or ran last, without its literals; None where it is hidden
    query_id  None before PostgreSQL 14, and while the statement still waits to be analysed
    """

    pid: int
    database: str | None
    role: str | None
    application: str | None
    state: str | None
    query_id: int | None
    query: str | None
    wait_event_type: str | None
    wait_event: str | None
    query_age_s: float | None
    state_age_s: float | None
    transaction_age_s: float | None


@dataclass(frozen=True, slots=True)
class Chain:
    """
    A session that waits for a lock, who holds it, and who is at the end of the queue.

    blocker  the session that is waited for; root the one that waits for nobody, often the same
    behind   how many sessions wait for the root, directly or not
    wait_s   how long it waits: since the wait began (PostgreSQL 14), else since the statement began
    lock     what is waited for: relation, transactionid, tuple, ...; mode as pg_locks has it
    table    schema.table of the lock, quoted where SQL needs it, where it is a table's or a row's
    """

    waiting: Backend
    blocker: Backend
    root: Backend
    behind: int
    wait_s: float | None
    lock: str | None
    mode: str | None
    table: str | None


class Wait(NamedTuple):
    """
    What active sessions waited for, and how often they were seen so.

    query_id  of the statement, where the server tells; type and event are None for a session that computes
    """

    query_id: int | None
    type: str | None
    event: str | None
    seen: int


@dataclass(frozen=True, slots=True)
class Waits:
    """Wait events of a few looks at the server, most frequent first."""

    looks: int
    of_statements: tuple[Wait, ...]
    of_all: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Client sessions by state. oldest is the one with the oldest transaction: vacuum cannot clean behind it."""

    active: int
    idle_in_transaction: int
    waiting_for_locks: int
    total: int
    max_connections: int
    oldest: Backend | None


class IndexState(StrEnum):
    """What is the matter with an index."""

    DROPPED = "dropped"
    INVALID = "invalid"
    UNUSED = "unused"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Index:
    """
    An index of one of the tables that is not as it was.

    table, name  the table with its schema, the index without; quoted where SQL needs it
    definition   the statement that makes it, its literals replaced where a string is among them; None: nobody knows it
    changed      whether it was otherwise in the reference; an invalid index may have been so for long
    scans        how often it is used
    unused_s     since when it was not (PostgreSQL 16)
    size_bytes   by relpages; of a dropped one, as it was
    """

    table: str
    name: str
    state: IndexState
    definition: str | None
    unique: bool
    changed: bool
    scans: Rate
    unused_s: float | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class TableState:
    """
    A table as the catalogue and the statistics have it.

    size_bytes, rows        by relpages and reltuples: as of the last vacuum or analyze; -1 rows were never counted
    live_rows, dead_rows    as the statistics estimate them
    changed_since_analyze   rows inserted, updated or deleted since the last analyze
    vacuumed_at, analyzed_at  by hand or automatically, whichever came last; None is never
    """

    at: datetime
    size_bytes: int
    rows: float
    live_rows: int
    dead_rows: int
    changed_since_analyze: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table that the statements name, with its partitions taken together, now and in the reference.

    name       with its schema, both quoted where SQL needs it
    was        None where the reference does not know it
    locked_by  pids that hold it ACCESS EXCLUSIVE right now
    vacuuming  whether a vacuum or analyze works on it right now
    """

    name: str
    now: TableState
    was: TableState | None
    seq_scans: Rate
    index_scans: Rate
    rows_read_by_seq: Rate
    rows_read_by_index: Rate
    inserted: Rate
    updated: Rate
    deleted: Rate
    indexes: int
    locked_by: tuple[int, ...] = ()
    vacuuming: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """
    A setting that is not what it was in the reference.

    was, now  with their unit; None where it was not set at all
    scope     for whom: None is the whole server, else "role app", "database shop", "role app in database shop"
    """

    name: str
    was: str | None
    now: str | None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """
    Checkpoints and write-ahead log of the whole server.

    timed, requested  how often one began because it was time, or because the log grew (or somebody asked)
    write_ms, sync_ms, buffers_written  what they cost
    running           whether one is being written right now; None where that cannot be told
    last_ago_s        since the last one began
    wal_bytes, wal_full_page_images     PostgreSQL 14 and later
    """

    timed: Rate
    requested: Rate
    write_ms: Rate
    sync_ms: Rate
    buffers_written: Rate
    wal_bytes: Rate
    wal_full_page_images: Rate
    running: bool | None = None
    last_ago_s: float | None = None


@dataclass(frozen=True, slots=True)
class DatabaseFlow:
    """What the statements of one database do, from pg_stat_database."""

    name: str
    commits: Rate
    rollbacks: Rate
    deadlocks: Rate
    blocks_read: Rate
    blocks_hit: Rate
    temp_files: Rate
    temp_bytes: Rate
    read_ms: Rate

    @property
    def hit_share_now(self) -> float | None:
        """Share of blocks found in shared buffers while the evidence was read, None without any."""
        return _share(self.blocks_hit.now, self.blocks_read.now)

    @property
    def hit_share_usual(self) -> float | None:
        """The same before the reference."""
        return _share(self.blocks_hit.usual, self.blocks_read.usual)


@dataclass(frozen=True, slots=True)
class Restart:
    """
    Whether the server lives another life than in the reference.

    restarted  the postmaster started after the reference; promoted: it was a standby, or has another timeline
    """

    started_at: datetime
    started_ago_s: float
    restarted: bool
    in_recovery: bool
    promoted: bool
    timeline: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A statement's generic plan (opt-in).

    digest      of its tree: equal trees have equal digests, whatever their costs
    steps       its nodes, outermost first, in EXPLAIN's words: "Index Scan using orders_customer_idx on orders"
    cost, rows  as the planner estimates them
    """

    digest: str
    steps: tuple[str, ...]
    cost: float
    rows: float
    at: datetime


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A statement's plan now, the last known one, and how they differ in words; no words where they do not."""

    key: Key
    now: Plan
    was: Plan | None
    difference: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What one look at a watched server showed, through the database of an incident's statements.

    Whoever accounts for incidents gets them by incident id: Mapping[str, Evidence]; no entry where nothing was read.

    read_at, reference_at  by the server's clock; reference_at is None where there is nothing to compare with
    cost_ms                what reading took, waiting between the looks left out
    """

    read_at: datetime
    database: str
    reference_at: datetime | None = None
    blockers: tuple[Chain, ...] | None = None
    waits: Waits | None = None
    sessions: Sessions | None = None
    indexes: tuple[Index, ...] | None = None
    tables: tuple[Table, ...] | None = None
    settings: tuple[Setting, ...] | None = None
    checkpoints: Checkpoints | None = None
    flow: DatabaseFlow | None = None
    restart: Restart | None = None
    plans: tuple[PlanChange, ...] | None = None
    missing: tuple[Missing, ...] = ()
    cost_ms: float = 0.0


def _share(part: float | None, rest: float | None) -> float | None:
    if part is None or rest is None or part + rest <= 0:
        return None
    return part / (part + rest)
