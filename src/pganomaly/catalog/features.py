"""
What a window's numbers mean: per call, per second, ratios, so that windows of different length compare.

A new feature is one line here and one column in a migration; building, storing, training, explaining and docs follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from pganomaly.catalog.units import Unit
from pganomaly.records import Deltas, Lexical, Window
from pganomaly.records.grid import F8

Formula = Callable[[Window], F8]
"""One number per statement of a window, NaN where it has no value."""


class Scale(StrEnum):
    """How two values of a feature are compared: by their ratio, or by their difference."""

    LOG = "log"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Feature:
    """
    One feature of a (window, statement).

    name         the column in features_windows
    formula      computes it; formula_text says the same in words of the columns
    says         what it means, with {now} for the value: the key of its translations
    sql_type     of the column
    """

    name: str
    formula: Formula
    formula_text: str
    unit: Unit
    scale: Scale
    says: str
    sql_type: Literal["real", "integer"] = "real"


def _divide(numerator: F8, denominator: F8 | float) -> F8:
    """Return the quotient, NaN where the denominator is 0: there is no such ratio."""
    below = np.asarray(denominator, dtype=np.float64)
    quotient: F8 = np.divide(numerator, below, out=np.full(numerator.shape, np.nan), where=below > 0)
    return quotient


def _per_call(name: str) -> tuple[Formula, str]:
    return (lambda w: _divide(w.deltas[name], w.deltas["calls"])), f"{name}_delta / calls_delta"


def _per_second(name: str) -> tuple[Formula, str]:
    return (lambda w: _divide(w.deltas[name], w.length_s)), f"{name}_delta / window_len_sec"


def _share(part: str, rest: str) -> tuple[Formula, str]:
    return (
        lambda w: _divide(w.deltas[part], w.deltas[part] + w.deltas[rest])
    ), f"{part}_delta / ({part}_delta + {rest}_delta)"


def _per_row(name: str) -> tuple[Formula, str]:
    return (lambda w: w.deltas[name] / np.maximum(w.deltas["rows"], 1.0)), f"{name}_delta / max(rows_delta, 1)"


def blocks_touched(d: Deltas) -> F8:
    """Return the blocks a statement looked at, wherever they came from: its work, whatever the state of the caches."""
    return np.asarray(d["shared_blks_hit"] + d["shared_blks_read"] + d["local_blks_hit"] + d["local_blks_read"])


def _calls(w: Window) -> F8:
    return w.deltas["calls"]


def _length(w: Window) -> F8:
    return np.full(len(w), w.length_s)


def _blocks_per_call(w: Window) -> F8:
    return _divide(blocks_touched(w.deltas), w.deltas["calls"])


def _exec_ms_per_block(w: Window) -> F8:
    return _divide(w.deltas["total_exec_time"], w.deltas["calls"] + blocks_touched(w.deltas))


def _exec_cv(w: Window) -> F8:
    calls = w.deltas["calls"]
    variance = _divide(w.deltas["exec_m2"], np.where(calls > 1, calls - 1, 0))
    return _divide(np.sqrt(variance), _divide(w.deltas["total_exec_time"], calls))


def _io_ms_per_block_read(w: Window) -> F8:
    return _divide(w.deltas["io_read_ms"], w.deltas["shared_blks_read"] + w.deltas["local_blks_read"])


def _workers_missing(w: Window) -> F8:
    wanted = w.deltas["parallel_workers_to_launch"]
    return _divide(wanted - w.deltas["parallel_workers_launched"], wanted)


def wal_net(d: Deltas) -> F8:
    """
    Return the write-ahead log without full-page images, which a checkpoint causes and not the statement.

    An image is at most a page of 8192 bytes, mostly less: a lower bound. The header of a record alone has 24 bytes.
    """
    return np.maximum(d["wal_bytes"] - 8192.0 * d["wal_fpi"], 24.0 * d["wal_records"])


def _wal_net_per_call(w: Window) -> F8:
    return _divide(wal_net(w.deltas), w.deltas["calls"])


def _db_time_share(w: Window) -> F8:
    ms = w.deltas["total_exec_time"]
    return _divide(ms, np.full(len(w), ms[w.keys["toplevel"]].sum()))


_BLOCKS = "(shared_blks_hit_delta + shared_blks_read_delta + local_blks_hit_delta + local_blks_read_delta)"
_LOG, _LINEAR = Scale.LOG, Scale.LINEAR

FEATURES: tuple[Feature, ...] = (
    Feature(
        "window_len_sec", _length, "window_end - window_start", Unit.SECONDS, _LINEAR,
        "the window lasted {now}",
    ),
    Feature("calls_in_window", _calls, "calls_delta", Unit.COUNT, _LOG, "{now} calls", "integer"),
    Feature("calls_per_sec", *_per_second("calls"), Unit.PER_S, _LOG, "it is called {now}"),
    Feature(
        "exec_time_per_call_ms", *_per_call("total_exec_time"), Unit.MS, _LOG,
        "each call takes {now}",
    ),
    Feature(
        "exec_ms_per_sec", *_per_second("total_exec_time"), Unit.MS_PER_S, _LOG,
        "it keeps the server busy for {now}",
    ),
    Feature("rows_per_call", *_per_call("rows"), Unit.ROWS, _LOG, "each call returns {now}"),
    Feature("rows_per_sec", *_per_second("rows"), Unit.ROWS_PER_S, _LOG, "{now}"),
    Feature(
        "shared_read_per_call", *_per_call("shared_blks_read"), Unit.BLOCKS, _LOG,
        "each call reads {now} from outside the cache",
    ),
    Feature(
        "shared_read_per_sec", *_per_second("shared_blks_read"), Unit.BLOCKS_PER_S, _LOG,
        "it reads {now} from outside the cache",
    ),
    Feature(
        "temp_read_per_call", *_per_call("temp_blks_read"), Unit.BLOCKS, _LOG,
        "each call reads {now} of temporary files",
    ),
    Feature(
        "temp_read_per_sec", *_per_second("temp_blks_read"), Unit.BLOCKS_PER_S, _LOG,
        "it reads {now} of temporary files",
    ),
    Feature(
        "wal_bytes_per_call", *_per_call("wal_bytes"), Unit.BYTES, _LOG,
        "each call writes {now} of write-ahead log",
    ),
    Feature(
        "wal_bytes_per_sec", *_per_second("wal_bytes"), Unit.BYTES_PER_S, _LOG,
        "it writes {now} of write-ahead log",
    ),
    Feature(
        "temp_share", *_share("temp_blks_read", "shared_blks_read"), Unit.SHARE, _LINEAR,
        "{now} of its reads are temporary files",
    ),
    Feature(
        "cache_miss_ratio", *_share("shared_blks_read", "shared_blks_hit"), Unit.SHARE, _LINEAR,
        "{now} of its blocks were not in the cache",
    ),
    Feature("ms_per_row", *_per_row("total_exec_time"), Unit.MS, _LOG, "each row takes {now}"),
    Feature(
        "read_blks_per_row", *_per_row("shared_blks_read"), Unit.BLOCKS, _LOG,
        "each row costs {now} read from outside the cache",
    ),
    Feature(
        "blocks_per_call", _blocks_per_call, f"{_BLOCKS} / calls_delta", Unit.BLOCKS, _LOG,
        "each call touches {now}",
    ),
    Feature(
        "exec_ms_per_block", _exec_ms_per_block, f"total_exec_time_delta / (calls_delta + {_BLOCKS})", Unit.MS, _LOG,
        "each piece of work takes {now}",
    ),
    Feature(
        "exec_cv", _exec_cv, "sqrt(exec_m2 / (calls_delta - 1)) / exec_time_per_call_ms", Unit.RATIO, _LINEAR,
        "calls differ among themselves by {now} of their mean",
    ),
    Feature(
        "plan_ms_per_call", *_per_call("total_plan_time"), Unit.MS, _LOG,
        "planning takes {now} a call",
    ),
    Feature(
        "dirtied_per_call", *_per_call("shared_blks_dirtied"), Unit.BLOCKS, _LOG,
        "each call changes {now}",
    ),
    Feature(
        "written_per_call", *_per_call("shared_blks_written"), Unit.BLOCKS, _LOG,
        "each call has to write out {now} itself",
    ),
    Feature(
        "temp_written_per_call", *_per_call("temp_blks_written"), Unit.BLOCKS, _LOG,
        "each call spills {now} into temporary files",
    ),
    Feature(
        "wal_records_per_call", *_per_call("wal_records"), Unit.COUNT, _LOG,
        "each call writes {now} log records",
    ),
    Feature(
        "wal_fpi_per_call", *_per_call("wal_fpi"), Unit.COUNT, _LOG,
        "each call writes {now} full-page images",
    ),
    Feature(
        "wal_net_bytes_per_call", _wal_net_per_call,
        "greatest(wal_bytes_delta - 8192 * wal_fpi_delta, 24 * wal_records_delta) / calls_delta", Unit.BYTES, _LOG,
        "each call writes {now} of write-ahead log besides full-page images",
    ),
    Feature(
        "io_ms_per_block_read", _io_ms_per_block_read,
        "io_read_ms_delta / (shared_blks_read_delta + local_blks_read_delta)", Unit.MS, _LOG,
        "each block takes {now} to read",
    ),
    Feature("jit_ms_per_call", *_per_call("jit_ms"), Unit.MS, _LOG, "compiling takes {now} a call"),
    Feature(
        "workers_missing_ratio", _workers_missing,
        "(parallel_workers_to_launch_delta - parallel_workers_launched_delta) / parallel_workers_to_launch_delta",
        Unit.SHARE, _LINEAR, "{now} of the parallel workers it wanted were not to be had",
    ),
    Feature(
        "db_time_share", _db_time_share, "total_exec_time_delta / sum(total_exec_time_delta) of toplevel statements",
        Unit.SHARE, _LINEAR, "it takes {now} of the server's time",
    ),
)  # fmt: skip
"""Columns of features_windows, in their order."""

LEXICAL_FEATURES: tuple[str, ...] = Lexical._fields
"""What query_lex_features counts, in the order of its columns."""

_BY_NAME = {f.name: f for f in FEATURES}


def feature(name: str) -> Feature:
    """Return the feature called *name*; KeyError where the catalogue has none."""
    return _BY_NAME[name]
