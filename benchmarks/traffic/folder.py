"""Writes a simulation as a recording: Parquet files, meta.json and labels.csv."""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.traffic import activity, labels
from benchmarks.traffic.labels import Diary
from benchmarks.traffic.ledger import UNDATED
from benchmarks.traffic.simulation import T0_US, WINDOW_US, Simulation, Step
from benchmarks.traffic.workload import FIRST_DATABASE, FIRST_ROLE, WATCHER

TIME = pa.timestamp("us", tz="UTC")
WHOLE = (
    "calls", "rows", "shared_blks_hit", "shared_blks_read", "shared_blks_dirtied", "shared_blks_written",
    "temp_blks_read", "temp_blks_written", "wal_records", "wal_fpi", "wal_bytes",
)  # fmt: skip
NEVER = (
    "plans", "total_plan_time", "min_plan_time", "max_plan_time", "mean_plan_time", "stddev_plan_time",
    "local_blks_hit", "local_blks_read", "local_blks_dirtied", "local_blks_written",
)  # fmt: skip
NEVER_MS = {
    "1.9": ("blk_write_time",),
    "1.10": ("blk_write_time", "temp_blk_read_time", "temp_blk_write_time", "jit_functions", "jit_generation_time",
             "jit_inlining_count", "jit_inlining_time", "jit_optimization_count", "jit_optimization_time",
             "jit_emission_count", "jit_emission_time"),
}  # fmt: skip
NEVER_MS["1.11"] = (
    "shared_blk_write_time", "local_blk_read_time", "local_blk_write_time", *NEVER_MS["1.10"][1:],
    "jit_deform_count", "jit_deform_time",
)  # fmt: skip
NEVER_MS["1.12"] = (*NEVER_MS["1.11"], "wal_buffers_full", "parallel_workers_to_launch", "parallel_workers_launched")


class _Rows:
    """Rows of the view, gathered window by window."""

    def __init__(self, simulation: Simulation) -> None:
        self._s = simulation
        self._parts: list[dict[str, Any]] = []

    def add(self, step: Step) -> None:
        at = step.stored
        numbers = self._s.ledger.rows(at)
        part: dict[str, Any] = {"at": at, "snapshot_ts": np.full(len(at), step.taken_us)}
        part["window"] = np.full(len(at), step.window, np.int32)
        part |= {name: v.astype(np.int64) if name in WHOLE else v for name, v in numbers.items()}
        since = self._s.ledger.since_us[at]
        part["stats_since"] = np.where(since == UNDATED, T0_US, since)
        self._parts.append(part)

    def write(self, file: Path) -> int:
        columns = {name: np.concatenate([p[name] for p in self._parts]) for name in self._parts[0]}
        at = columns.pop("at")
        keys = self._s.keys[at]
        order = np.lexsort((columns["window"], keys["toplevel"], keys["queryid"], keys["userid"], keys["dbid"]))
        named: dict[str, Any] = {"snapshot_ts": columns["snapshot_ts"], "window": columns["window"]}
        for name in ("userid", "dbid", "toplevel", "queryid"):
            named[name] = keys[name] if name in ("toplevel", "queryid") else keys[name].astype(np.int64)
        named |= columns
        extension = self._s.profile.extension
        if not self._s.profile.dated:
            named["blk_read_time"] = named.pop("shared_blk_read_time")
            del named["stats_since"]
        else:
            named["minmax_stats_since"] = named["stats_since"]
        nothing = np.zeros(len(at))
        named |= dict.fromkeys((*NEVER, *NEVER_MS[extension]), nothing)
        times = ("snapshot_ts", "stats_since", "minmax_stats_since")
        arrays = {n: pa.array(v[order], TIME if n in times else None) for n, v in named.items()}
        parquet.write_table(pa.table(arrays), file, compression="zstd")
        return len(at)


