"""
What a whole server and one of its databases are like now: the life it is in, settings, checkpoints, log, traffic.

in    a visit
out   plain values and cumulative counters under names that hold on every version
not   no opinion on what changed: see evidence_compare.py
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pganomaly.collect.evidence_visit import Visit

VOLATILE = ("in_hot_standby", "transaction_isolation", "transaction_read_only", "transaction_deferrable")
"""Settings that say how a transaction is, not how somebody has set the server."""
TEXTS = (
    "default_table_access_method",
    "search_path",
    "shared_preload_libraries",
    "synchronous_standby_names",
    "wal_consistency_checking",
)
"""Settings that are texts, matter, and hold no secret; others (primary_conninfo, commands) are never read."""

_CHECKPOINTS = {
    "checkpoints_timed": "timed",
    "num_timed": "timed",
    "checkpoints_req": "requested",
    "num_requested": "requested",
    "checkpoint_write_time": "write_ms",
    "write_time": "write_ms",
    "checkpoint_sync_time": "sync_ms",
    "sync_time": "sync_ms",
    "buffers_checkpoint": "buffers_written",
    "buffers_written": "buffers_written",
}
_WAL = {"wal_bytes": "wal_bytes", "wal_fpi": "wal_full_page_images"}
_FLOW = {
    "xact_commit": "commits",
    "xact_rollback": "rollbacks",
    "deadlocks": "deadlocks",
    "blks_read": "blocks_read",
    "blks_hit": "blocks_hit",
    "temp_files": "temp_files",
    "temp_bytes": "temp_bytes",
    "blk_read_time": "read_ms",
}

_BYTES = {"B": 1, "kB": 1 << 10, "8kB": 1 << 13, "16kB": 1 << 14, "32kB": 1 << 15, "MB": 1 << 20, "16MB": 1 << 24,
          "GB": 1 << 30}  # fmt: skip
_MS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Life:
    """Which life a server is in: another start or timeline is another one."""

    at: datetime
    database: str
    postmaster_start: datetime
    loaded_at: datetime
    in_recovery: bool


@dataclass(frozen=True, slots=True)
class Control:
    """What the control file tells; some clouds keep it to themselves."""

    timeline: int
    checkpoint_ago_s: float


@dataclass(frozen=True, slots=True)
class Counted:
    """Cumulative counters at one moment; since is when they began, where the server says."""

    at: datetime
    counts: Mapping[str, float]
    since: datetime | None = None


def life(here: Visit) -> Life:
    """Return the server's clock and when it was started."""
    (row,) = here.rows("life")
    return Life(**row | {name: utc(row[name]) for name in ("at", "postmaster_start", "loaded_at")})


def control(here: Visit) -> Control:
    """Return the timeline and the age of the last checkpoint."""
    (row,) = here.rows("control")
    return Control(**row)


def settings(here: Visit) -> dict[str, str]:
    """Return settings with their units, as a new session would get them; not those that we have otherwise."""
    with here.transaction():
        rows = here.rows("settings", {"volatile": list(VOLATILE), "texts": list(TEXTS)})
        ours = {row["name"] for row in here.rows("own_settings")}
    return {row["name"]: shown(row["value"], row["unit"]) for row in rows if row["name"] not in ours}


def scoped_settings(here: Visit, names: Iterable[str]) -> dict[str, str]:
    """Return what is set for roles and for this database, by "scope/name", of the settings with these *names*."""
    rows = here.rows("scoped_settings", {"names": sorted(names)})
    return {f"{_scope(row['role'], row['database'])}/{row['name']}": row["value"] for row in rows}


def log(here: Visit) -> Counted:
    """Return the counters of checkpoints and, from PostgreSQL 14 on, of the write-ahead log."""
    view = "pg_stat_checkpointer" if here.can.has_checkpointer else "pg_stat_bgwriter"
    (row,) = here.rows("checkpoints", view=f"pg_catalog.{view}")
    (wal,) = here.rows("wal") if here.can.has_wal else ({"counts": {}},)
    return Counted(utc(row["at"]), _renamed(row["counts"], _CHECKPOINTS) | _renamed(wal["counts"], _WAL))


def checkpoint_runs(here: Visit) -> bool:
    """Return whether a checkpoint is being written."""
    (row,) = here.rows("checkpointer")
    return bool(row["running"])


def flow(here: Visit) -> Counted:
    """Return the counters of this database."""
    (row,) = here.rows("flow")
    since = row["counts"].get("stats_reset")
    return Counted(utc(row["at"]), _renamed(row["counts"], _FLOW), since and utc(datetime.fromisoformat(since)))


def shown(value: str | None, unit: str | None) -> str:
    """Return a setting as people write it: 4096 of kB is 4MB, 16384 of 8kB is 128MB, 300 of s is 5min."""
    if value is None or not unit or not value.isdigit() or value == "0":
        return value or ""
    for sizes in (_BYTES, _MS):
        if unit in sizes:
            total = int(value) * sizes[unit]
            name, size = next((n, s) for n, s in reversed(sizes.items()) if n[0].isalpha() and total % s == 0)
            return f"{total // size}{name}"
    return value + unit


def utc(moment: datetime) -> datetime:
    """Return a moment in UTC."""
    return moment.astimezone(UTC)


def _renamed(counts: Mapping[str, float], names: Mapping[str, str]) -> dict[str, float]:
    return {names[name]: float(value) for name, value in counts.items() if name in names and value is not None}


def _scope(role: str | None, database: str | None) -> str:
    parts = ([f"role {role}"] if role else []) + ([f"database {database}"] if database else [])
    return " in ".join(parts) or "all roles"
