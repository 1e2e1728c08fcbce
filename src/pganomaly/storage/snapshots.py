"""
One snapshot into its tables: its header, and the raw rows of what moved.

in    a connection inside a transaction, the Snapshot, the one before, the reference that the next delta counts from
out   rows of snapshots and pgss_snapshots_raw
not   nothing for an entry that did not move, but in a whole snapshot
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors, pg
from pganomaly.pg import Column
from pganomaly.records import Key, KeyArray, Shape, Snapshot, keys_of, locate
from pganomaly.storage.rows import RAW, RAW_TYPES, constant, key_columns, moments, number_columns, stamp
from pganomaly.storage.statements import load

Mask = NDArray[np.bool_]

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


@dataclass(frozen=True, slots=True)
class Past:
    """What is stored of an instance already: the newest snapshot, and the rows since the last whole one."""

    snapshot_id: int
    at: datetime | None
    walked: int


def put(
    conn: pg.Connection,
    instance_id: int,
    snapshot: Snapshot,
    *,
    newest: Snapshot | None,
    moved: Mask,
    reference: Snapshot | None,
    shapes: Mapping[Key, Shape],
    whole: bool,
    cost: Mapping[str, float],
) -> Stored:
    """Store what moved of *snapshot*, or all of it; see Work.snapshot."""
    past = _past(conn, instance_id)
    whole = whole or newest is None or _is_time(snapshot, newest, past)
    uncalled = _uncalled(snapshot, reference)
    texts, is_new = _texts(snapshot.keys, shapes)
    which = np.ones(len(snapshot), np.bool_) if whole else moved | is_new
    gone = _gone(newest, snapshot) if newest is not None and not whole else keys_of(())
    stored = Stored(past.snapshot_id + 1, int(which.sum()) + len(gone), whole)

    _put_header(conn, instance_id, snapshot, past, stored, cost)
    rows = _Rows(conn, instance_id, stored.snapshot_id, snapshot.taken_at)
    rows.put(
        snapshot.keys[which],
        moments(snapshot.stats_since_us[which]),
        *number_columns(snapshot.counters.take(which), RAW_TYPES),
        Column("uncalled", "boolean", uncalled[which], null=~uncalled[which]),
        *([Column("query_text", "text", texts[which].tolist())] if shapes else []),
    )
    if whole and reference is not None and uncalled.any():
        # Copies of what next deltas count from, so that nobody has to look further back than here.
        rows.put(
            reference.keys[uncalled],
            moments(reference.stats_since_us[uncalled]),
            *number_columns(reference.counters.take(uncalled), RAW_TYPES),
            constant("uncalled", "boolean", False, int(uncalled.sum())),
        )
    if len(gone):
        rows.put(gone, constant("gone", "boolean", True, len(gone)))
    return stored


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where raw rows of one snapshot go, and what all of them say."""

    conn: pg.Connection
    instance_id: int
    snapshot_id: int
    at: datetime

    def put(self, keys: KeyArray, *columns: Column) -> None:
        same = [
            constant("instance_id", "smallint", self.instance_id, len(keys)),
            constant("snapshot_id", "int", self.snapshot_id, len(keys)),
            constant("snapshot_ts", "timestamptz", stamp(self.at), len(keys)),
        ]
        pg.copy_in(self.conn, RAW, [*same, *key_columns(keys), *columns])


def _past(conn: pg.Connection, instance_id: int) -> Past:
    row = conn.execute(_SQL["last_snapshot"], {"instance_id": instance_id}).fetchone()
    return Past(*row) if row else Past(0, None, 0)


def _is_time(snapshot: Snapshot, newest: Snapshot, past: Past) -> bool:
    """Return whether a snapshot must be whole: *newest* is not in the store, midnight is past, or the walk is long."""
    if past.at is None or past.at != newest.taken_at:
        return True
    new_day = past.at.astimezone(UTC).date() != snapshot.taken_at.astimezone(UTC).date()
    return new_day or past.walked > WALK_LIMIT * max(len(snapshot), 1)


def _put_header(
    conn: pg.Connection, instance_id: int, snapshot: Snapshot, past: Past, stored: Stored, cost: Mapping[str, float]
) -> None:
    given = {
        **_facts(snapshot),
        "instance_id": instance_id,
        "snapshot_id": stored.snapshot_id,
        "whole": stored.whole,
        "window_start": past.at,
        "stored": stored.rows,
        "rows_since_whole": stored.rows if stored.whole else past.walked + stored.rows,
        "cost": json.dumps(dict(cost)) if cost else None,
    }
    if conn.execute(_SQL["add_snapshot"], given).rowcount != 1:
        raise errors.AlreadyStored(at=snapshot.taken_at.isoformat())


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


def _uncalled(snapshot: Snapshot, reference: Snapshot | None) -> Mask:
    """Return which entries have moved without a call since the row that the next delta counts from."""
    if reference is None or reference.counters is snapshot.counters:
        return np.zeros(len(snapshot), np.bool_)
    here, there = snapshot.counters.values, reference.counters.values
    same = (here == there) | (np.isnan(here) & np.isnan(there))
    differs: Mask = ~same.all(axis=0)
    return differs


def _gone(newest: Snapshot, snapshot: Snapshot) -> KeyArray:
    return newest.keys[locate(newest.keys, snapshot.keys) < 0]


def _texts(keys: KeyArray, shapes: Mapping[Key, Shape]) -> tuple[NDArray[np.object_], Mask]:
    """Return the redacted text of every statement whose text is new (None for the others), and which these are."""
    texts, is_new = np.full(len(keys), None, dtype=np.object_), np.zeros(len(keys), np.bool_)
    if shapes:
        place = locate(keys_of(shapes), keys)
        for position, shape in zip(place.tolist(), shapes.values(), strict=True):
            if position >= 0:
                texts[position], is_new[position] = shape.redacted, True
    return texts, is_new
