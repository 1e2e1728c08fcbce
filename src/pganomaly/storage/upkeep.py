"""
What keeps the store small and quick: partitions ahead, old days dropped, hours added up.

in    what opens a short write transaction, the time, a Retention
out   an Upkeep that says what was done
not   nobody is blocked for long: each step is a transaction of its own, each lock is waited for briefly and tried again

Dropping a day needs its table for an instant. Where a reader holds it, the day waits for the next upkeep.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg

from pganomaly import pg
from pganomaly.storage import partitions, rollups
from pganomaly.storage.partitions import Partition
from pganomaly.storage.statements import load

LOCK_TIMEOUT_S = 0.5
TRIES = 3
GB = 1024**3

# By size, the first to go comes first. What people are told from (scores, incidents) only goes by age.
_EXPENDABLE = ("pgss_snapshots_raw", "pgss_deltas", "features_windows", "rollups")
_BRIN = ("pgss_snapshots_raw", "pgss_deltas", "features_windows", "rollups")
_FORGET = ("forget_snapshots", "forget_incidents", "forget_messages", "forget_queries", "forget_texts")

_SQL = load("upkeep")

Writing = Callable[[float], AbstractContextManager[pg.Connection]]
"""A write transaction of its own, with a lock_timeout in seconds."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept, and how large all of it may become."""

    raw: timedelta = timedelta(days=1)
    deltas: timedelta = timedelta(days=8)
    features: timedelta = timedelta(days=8)
    rollups: timedelta = timedelta(days=400)
    scores: timedelta = timedelta(days=180)
    max_bytes: int = 5 * GB

    def of(self, table: str) -> timedelta:
        """Return how long the rows of a partitioned table are kept."""
        return {
            "pgss_snapshots_raw": self.raw,
            "pgss_deltas": self.deltas,
            "features_windows": self.features,
            "rollups": self.rollups,
            "anomaly_scores": self.scores,
        }[table]


@dataclass(frozen=True, slots=True)
class Upkeep:
    """
    What one upkeep did.

    waiting     partitions that should be gone, but somebody is reading them
    size_bytes  of the store, afterwards
    too_large   whether that is above the limit with nothing left to drop
    """

    made: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    hours: int = 0
    size_bytes: int = 0
    too_large: bool = False


@dataclass(slots=True)
class _Drops:
    dropped: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def run(writing: Writing, *, now: datetime, retention: Retention) -> Upkeep:
    """Do all of it."""
    with writing(LOCK_TIMEOUT_S) as conn:
        made = partitions.ensure(conn, partitions.ahead(now))
    hours = rollups.catch_up(writing)
    drops = _Drops()
    for partition in _expired(writing, now, retention):
        _drop(writing, partition, drops)
    size, too_large = _shrink(writing, now, retention, drops)
    _forget(writing, now - retention.scores)
    _summarise(writing, now)
    return Upkeep(tuple(p.name for p in made), tuple(drops.dropped), tuple(drops.waiting), hours, size, too_large)


def sizes(conn: pg.Connection) -> dict[str, int]:
    """Return the bytes of every table, its partitions and indexes included."""
    return dict(conn.execute(_SQL["relations"]).fetchall())


def _expired(writing: Writing, now: datetime, retention: Retention) -> tuple[Partition, ...]:
    with writing(LOCK_TIMEOUT_S) as conn:
        return tuple(
            partition
            for table in partitions.TABLES
            for partition in _droppable(conn, table, now)
            if partition.high <= now - retention.of(table)
        )


def _shrink(writing: Writing, now: datetime, retention: Retention, drops: _Drops) -> tuple[int, bool]:
    """Drop the oldest days until the store is small enough; return its size, and whether it is still too large."""
    with writing(LOCK_TIMEOUT_S) as conn:
        size = sum(sizes(conn).values())
        if size <= retention.max_bytes:
            return size, False
        expendable = {
            partition: partitions.existing(conn, table)[partition]
            for table in _EXPENDABLE
            for partition in _droppable(conn, table, now)
            if partition.name not in drops.waiting
        }
    for partition, there in expendable.items():
        if size <= retention.max_bytes:
            break
        if _drop(writing, partition, drops):
            size -= there
    return size, size > retention.max_bytes


def _droppable(conn: pg.Connection, table: str, now: datetime) -> Iterator[Partition]:
    """Yield the partitions of *table* that are not being written, oldest first, without raw rows that are needed."""
    needed = _needed(conn) if table == "pgss_snapshots_raw" else frozenset()
    for partition in partitions.existing(conn, table):
        if partition.high <= now and partition not in needed:
            yield partition


def _needed(conn: pg.Connection) -> frozenset[Partition]:
    """Return the days from the newest whole snapshot of each instance on: without them collecting starts anew."""
    needed: set[Partition] = set()
    for low, high in conn.execute(_SQL["needed_raw"]).fetchall():
        partition = Partition.of("pgss_snapshots_raw", low)
        while partition.low <= high:
            needed.add(partition)
            partition = partition.next
    return frozenset(needed)


def _drop(writing: Writing, partition: Partition, drops: _Drops) -> bool:
    for _ in range(TRIES):
        try:
            with writing(LOCK_TIMEOUT_S) as conn:
                partitions.drop(conn, partition)
        except psycopg.errors.LockNotAvailable:
            continue
        drops.dropped.append(partition.name)
        return True
    drops.waiting.append(partition.name)
    return False


def _forget(writing: Writing, before: datetime) -> None:
    for name in _FORGET:
        with writing(LOCK_TIMEOUT_S) as conn:
            conn.execute(_SQL[name], {"before": before})


def _summarise(writing: Writing, now: datetime) -> None:
    """Take the newest pages into the BRIN indexes; where vacuum is at it, it does that."""
    names = [Partition.of(table, now).name for table in _BRIN]
    with writing(LOCK_TIMEOUT_S) as conn:
        indexes: Iterable[tuple[int]] = conn.execute(_SQL["unsummarised"], {"names": names}).fetchall()
    for (index,) in indexes:
        try:
            with writing(LOCK_TIMEOUT_S) as conn:
                conn.execute(_SQL["summarise"], {"index": index})
        except psycopg.errors.LockNotAvailable:
            continue
