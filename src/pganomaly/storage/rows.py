"""
The three big tables as numpy knows them: which columns, of which type, and how they travel.

Columns follow from the catalogue; a test compares them with the migrations.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pganomaly.catalog import COUNTERS, DELTAS, FEATURES
from pganomaly.pg import Column
from pganomaly.records import KEY, UNKNOWN_US, Grid, KeyArray

RAW = "monitoring.pgss_snapshots_raw"
DELTA = "monitoring.pgss_deltas"
FEATURE = "monitoring.features_windows"

RAW_TYPES = {c.name: c.sql_type for c in COUNTERS}
# Two thousand million workers, page images or spilled blocks (16 TB) of one statement within a window: four bytes are
# enough. What does not fit all the same is stored as missing.
_NARROW = {
    "parallel_workers_to_launch": "integer",
    "parallel_workers_launched": "integer",
    "wal_fpi": "integer",
    "shared_blks_written": "integer",
    "temp_blks_written": "integer",
    "exec_m2": "double precision",
}
DELTA_TYPES = {f"{name}_delta": _NARROW.get(name) or RAW_TYPES[name] for name in DELTAS}
FEATURE_TYPES = {f.name: f.sql_type for f in FEATURES}

KEY_FIELDS = (("dbid", "u4"), ("userid", "u4"), ("queryid", "i8"), ("toplevel", "?"))
"""What names a statement, as COPY sends it."""
RAW_DTYPE = np.dtype([
    ("snapshot_ts", "M8[us]"), *KEY_FIELDS, ("stats_since", "M8[us]"), ("gone", "?"), ("uncalled", "?"),
    *((c.name, "f8") for c in COUNTERS),
])  # fmt: skip
DELTA_DTYPE = np.dtype([
    ("window_end", "M8[us]"), *KEY_FIELDS, ("doubtful", "?"), *((name, "f8") for name in DELTA_TYPES),
])  # fmt: skip

_FOUR_BYTES = 2.0**31

RowArray = NDArray[np.void]
"""Rows of RAW_DTYPE or DELTA_DTYPE."""

_FLOAT = "coalesce(r.{0}::double precision, 'NaN') AS {0}"
_PLAIN = "r.{0}"
_FLAG = "coalesce(r.{0}, false) AS {0}"
_MOMENT = "coalesce(r.{0}, '-infinity') AS {0}"


def selected(dtype: np.dtype[np.void]) -> str:
    """Return the select list that fills *dtype*, no column NULL."""
    return ", ".join(_form(name, dtype[name]).format(name) for name in dtype.names or ())


def _form(name: str, kind: np.dtype[np.generic]) -> str:
    if name in dict(KEY_FIELDS):
        return _PLAIN
    return {"f": _FLOAT, "b": _FLAG, "M": _MOMENT}[kind.kind]


def keys_in(rows: RowArray) -> KeyArray:
    """Return the keys of *rows*."""
    keys = np.empty(len(rows), dtype=KEY)
    for name, _ in KEY_FIELDS:
        keys[name] = rows[name]
    return keys


def numbers_in(rows: RowArray, names: Iterable[str]) -> NDArray[np.float64]:
    """Return some columns of *rows* as a grid of values, one row per name."""
    columns = [rows[name] for name in names]
    return np.array(columns, dtype=np.float64).reshape(len(columns), len(rows))


def constant(name: str, sql_type: str, value: object, rows: int) -> Column:
    """Return a column with one value in every row."""
    return Column(name, sql_type, np.full(rows, value))


def stamp(moment: datetime) -> np.datetime64:
    """Return a moment as numpy has it, to the microsecond."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def key_columns(keys: KeyArray) -> list[Column]:
    """Return the columns that name the statements."""
    types = {"dbid": "oid", "userid": "oid", "queryid": "bigint", "toplevel": "boolean"}
    return [Column(name, sql_type, keys[name]) for name, sql_type in types.items()]


def number_columns(grid: Grid, types: Mapping[str, str], suffix: str = "") -> list[Column]:
    """Return one column per row of *grid*, NaN as NULL."""
    return [
        Column(f"{name}{suffix}", types[f"{name}{suffix}"], _fitting(values, types[f"{name}{suffix}"]))
        for name, values in zip(grid.names, grid.values, strict=True)
    ]


def moments(us: NDArray[np.int64]) -> Column:
    """Return the column stats_since, NULL where the server does not say."""
    return Column("stats_since", "timestamptz", us, null=us == UNKNOWN_US)


def _fitting(values: NDArray[np.float64], sql_type: str) -> NDArray[np.float64]:
    """Return *values*, NaN where a four-byte column cannot hold them: a tick is not lost to one absurd number."""
    if sql_type != "integer":
        return values
    return np.where(np.abs(values) < _FOUR_BYTES, values, np.nan)
