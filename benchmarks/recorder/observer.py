"""
What a collector would have seen: the view's rows that moved, samples of activity, and the statistics beside.

One window is a real second, written down as though it were a minute.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray
from psycopg.rows import dict_row
from pyarrow import parquet

T0 = datetime(2026, 5, 4, tzinfo=UTC)
T0_US = int(T0.timestamp() * 1e6)
WINDOW_US, PACE = 60_000_000, 60
FULL_EVERY = 120
KEY = ("userid", "dbid", "toplevel", "queryid")
TIME = pa.timestamp("us", tz="UTC")
PG_EPOCH_US = 946_684_800_000_000
_TYPES = {"oid": ">u4", "bool": ">u1", "int8": ">i8", "float8": ">f8", "timestamptz": ">i8"}
_READ = {"numeric": "int8"}  # wal_bytes
Raw = NDArray[Any]

ACTIVITY = """
SELECT pid, datname, usename, state, wait_event_type, wait_event, query_id,
       extract(epoch FROM clock_timestamp() - query_start)::float8 AS query_age_s,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS xact_age_s,
       CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid)::text END AS blocked_by
  FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
"""
DATABASE = """
SELECT datid::int8, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched,
       tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, blk_read_time,
       blk_write_time, session_time, active_time, idle_in_transaction_time
  FROM pg_stat_database WHERE datname NOT LIKE 'template%'
"""
TABLES = """
SELECT s.relid::int8, s.relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del,
       n_tup_hot_upd, n_live_tup, n_dead_tup, n_mod_since_analyze, vacuum_count, autovacuum_count, analyze_count,
       autoanalyze_count, c.relpages::int8 * 8192 AS bytes
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
"""
TEXTS = """
SELECT dbid::int8, userid::int8, queryid, toplevel, query FROM pg_stat_statements(true)
 WHERE (userid, dbid, toplevel, queryid) IN (SELECT * FROM unnest(%s::oid[], %s::oid[], %s::bool[], %s::int8[]))
