"""
Days and months of the tables that grow: made ahead, made on demand, dropped whole.

in    a connection inside a transaction, a table, moments
out   partitions named TABLE_20261121 (days) or TABLE_202611 (months), bounds at midnight UTC
not   nobody who reads or writes waits: a partition is made beside its table, then attached (SHARE UPDATE EXCLUSIVE)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from psycopg import sql

from pganomaly import pg


class Span(StrEnum):
    """How much time one partition holds."""

    DAY = "day"
    MONTH = "month"


TABLES: dict[str, Span] = {
    "pgss_snapshots_raw": Span.DAY,
    "pgss_deltas": Span.DAY,
    "features_windows": Span.DAY,
    "anomaly_scores": Span.MONTH,
    "rollups": Span.MONTH,
}
"""The partitioned tables."""

_DIGITS = {Span.DAY: "%Y%m%d", Span.MONTH: "%Y%m"}
_DECEMBER = 12

_EXISTING = """
SELECT /* pganomaly */ child.relname::text, pg_catalog.pg_total_relation_size(child.oid)
  FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
 WHERE i.inhparent = pg_catalog.to_regclass('monitoring.' || %s::text)
   AND child.relkind = 'r'
 ORDER BY child.relname"""
_MISSING = """
SELECT /* pganomaly */ name
  FROM pg_catalog.unnest(%s::text[]) AS name
 WHERE pg_catalog.to_regclass('monitoring.' || name) IS NULL"""
_TAKE_TURNS = "SELECT /* pganomaly */ pg_catalog.pg_advisory_xact_lock(7043926, 2)"
_CREATE = "CREATE /* pganomaly */ TABLE monitoring.{name} (LIKE monitoring.{table} INCLUDING DEFAULTS)"
_ATTACH = """
ALTER /* pganomaly */ TABLE monitoring.{table}
  ATTACH PARTITION monitoring.{name} FOR VALUES FROM ({low}) TO ({high})"""
_DROP = "DROP /* pganomaly */ TABLE IF EXISTS monitoring.{name}"


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One partition: what it holds from *low* on and before *high*."""

    low: datetime
    high: datetime
    table: str

    @classmethod
    def of(cls, table: str, moment: datetime) -> "Partition":
        """Return the partition of *table* that *moment* belongs to."""
        midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if TABLES[table] is Span.DAY:
            return cls(midnight, midnight + timedelta(days=1), table)
        first = midnight.replace(day=1)
        return cls(first, _next_month(first), table)

    @property
    def name(self) -> str:
        """Its name in schema monitoring; it sorts by time."""
        return f"{self.table}_{self.low.strftime(_DIGITS[TABLES[self.table]])}"

    @property
    def next(self) -> "Partition":
        """The partition that follows."""
        return Partition.of(self.table, self.high)


def existing(conn: pg.Connection, table: str) -> dict[Partition, int]:
    """Return the partitions of *table*, oldest first, and the bytes of each with its indexes."""
    rows = conn.execute(_EXISTING, (table,)).fetchall()
    named = ((_named(table, name), size) for name, size in rows)
    return {partition: size for partition, size in named if partition is not None}


def missing(conn: pg.Connection, wanted: Iterable[Partition]) -> tuple[Partition, ...]:
    """Return those of *wanted* that do not exist."""
    named = {partition.name: partition for partition in wanted}
    rows = conn.execute(_MISSING, (list(named),)).fetchall()
    return tuple(named[name] for (name,) in rows)


def ensure(conn: pg.Connection, wanted: Iterable[Partition]) -> tuple[Partition, ...]:
    """Make what is missing of *wanted*, inside the caller's transaction, and return it."""
    lacking = missing(conn, wanted)
    if lacking:
        conn.execute(_TAKE_TURNS)
    return tuple(p for p in lacking if _create(conn, p))


def drop(conn: pg.Connection, partition: Partition) -> None:
    """Drop one partition. Waits for its readers as long as the transaction's lock_timeout allows."""
    conn.execute(sql.SQL(_DROP).format(name=sql.Identifier(partition.name)))


def current(now: datetime) -> tuple[Partition, ...]:
    """Return the partitions that *now* belongs to, one of each table."""
    return tuple(Partition.of(table, now) for table in TABLES)


def ahead(now: datetime) -> tuple[Partition, ...]:
    """Return the partitions that should exist at *now*: the current ones and the next of each table."""
    return (*current(now), *(p.next for p in current(now)))


def _create(conn: pg.Connection, partition: Partition) -> bool:
    """Make *partition* unless somebody did while we waited for our turn."""
    if not missing(conn, (partition,)):
        return False
    names = {"name": sql.Identifier(partition.name), "table": sql.Identifier(partition.table)}
    bounds = {"low": sql.Literal(partition.low.isoformat()), "high": sql.Literal(partition.high.isoformat())}
    conn.execute(sql.SQL(_CREATE).format(**names))
    conn.execute(sql.SQL(_ATTACH).format(**names, **bounds))
    return True


def _named(table: str, name: str) -> Partition | None:
    """Return the partition called *name*; None where somebody else attached it."""
    try:
        low = datetime.strptime(name.removeprefix(f"{table}_"), _DIGITS[TABLES[table]]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Partition.of(table, low)


def _next_month(first: datetime) -> datetime:
    if first.month == _DECEMBER:
        return first.replace(year=first.year + 1, month=1)
    return first.replace(month=first.month + 1)
