"""
What a snapshot was, put together again from the rows that moved.

in    headers (one per snapshot) and raw rows, oldest first
out   a Latest per snapshot: the true photo, and the reference that the next delta counts from
not   no SQL
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from pganomaly import deltas
from pganomaly.catalog import COUNTERS
from pganomaly.records import Counters, Epoch, Quality, Snapshot, locate
from pganomaly.storage.rows import RowArray, keys_in, numbers_in

_NAMES = tuple(c.name for c in COUNTERS)


@dataclass(frozen=True, slots=True)
class Header:
    """
    One row of `snapshots`: everything about a snapshot but its entries, and about the window that it closes.

    window_start  None where no window ends here
    quality, length_s, statements  of the window; None while its deltas wait
    """

    snapshot_id: int
    snapshot_ts: datetime
    whole: bool
    window_start: datetime | None
    length_s: float | None
    quality: Quality | None
    epoch: Epoch
    server_clock: datetime | None
    interval_s: float
    dealloc: int | None
    entries: int
    entries_max: int | None
    hidden: int
    stored: int
    statements: int | None
    rows_since_whole: int
    deltas_at: datetime | None
    features_at: datetime | None
    detected_at: datetime | None
    cost: dict[str, Any] | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Header":
        """Return the header in a row of the statement `headers`."""
        fields = ("system_identifier", "timeline", "in_recovery", "postmaster_start", "stats_reset")
        epoch = Epoch(**{name: row.pop(name) for name in fields})
        quality = row.pop("quality")
        return cls(**row, epoch=epoch, quality=Quality(quality) if quality else None)


@dataclass(frozen=True, slots=True, eq=False)
class Latest:
    """
    Where collecting goes on.

    newest     every entry as it stood at the newest snapshot: what differs from it has moved
    reference  the same, but what has moved without a call since stands as it was: what the next window counts from
    """

    newest: Snapshot
    reference: Snapshot

    def after(self, header: Header, rows: RowArray) -> "Latest":
        """Return the state after one more snapshot, of which *rows* are stored."""
        newest = moved_on(self.newest, header, rows)
        return Latest(newest, deltas.reference(self.reference, newest))


def snapshot_of(header: Header, rows: RowArray) -> Snapshot:
    """Return the snapshot that consists of exactly these rows."""
    return Snapshot(
        taken_at=header.snapshot_ts,
        monotonic_s=float("nan"),
        epoch=header.epoch,
        keys=keys_in(rows),
        counters=Counters(_NAMES, numbers_in(rows, _NAMES)),
        stats_since_us=rows["stats_since"].view(np.int64).copy(),
        entries_max=header.entries_max,
        dealloc=header.dealloc,
        hidden=header.hidden,
        interval_s=header.interval_s,
        server_clock=header.server_clock,
    )


def latest_of(header: Header, photo: RowArray, references: RowArray) -> Latest:
    """Return the state at one snapshot; *references* has the row of each entry that the next delta counts from."""
    newest = snapshot_of(header, photo)
    waiting = photo["uncalled"]
    if not waiting.any():
        return Latest(newest, newest)
    place = locate(newest.keys, keys_in(references))
    found = waiting & (place >= 0)
    values = newest.counters.values.copy()
    values[:, found] = numbers_in(references[place[found]], _NAMES)
    return Latest(newest, replace(newest, counters=Counters(_NAMES, values)))


def moved_on(older: Snapshot, header: Header, rows: RowArray) -> Snapshot:
    """Return the photo after one more snapshot of which *rows* are stored: tombstones leave, others replace or join."""
    if header.whole:
        return snapshot_of(header, rows)
    moved = snapshot_of(header, rows[~rows["gone"]])
    stays = locate(older.keys, keys_in(rows)) < 0
    return replace(
        moved,
        keys=np.concatenate([older.keys[stays], moved.keys]),
        counters=Counters(_NAMES, np.concatenate([older.counters.values[:, stays], moved.counters.values], axis=1)),
        stats_since_us=np.concatenate([older.stats_since_us[stays], moved.stats_since_us]),
    )