"""


class Observer:
    """The session of the collector, and what it has written down."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        conn.prepare_threshold = None
        self._columns = _columns(conn)
        self._dtype = _row_type(self._columns)
        listed = ", ".join(f"coalesce({n}, {_nothing(t)})::{_READ.get(t, t)} AS {n}" for n, t in self._columns.items())
        self._copy = f"COPY (SELECT {listed} FROM pg_stat_statements(false) WHERE queryid IS NOT NULL) TO STDOUT BINARY"
        self._last: dict[bytes, bytes] = {}
        self._known: set[bytes] = set()
        self._rows: list[tuple[int, Raw]] = []
        self._windows: list[dict[str, Any]] = []
        self._activity: list[dict[str, Any]] = []
        self._database: list[dict[str, Any]] = []
        self._tables: list[dict[str, Any]] = []
        self._texts: list[dict[str, Any]] = []
        self._start_us = 0

    def begin(self, at: float) -> None:
        """Let window 0 end at a moment of time.time()."""
        self._start_us = int(at * 1e6)

    def snapshot(self, window: int, late_ms: float) -> None:
        """Write down what moved since the last snapshot."""
        began = time.perf_counter()
        dealloc, reset_at = self._one("SELECT dealloc, stats_reset FROM pg_stat_statements_info")
        rows = self._read()
        query_ms = (time.perf_counter() - began) * 1000
        before = self._windows[-1] if self._windows else None
        reset_us = self._recorded_us(int(reset_at.timestamp() * 1e6))
        reset = before is not None and before["stats_reset"] != reset_us
        evicted = before is not None and before["dealloc"] != dealloc
        full = before is None or reset or evicted or window % FULL_EVERY == 0
        moved, fresh = self._moved(rows, everything=full)
        self._rows.append((window, rows[moved]))
        self._learn_texts(rows[fresh], window)
        stamp = _stamp(window)
        self._windows.append({
            "snapshot_ts": stamp, "window": window, "dealloc": dealloc, "stats_reset": reset_us, "full": full,
            "reset": reset, "n_statements": len(rows), "n_stored": int(moved.sum()), "late_ms": late_ms,
            "query_ms": query_ms,
        })  # fmt: skip
        self._database += self._facts(DATABASE, {"snapshot_ts": stamp})
        if window % 5 == 0:
            self._tables += self._facts(TABLES, {"snapshot_ts": stamp})

    def sample(self, window: int, part: float) -> None:
        """Write down who is at work, *part* of the way through a window."""
        stamp = _stamp(window - 1) + int(part * WINDOW_US)
        self._activity += self._facts(ACTIVITY, {"sample_ts": stamp, "window": window})

    def write(self, folder: Path) -> dict[str, int]:
        """Write all Parquet files and return how many statements and rows there are."""
        folder.mkdir(parents=True, exist_ok=True)
        stored = self._write_rows(folder / "snapshots.parquet")
        write_table(folder / "activity.parquet", self._activity, _ACTIVITY)
        for name, rows in (
            ("windows", self._windows), ("texts", self._texts), ("database", self._database), ("tables", self._tables),
        ):  # fmt: skip
            write_table(folder / f"{name}.parquet", rows)
        return {"statements": len(self._texts), "stored_rows": stored}

    def _read(self) -> Raw:
        with self._conn.cursor().copy(self._copy) as copy:
            data = b"".join(bytes(block) for block in copy)
        return np.frombuffer(data[19:-2], self._dtype)

    def _moved(self, rows: Raw, *, everything: bool) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which rows are to be stored, and which are of statements never seen."""
        last = dict(zip(_as_bytes(_packed(rows)), _as_bytes(rows), strict=True))
        moved = np.array([everything or self._last.get(k) != v for k, v in last.items()], bool)
        fresh = np.array([k not in self._known for k in last], bool)
        self._known.update(last)
        self._last = last
        return moved, fresh

    def _learn_texts(self, fresh: Raw, window: int) -> None:
        if not len(fresh):
            return
        keys = [fresh[name].tolist() for name in KEY]
        keys[2] = [bool(toplevel) for toplevel in keys[2]]
        found = self._conn.cursor(row_factory=dict_row).execute(TEXTS, keys).fetchall()
        self._texts += [{**row, "first_seen_ts": _stamp(window)} for row in found]

    def _facts(self, sql: str, beside: dict[str, Any]) -> list[dict[str, Any]]:
        return [beside | row for row in self._conn.cursor(row_factory=dict_row).execute(sql.encode()).fetchall()]

    def _one(self, sql: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._conn.execute(sql.encode()).fetchone() or ()
        return row

    def _recorded_us(self, real_us: int) -> int:
        return T0_US + (real_us - self._start_us) * PACE

    def _write_rows(self, file: Path) -> int:
        rows = np.concatenate([part for _, part in self._rows])
        window = np.repeat([w for w, _ in self._rows], [len(part) for _, part in self._rows]).astype(np.int32)
        order = np.lexsort((window, rows["toplevel"], rows["queryid"], rows["userid"], rows["dbid"]))
        rows, window = rows[order], window[order]
        arrays: dict[str, Any] = {"snapshot_ts": pa.array(_stamp(window.astype(np.int64)), TIME), "window": window}
        for name, kind in self._columns.items():
            values = rows[name].astype(rows[name].dtype.newbyteorder("="))
            if kind == "timestamptz":
                arrays[name] = pa.array(T0_US + (values + PG_EPOCH_US - self._start_us) * PACE, TIME)
            else:
                arrays[name] = values.astype({"oid": np.int64, "bool": np.bool_}.get(kind, values.dtype))
        parquet.write_table(pa.table(arrays), file, compression="zstd")
        return len(rows)


_ACTIVITY = {
    "sample_ts": TIME, "window": pa.int32(), "pid": pa.int32(), "datname": pa.string(), "usename": pa.string(),
    "state": pa.string(), "wait_event_type": pa.string(), "wait_event": pa.string(), "query_id": pa.int64(),
    "query_age_s": pa.float64(), "xact_age_s": pa.float64(), "blocked_by": pa.string(),
}  # fmt: skip
_KINDS = _ACTIVITY | {
    "snapshot_ts": TIME, "stats_reset": TIME, "first_seen_ts": TIME, "n_statements": pa.int32(),
    "n_stored": pa.int32(), "numbackends": pa.int32(),
}  # fmt: skip


def write_table(file: Path, rows: Sequence[dict[str, Any]], names: Iterable[str] = ()) -> None:
    """Write rows, which have the same *names*, as Parquet."""
    arrays = {n: pa.array([row[n] for row in rows], _KINDS.get(n)) for n in names or rows[0]}
    parquet.write_table(pa.table(arrays), file, compression="zstd")


def stamp_of(window: int) -> str:
    """Return the recorded time at which a window ends, as labels.csv has it."""
    return (T0 + timedelta(minutes=window)).isoformat()


def _stamp(window: Any) -> Any:
    return T0_US + window * WINDOW_US


def _packed(rows: Raw) -> Raw:
    """Return the keys of rows, without anything between them."""
    keys = np.empty(len(rows), [(name, rows.dtype[name]) for name in KEY])
    for name in KEY:
        keys[name] = rows[name]
    return keys


def _as_bytes(rows: Raw) -> list[bytes]:
    found: list[bytes] = rows.view(f"V{rows.dtype.itemsize}").tolist()
    return found


def _columns(conn: psycopg.Connection[Any]) -> dict[str, str]:
    found = conn.execute(
        "SELECT attname, format_type(atttypid, NULL), atttypid::regtype::oid FROM pg_attribute"
        " WHERE attrelid = 'pg_stat_statements'::regclass AND attnum > 0 AND attname <> 'query' ORDER BY attnum"
    ).fetchall()
    short = {
        "double precision": "float8",
        "bigint": "int8",
        "boolean": "bool",
        "timestamp with time zone": "timestamptz",
    }
    return {name: short.get(kind, kind) for name, kind, _ in found}


def _row_type(columns: dict[str, str]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in columns.items():
        fields += [(f"length of {name}", ">i4"), (name, _TYPES[_READ.get(kind, kind)])]
    return np.dtype(fields)


def _nothing(kind: str) -> str:
    return {"bool": "false", "timestamptz": "'epoch'"}.get(kind, "0")
