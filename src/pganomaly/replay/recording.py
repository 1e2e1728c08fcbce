"""
A folder of Parquet files in, the readings of a collector out, window by window.

in    snapshots, texts, windows and activity as recorded, and meta.json
out   Readings in their order, each knowing nothing of later ones
not   labels: what was injected is for whoever grades, never for the judge

A recording may be compressed: a window that is stamped 60 s lasted real_window_s seconds. Bounds of windows are the
recorded time stamps; the server's clock, which lengths and ages are taken from, runs in real seconds.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors
from pganomaly.catalog import COUNTERS
from pganomaly.records import (
    KEY,
    UNKNOWN_US,
    Activity,
    Counters,
    Epoch,
    Key,
    KeyArray,
    Reading,
    Snapshot,
    Text,
    TextState,
    identities,
)
from pganomaly.records.grid import F8

if TYPE_CHECKING:
    from pyarrow import Table

I8 = NDArray[np.int64]

CLOCK_ERROR_US = 3_000_000
"""Recorded times at which entries began were converted to the recording's clock, which is good to about 3 s of it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = tuple(c.name for c in COUNTERS)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """
    A recorded workload.

    real_window_s  seconds that a window really lasted
    day_windows    windows of one cycle of its day
    """

    folder: Path
    meta: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> "Recording":
        """Return the recording in *folder*; errors.NotARecording says which file is missing."""
        wanted = ("meta.json", "snapshots.parquet", "texts.parquet", "windows.parquet")
        missing = [name for name in wanted if not (folder / name).is_file()]
        if missing:
            raise errors.NotARecording(folder=folder, missing=", ".join(missing))
        return cls(folder, json.loads((folder / "meta.json").read_text(encoding="utf-8")))

    @property
    def window_s(self) -> float:
        """Seconds between two recorded time stamps."""
        return float(self.meta.get("window_s", 60.0))

    @property
    def real_window_s(self) -> float:
        """Seconds that a window really lasted."""
        return float(self.meta.get("real_window_s", self.window_s))

    @property
    def day_windows(self) -> float:
        """Windows of one day of the recorded rhythm."""
        return float(self.meta.get("day_windows", 1440))

    def readings(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[Reading]:
        """Yield a reading per snapshot from *start* up to *end*; what moved before *start* is in the first."""
        moments = _Columns(_read(self.folder / "windows.parquet"))
        rows = _Rows.of(_read(self.folder / "snapshots.parquet"))
        clock = _Clock(_datetime(moments.us("snapshot_ts")[0]), self.real_window_s / self.window_s)
        texts = _by_window(*_texts(self.folder / "texts.parquet"), moments.us("snapshot_ts"))
        state = _State(rows)
        waiting: list[Text] = []
        facts = zip(
            moments.plain("window"), moments.us("snapshot_ts"), moments.plain("full"),
            moments.us("stats_reset"), moments.plain("dealloc"), strict=True,
        )  # fmt: skip
        activity = self._activity(clock, moments.us("snapshot_ts"))
        for place, (window, taken_us, full, reset_us, dealloc) in enumerate(facts):
            state.advance(int(window), whole=bool(full))
            waiting += texts.get(place, [])
            taken_at = _datetime(taken_us)
            if start is not None and taken_at < start:
                continue
            if end is not None and taken_at > end:
                return
            snapshot = self._snapshot(state, clock, taken_at, int(reset_us), int(dealloc))
            yield Reading(
                snapshot, tuple(waiting), tuple(activity.get(place, ())), self._names("databases"), self._names("users")
            )
            waiting = []

    def _snapshot(self, state: "_State", clock: "_Clock", taken_at: datetime, reset_us: int, dealloc: int) -> Snapshot:
        keys, values, since_us = state.present()
        real = clock.real(taken_at)
        return Snapshot(
            taken_at=taken_at,
            monotonic_s=(real - clock.start).total_seconds(),
            epoch=Epoch(stats_reset=clock.real(_datetime(reset_us))),
            keys=keys,
            counters=Counters(_NAMES, values),
            stats_since_us=clock.real_us(since_us),
            dealloc=dealloc,
            interval_s=self.real_window_s,
            server_clock=real,
        )

    def _names(self, of: str) -> dict[int, str]:
        return {int(oid): name for oid, name in self.meta.get(of, {}).items()}

    def _activity(self, clock: "_Clock", taken_us: I8) -> dict[int, list[Activity]]:
        file = self.folder / "activity.parquet"
        if not file.is_file():
            return {}
        databases = {name: oid for oid, name in self._names("databases").items()}
        roles = {name: oid for oid, name in self._names("users").items()}
        samples = _read(file).to_pylist()
        places = np.searchsorted(taken_us, [(s["sample_ts"] - _EPOCH) // timedelta(microseconds=1) for s in samples])
        found: dict[int, list[Activity]] = {}
        for place, s in zip(places.tolist(), samples, strict=True):
            found.setdefault(place, []).append(
                Activity(
                    sampled_at=clock.real(s["sample_ts"]),
                    pid=s["pid"],
                    dbid=databases.get(s["datname"]),
                    userid=roles.get(s["usename"]),
                    query_id=s["query_id"],
                    state=s["state"],
                    wait_event_type=s["wait_event_type"],
                    wait_event=s["wait_event"],
                    query_age_s=s["query_age_s"],
                    transaction_age_s=s["xact_age_s"],
                    blocked_by=tuple(int(pid) for pid in (s["blocked_by"] or "").strip("{}").split(",") if pid.strip()),
                )
            )
        return found


@dataclass(frozen=True, slots=True)
class _Clock:
    """Turns recorded time into real time, *pace* real seconds per recorded second from *start* on."""

    start: datetime
    pace: float

    def real(self, recorded: datetime) -> datetime:
        return self.start + (recorded - self.start) * self.pace

    def real_us(self, recorded_us: I8) -> I8:
        start_us = (self.start - _EPOCH) // timedelta(microseconds=1)
        real = start_us + np.round((recorded_us + CLOCK_ERROR_US - start_us) * self.pace).astype(np.int64)
        return np.where(recorded_us == UNKNOWN_US, UNKNOWN_US, real)


class _Columns:
    """The columns of a table as arrays."""

    def __init__(self, table: "Table") -> None:
        self.table = table

    def plain(self, name: str) -> NDArray[Any]:
        return np.asarray(self.table[name].to_numpy())

    def us(self, name: str) -> I8:
        """Return a column of times as microseconds since 1970, UNKNOWN_US where it is null."""
        moments = np.asarray(self.table[name].to_numpy()).astype("datetime64[us]")
        return np.where(np.isnat(moments), UNKNOWN_US, moments.astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Every stored row, in the order of windows: whose it is (a position in keys), and its numbers."""

    keys: KeyArray
    window: I8
    owner: NDArray[np.intp]
    values: F8
    since_us: I8

    @classmethod
    def of(cls, table: "Table") -> "_Rows":
        columns = _Columns(table)
        keys = np.empty(table.num_rows, KEY)
        for name in KEY.names or ():
            keys[name] = columns.plain(name)
        order = np.argsort(columns.plain("window"), kind="stable")
        _, first, owner = np.unique(identities(keys), return_index=True, return_inverse=True)
        values = np.array([_counter(columns, c.sources) for c in COUNTERS])
        return cls(
            keys=keys[first],
            window=columns.plain("window")[order].astype(np.int64),
            owner=owner[order],
            values=values[:, order],
            since_us=columns.us("stats_since")[order]
            if "stats_since" in table.column_names
            else np.full(len(order), UNKNOWN_US),
        )