def write(simulation: Simulation, folder: Path) -> list[dict[str, Any]]:
    """Write the recording into *folder* and return its labels."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([simulation.core, 11])
    rows, diary = _Rows(simulation), Diary(simulation)
    windows: list[dict[str, Any]] = []
    sessions: list[activity.Row] = []
    first_seen: dict[int, int] = {}
    for step in simulation.steps():
        if step.work is not None:
            diary.note(step.window, step.work)
        sessions += activity.samples(simulation, step, rng)
        if step.missed:
            continue
        rows.add(step)
        windows.append(_window(step, rng))
        for entry in step.stored.tolist():
            first_seen.setdefault(entry, step.taken_us)
    stored = rows.write(folder / "snapshots.parquet")
    _write(folder / "windows.parquet", windows)
    _write(folder / "activity.parquet", sessions)
    _write(folder / "texts.parquet", (_text(simulation, entry, us) for entry, us in first_seen.items()))
    _write_meta(simulation, folder / "meta.json", len(first_seen), stored)
    return _write_labels(folder / "labels.csv", labels.table(simulation, diary))


def _window(step: Step, rng: np.random.Generator) -> dict[str, Any]:
    return {
        "snapshot_ts": step.taken_us, "window": step.window, "dealloc": step.dealloc, "stats_reset": step.reset_us,
        "full": step.whole, "reset": step.reset, "n_statements": step.entries, "n_stored": len(step.stored),
        "late_ms": float(rng.exponential(0.3)), "query_ms": 1 + step.entries / 300,
    }  # fmt: skip


def _text(simulation: Simulation, entry: int, seen_us: int) -> dict[str, Any]:
    key = simulation.keys[entry]
    return {
        "dbid": int(key["dbid"]), "userid": int(key["userid"]), "queryid": int(key["queryid"]),
        "toplevel": bool(key["toplevel"]), "first_seen_ts": seen_us, "query": simulation.text(entry),
    }  # fmt: skip


_TYPES = {
    "snapshot_ts": TIME, "sample_ts": TIME, "stats_reset": TIME, "first_seen_ts": TIME, "window": pa.int32(),
    "pid": pa.int32(), "n_statements": pa.int32(), "n_stored": pa.int32(), "datname": pa.string(),
    "usename": pa.string(), "state": pa.string(), "wait_event_type": pa.string(), "wait_event": pa.string(),
    "blocked_by": pa.string(), "query_id": pa.int64(), "queryid": pa.int64(),
}  # fmt: skip


def _write(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    names = list(listed[0]) if listed else list(activity.COLUMNS)
    arrays = {name: pa.array([row[name] for row in listed], _TYPES.get(name)) for name in names}
    parquet.write_table(pa.table(arrays), file, compression="zstd")


def _write_meta(simulation: Simulation, file: Path, statements: int, stored: int) -> None:
    p = simulation.profile
    keys = simulation.workload.keys
    meta = {
        "recording": p.name, "server_version": f"PostgreSQL {p.major} (simulated)",
        "settings": {
            "pg_stat_statements.max": str(p.entries_max),
            "pg_stat_statements.track": "all" if p.track_all else "top",
            "track_io_timing": "on",
        },
        "t0": _iso(T0_US), "window_s": 60, "real_window_s": p.real_window_s, "windows": p.windows,
        "day_windows": p.day_windows, "train_end": _iso(T0_US + p.train_windows * WINDOW_US),
        "databases": {
            str(oid): activity.database_name(simulation, oid)
            for oid in range(FIRST_DATABASE, FIRST_DATABASE + p.databases)
        },
        "users": {
            str(oid): activity.role_name(-1 if oid == WATCHER else oid - FIRST_ROLE)
            for oid in sorted({int(u) for u in keys["userid"]})
        },
        "activity_samples_per_window": activity.SAMPLES, "statements": statements, "stored_rows": stored,
        "note": "simulated",
    }  # fmt: skip
    file.write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")


def _write_labels(file: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with file.open("w", newline="", encoding="utf-8") as out:
        made = [
            {
                "event_id": r["event_id"], "kind": r["kind"], "class": r["class"],
                "start_ts": _iso(T0_US + r["start"] * WINDOW_US), "end_ts": _iso(T0_US + r["end"] * WINDOW_US),
                **{k: v for k, v in r.items() if k not in ("event_id", "kind", "class", "start", "end")},
            }
            for r in rows
        ]  # fmt: skip
        writer = csv.DictWriter(out, list(made[0]))
        writer.writeheader()
        writer.writerows(made)
    return made


def _iso(us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()
