"""
What we read of pg_stat_statements, one line each.

A new counter is one line here, one column in a migration, and nothing else: reading, storing, deltas and docs follow.
"""

from dataclasses import dataclass
from enum import StrEnum

from pganomaly.catalog.units import Unit


class CounterKind(StrEnum):
    """Whether a number grows (and two of them give a delta) or is a state of its own."""

    CUMULATIVE = "cumulative"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Counter:
    """
    One number that PostgreSQL keeps per statement.

    name      our column, in pgss_snapshots_raw; its delta is called name_delta
    sources   the ways to read it, best first: each is a tuple of view columns that are added up. The first whose
              columns all exist is taken; where none does, the counter is NULL
    sql_type  of the column
    """

    name: str
    sources: tuple[tuple[str, ...], ...]
    unit: Unit
    says: str
    kind: CounterKind = CounterKind.CUMULATIVE
    sql_type: str = "bigint"


def _plain(name: str, unit: Unit, says: str, sql_type: str = "bigint") -> Counter:
    return Counter(name, ((name,),), unit, says, sql_type=sql_type)


def _gauge(name: str, says: str, sql_type: str) -> Counter:
    return Counter(name, ((name,),), Unit.MS, says, kind=CounterKind.GAUGE, sql_type=sql_type)


_JIT = ("jit_generation_time", "jit_inlining_time", "jit_optimization_time", "jit_emission_time")

COUNTERS: tuple[Counter, ...] = (
    _plain("calls", Unit.COUNT, "times executed"),
    _plain("total_exec_time", Unit.MS, "time executing", "double precision"),
    _plain("rows", Unit.ROWS, "rows returned or changed"),
    _plain("shared_blks_hit", Unit.BLOCKS, "blocks found in shared buffers"),
    _plain("shared_blks_read", Unit.BLOCKS, "blocks read from outside shared buffers"),
    _plain("shared_blks_dirtied", Unit.BLOCKS, "clean blocks changed"),
    _plain("shared_blks_written", Unit.BLOCKS, "blocks the statement itself had to write out"),
    _plain("temp_blks_read", Unit.BLOCKS, "temporary blocks read back"),
    _plain("temp_blks_written", Unit.BLOCKS, "temporary blocks spilled"),
    Counter("wal_bytes", (("wal_bytes",),), Unit.BYTES, "write-ahead log written"),
    _plain("wal_records", Unit.COUNT, "write-ahead log records"),
    _plain("wal_fpi", Unit.COUNT, "full-page images in the write-ahead log"),
    _plain("local_blks_hit", Unit.BLOCKS, "blocks of temporary tables found in memory"),
    _plain("local_blks_read", Unit.BLOCKS, "blocks of temporary tables read"),
    _plain("plans", Unit.COUNT, "times planned (0 while track_planning is off)"),
    _plain("total_plan_time", Unit.MS, "time planning", "double precision"),
    Counter(
        "io_read_ms",
        (("shared_blk_read_time", "local_blk_read_time"), ("blk_read_time",)),
        Unit.MS,
        "time waiting for blocks to be read (0 while track_io_timing is off)",
        sql_type="double precision",
    ),
    Counter(
        "io_write_ms",
        (("shared_blk_write_time", "local_blk_write_time"), ("blk_write_time",)),
        Unit.MS,
        "time waiting for blocks to be written (0 while track_io_timing is off)",
        sql_type="double precision",
    ),
    Counter("jit_ms", ((*_JIT, "jit_deform_time"), _JIT), Unit.MS, "time compiling", sql_type="double precision"),
    _plain("parallel_workers_to_launch", Unit.COUNT, "parallel workers wanted"),
    _plain("parallel_workers_launched", Unit.COUNT, "parallel workers obtained"),
    _gauge("min_exec_time", "fastest execution", "real"),
    _gauge("max_exec_time", "slowest execution", "real"),
    _gauge("stddev_exec_time", "spread of the execution time over the entry's life", "double precision"),
)

DELTAS: tuple[str, ...] = (
    *(c.name for c in COUNTERS if c.kind is CounterKind.CUMULATIVE),
    "exec_m2",
)
"""
Rows of a window's Deltas. exec_m2 is the sum of squared deviations of the execution time around the window's own mean
(ms^2), recovered from (calls, total, stddev) of two snapshots; NaN where it cannot be.
"""

_BY_NAME = {c.name: c for c in COUNTERS}


def counter(name: str) -> Counter:
    """Return the counter called *name*; KeyError where the catalogue has none."""
    return _BY_NAME[name]