class _State:
    """The server's entries as of a window: rows are applied in their order, and never looked at before their time."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._next = 0
        self._values = np.full((len(_NAMES), len(rows.keys)), np.nan)
        self._since_us = np.full(len(rows.keys), UNKNOWN_US)
        self._there = np.zeros(len(rows.keys), np.bool_)

    def advance(self, window: int, *, whole: bool) -> None:
        """Apply the rows up to *window*; a *whole* one also tells which entries are no more."""
        end = int(np.searchsorted(self._rows.window, window, side="right"))
        while self._next < end:
            here = self._rows.window[self._next]
            until = int(np.searchsorted(self._rows.window, here, side="right"))
            owner = self._rows.owner[self._next : until]
            if whole and here == window:
                self._there[:] = False
            self._there[owner] = True
            self._values[:, owner] = self._rows.values[:, self._next : until]
            self._since_us[owner] = self._rows.since_us[self._next : until]
            self._next = until

    def present(self) -> tuple[KeyArray, F8, I8]:
        """Return keys, counters and beginnings of the entries that there are."""
        return self._rows.keys[self._there], self._values[:, self._there], self._since_us[self._there]


def _counter(columns: _Columns, sources: tuple[tuple[str, ...], ...]) -> F8:
    """Return a counter of the catalogue from the columns that the recorded view had; NaN where it had none."""
    names = set(columns.table.column_names)
    for source in sources:
        if names.issuperset(source):
            return np.asarray(np.sum([columns.plain(name).astype(np.float64) for name in source], axis=0))
    return np.full(columns.table.num_rows, np.nan)


def _texts(file: Path) -> tuple[list[Text], I8]:
    table = _read(file)
    seen_us = _Columns(table).us("first_seen_ts")
    rows = zip(*(table[name].to_pylist() for name in ("dbid", "userid", "queryid", "toplevel", "query")), strict=True)
    return [
        Text(Key(*key), TextState.HIDDEN if query is None else TextState.READ, query) for *key, query in rows
    ], seen_us


def _by_window(texts: list[Text], seen_us: I8, taken_us: I8) -> dict[int, list[Text]]:
    """Return the texts by the position of the first snapshot that can know them."""
    found: dict[int, list[Text]] = {}
    for place, text in zip(np.searchsorted(taken_us, seen_us).tolist(), texts, strict=True):
        found.setdefault(place, []).append(text)
    return found


def _read(file: Path) -> "Table":
    try:
        from pyarrow import parquet  # noqa: PLC0415 - an extra: only who replays needs it
    except ImportError:
        raise errors.ReplayNotInstalled from None
    return parquet.read_table(file)


def _datetime(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(us))
