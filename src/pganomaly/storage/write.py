"""
What one tick leaves behind, in one transaction that belongs to the holder of the lease.

in    a connection inside a transaction whose fence is checked, and what the thinking rooms made
out   rows; the big tables by COPY, everything else by small statements of one shape each
not   no commit: that is Store.tick's, so that all of it is there or none
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors, pg
from pganomaly.pg import Column
from pganomaly.records import (
    Change,
    Finding,
    Key,
    KeyArray,
    Matrix,
    Message,
    Shape,
    Snapshot,
    TextState,
    Window,
    keys_of,
    locate,
)
from pganomaly.storage import detection, outbox, partitions, queries
from pganomaly.storage.partitions import Partition
from pganomaly.storage.rows import (
    DELTA,
    DELTA_TYPES,
    FEATURE,
    FEATURE_TYPES,
    RAW,
    RAW_TYPES,
    constant,
    key_columns,
    moments,
    number_columns,
)
from pganomaly.storage.statements import load

_SQL = load("snapshots")

WALK_LIMIT = 40
"""
A snapshot is stored whole once this many times its entries lie behind the last whole one.

So a photo is never put together from more than 41 times the entries, at the price of a 40th more rows at most.
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a snapshot: its number, the rows that were stored (tombstones included), whether all were."""

    snapshot_id: int
    rows: int
    whole: bool


class Work:
    """The writers of one tick. Each may be called once per snapshot or window."""

    def __init__(self, conn: pg.Connection, instance_id: int) -> None:
        self._conn = conn
        self.instance_id = instance_id

    def snapshot(
        self,
        snapshot: Snapshot,
        *,
        newest: Snapshot | None,
        moved: NDArray[np.bool_],
        reference: Snapshot | None = None,
        shapes: Mapping[Key, Shape] | None = None,
        whole: bool = False,
    ) -> Stored:
        """
        Store what moved of *snapshot*, or all of it: the first of a start, the first of a day, or when it is time.

        errors.AlreadyStored where this moment is stored: a commit whose answer got lost had succeeded.

        newest     the photo before (None at a start); what it has and *snapshot* has not gets a tombstone
        moved      deltas.moved(newest, snapshot)
        reference  deltas.reference(..., snapshot): where it differs from *snapshot*, a statement moved without a call
        shapes     of texts seen for the first time: their redacted text goes into their rows
        """
        last_id, last_at, walked = self._last()
        here = snapshot.taken_at.astimezone(UTC)
        whole = whole or newest is None or last_at != newest.taken_at or last_at.date() != here.date()
        whole = whole or walked > WALK_LIMIT * max(len(snapshot), 1)
        uncalled = _uncalled(snapshot, reference)
        texts = _texts(snapshot.keys, shapes or {})
        has_text = np.array([text is not None for text in texts], dtype=np.bool_)
        which = np.ones(len(snapshot), np.bool_) if whole else moved | has_text
        gone = _gone(newest, snapshot) if newest is not None and not whole else keys_of(())
        stored = Stored(last_id + 1, int(which.sum()) + len(gone), whole)

        self._make_room("pgss_snapshots_raw", here)
        added = self._conn.execute(
            _SQL["add_snapshot"],
            {
                **_facts(snapshot),
                "instance_id": self.instance_id,
                "snapshot_id": stored.snapshot_id,
                "whole": whole,
                "window_start": last_at,
                "stored": stored.rows,
                "rows_since_whole": stored.rows if whole else walked + stored.rows,
            },
        )
        if added.rowcount != 1:
            raise errors.AlreadyStored(at=here.isoformat())
        self._raw(stored.snapshot_id, snapshot, which, uncalled, texts)
        if whole and reference is not None and uncalled.any():
            self._references(stored.snapshot_id, reference, uncalled)
        if len(gone):
            self._tombstones(stored.snapshot_id, here, gone)
        return stored

    def window(self, window: Window, matrix: Matrix | None = None) -> None:
        """
        Store the deltas of *window*, and its features where *matrix* has them.

        errors.AlreadyStored where they are; errors.WindowOutOfPlace where *window* does not begin at the snapshot
        before it.
        """
        end = window.end.astimezone(UTC)
        self._make_room("pgss_deltas", end)
        closed = self._conn.execute(
            _SQL["close_window"],
            {
                "instance_id": self.instance_id,
                "window_start": window.start,
                "window_end": end,
                "length_s": window.length_s,
                "quality": window.quality.value,
                "statements": len(window),
            },
        ).fetchone()
        if closed is None:
            raise errors.AlreadyStored(at=end.isoformat())
        if not closed[0]:
            raise errors.WindowOutOfPlace(at=end.isoformat())
        pg.copy_in(
            self._conn,
            DELTA,
            [
                constant("instance_id", "smallint", self.instance_id, len(window)),
                *_bounds(window),
                *number_columns(window.deltas, DELTA_TYPES, "_delta"),
            ],
        )
        if matrix is not None:
            self.features(matrix)

    def features(self, matrix: Matrix) -> None:
        """Store the features of a window whose deltas are stored; errors.AlreadyStored if they are."""
        window = matrix.window
        end = window.end.astimezone(UTC)
        self._make_room("features_windows", end)
        given = {"instance_id": self.instance_id, "window_end": end}
        if self._conn.execute(_SQL["close_features"], given).rowcount != 1:
            raise errors.AlreadyStored(at=end.isoformat())
        pg.copy_in(
            self._conn,
            FEATURE,
            [
                constant("instance_id", "smallint", self.instance_id, len(window)),
                *_bounds(window),
                *number_columns(matrix.features, FEATURE_TYPES),
            ],
        )

    def shapes(
        self,
        shapes: Mapping[Key, Shape],
        *,
        at: datetime,
        unread: Mapping[Key, TextState] | None = None,
        databases: Mapping[int, str] | None = None,
        roles: Mapping[int, str] | None = None,
    ) -> int:
        """Store both who statements are and what their texts look like; return how many texts were new or changed."""
        self.queries(shapes, at=at, unread=unread, databases=databases, roles=roles)
        return self.lexical(shapes, at=at)

    def queries(
        self,
        shapes: Mapping[Key, Shape],
        *,
        at: datetime,
        unread: Mapping[Key, TextState] | None = None,
        databases: Mapping[int, str] | None = None,
        roles: Mapping[int, str] | None = None,
    ) -> None:
        """Store who statements are that are seen for the first time, and which texts could not be read."""
        names = queries.Names(databases or {}, roles or {})
        queries.put_queries(self._conn, self.instance_id, shapes, unread or {}, names, at=at)

    def lexical(self, shapes: Mapping[Key, Shape], *, at: datetime) -> int:
        """Store what texts look like, with the redacted text itself; return how many were new or changed."""
        return queries.put_texts(self._conn, self.instance_id, shapes, at=at)

    def findings(self, model_version: str, findings: Iterable[Finding]) -> int:
        """Store anomalous windows of statements and return how many; the same again replaces them."""
        found = tuple(findings)
        for end in {f.window_end.astimezone(UTC).date(): f.window_end for f in found}.values():
            self._make_room("anomaly_scores", end)
        detection.put_findings(self._conn, self.instance_id, model_version, found)
        return len(found)

    def changes(self, changes: Iterable[Change], *, author: str = "pganomaly") -> None:
        """Store incidents as they stand now, with the steps that led there."""
        for change in changes:
            detection.put_change(self._conn, self.instance_id, change, author)

    def outbox(self, messages: Iterable[Message], channels: Iterable[str], *, at: datetime) -> int:
        """Queue messages for channels; what is queued already stays as it is. Return how many deliveries are new."""
        return outbox.put(self._conn, self.instance_id, tuple(messages), tuple(channels), at=at)

    def state(self, last_window_end: datetime, streak: int, *, seen: detection.DetectorState | None = None) -> bool:
        """
        Move watermark and streak, and mark what is judged by now.

        Return False, having changed nothing, where somebody has reset the state since it was *seen*.
        """
        return detection.put_state(self._conn, self.instance_id, last_window_end, streak, seen)

    def checkpoint(self, window_end: datetime, payload: bytes) -> None:
        """Store what the engine remembers after a window, in place of what it remembered before."""
        detection.put_checkpoint(self._conn, self.instance_id, window_end, payload)

    def cost(self, snapshot_id: int, cost: Mapping[str, Any]) -> None:
        """Store what the tick cost, by stage."""
        given = {"instance_id": self.instance_id, "snapshot_id": snapshot_id, "cost": json.dumps(dict(cost))}
        self._conn.execute(_SQL["cost"], given)

    def _last(self) -> tuple[int, datetime | None, int]:
        row = self._conn.execute(_SQL["last_snapshot"], {"instance_id": self.instance_id}).fetchone()
        return (row[0], row[1], row[2]) if row else (0, None, 0)

    def _make_room(self, table: str, moment: datetime) -> None:
        """Make the partition that *moment* belongs to, if upkeep has not: no tick fails for want of one."""
        partitions.ensure(self._conn, (Partition.of(table, moment),))

    def _raw(
        self,
        snapshot_id: int,
        snapshot: Snapshot,
        which: NDArray[np.bool_],
        uncalled: NDArray[np.bool_],
        texts: list[str | None],
    ) -> None:
        counters = snapshot.counters.take(which)
        flags = uncalled[which]
        pg.copy_in(
            self._conn,
            RAW,
            [
                *self._about(snapshot_id, snapshot.taken_at, snapshot.keys[which]),
                moments(snapshot.stats_since_us[which]),
                *number_columns(counters, RAW_TYPES),
                Column("uncalled", "boolean", flags, null=~flags),
                Column("query_text", "text", [texts[i] for i in np.flatnonzero(which)]),
            ],
        )

    def _references(self, snapshot_id: int, reference: Snapshot, uncalled: NDArray[np.bool_]) -> None:
        """Put copies of what next deltas count from beside a whole snapshot: nobody has to look further back."""
        pg.copy_in(
            self._conn,
            RAW,
            [
                *self._about(snapshot_id, reference.taken_at, reference.keys[uncalled]),
                moments(reference.stats_since_us[uncalled]),
                *number_columns(reference.counters.take(uncalled), RAW_TYPES),
                constant("uncalled", "boolean", False, int(uncalled.sum())),
            ],
        )

    def _tombstones(self, snapshot_id: int, at: datetime, gone: KeyArray) -> None:
        columns = [*self._about(snapshot_id, at, gone), constant("gone", "boolean", True, len(gone))]
        pg.copy_in(self._conn, RAW, columns)

    def _about(self, snapshot_id: int, at: datetime, keys: KeyArray) -> list[Column]:
        return [
            constant("instance_id", "smallint", self.instance_id, len(keys)),
            constant("snapshot_id", "int", snapshot_id, len(keys)),
            constant("snapshot_ts", "timestamptz", _stamp(at), len(keys)),
            *key_columns(keys),
        ]


def _facts(snapshot: Snapshot) -> dict[str, object]:
    epoch = snapshot.epoch
    return {
        "snapshot_ts": snapshot.taken_at,
        "server_clock": snapshot.server_clock,
        "interval_s": snapshot.interval_s,
        "system_identifier": epoch.system_identifier,
        "timeline": epoch.timeline,
        "in_recovery": epoch.in_recovery,
        "postmaster_start": epoch.postmaster_start,
        "stats_reset": epoch.stats_reset,
        "dealloc": snapshot.dealloc,
        "entries": len(snapshot),
        "entries_max": snapshot.entries_max,
        "hidden": snapshot.hidden,
    }


def _bounds(window: Window) -> list[Column]:
    return [
        *key_columns(window.keys),
        Column("doubtful", "boolean", window.doubtful),
        constant("window_start", "timestamptz", _stamp(window.start), len(window)),
        constant("window_end", "timestamptz", _stamp(window.end), len(window)),
    ]


def _uncalled(snapshot: Snapshot, reference: Snapshot | None) -> NDArray[np.bool_]:
    """Return which entries have moved without a call since the row that the next delta counts from."""
    if reference is None or reference.counters is snapshot.counters:
        return np.zeros(len(snapshot), np.bool_)
    here, there = snapshot.counters.values, reference.counters.values
    same = (here == there) | (np.isnan(here) & np.isnan(there))
    differs: NDArray[np.bool_] = ~same.all(axis=0)
    return differs


def _gone(newest: Snapshot, snapshot: Snapshot) -> KeyArray:
    return newest.keys[locate(newest.keys, snapshot.keys) < 0]


def _texts(keys: KeyArray, shapes: Mapping[Key, Shape]) -> list[str | None]:
    texts: list[str | None] = [None] * len(keys)
    if shapes:
        place = locate(keys_of(shapes), keys)
        for position, shape in zip(place.tolist(), shapes.values(), strict=True):
            if position >= 0:
                texts[position] = shape.redacted
    return texts


def _stamp(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
