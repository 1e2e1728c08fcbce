"""
What the scripts have to do: snapshots without deltas, deltas without features, windows not yet judged.

in    what opens a short read transaction, an instance
out   the work in its order, one window at a time, so that memory does not grow with the backlog
not   nothing is marked as done here: who stores the result does that
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pganomaly import pg
from pganomaly.records import Snapshot, Window
from pganomaly.storage import read
from pganomaly.storage.photo import Header


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """
    Two neighbouring snapshots whose window is not computed yet.

    older    the reference that deltas.between wants
    usual_s  the median length of the last windows, None where there are none
    """

    header: Header
    older: Snapshot
    newer: Snapshot
    usual_s: float | None


_USUAL = 20

Reading = Callable[[], AbstractContextManager[pg.Connection]]
"""A read transaction of its own each time: none stays open while the caller works."""


def deltas(reading: Reading, instance_id: int) -> Iterator[Neighbours]:
    """Yield the neighbouring snapshots without deltas. What lies before raw rows that are gone cannot be computed."""
    with reading() as conn:
        first = read.first_without(conn, instance_id, "deltas")
        if first is None:
            return
        past = read.newest_headers(conn, instance_id, before=first, most=_USUAL)
        state = read.latest(conn, instance_id, past[0]) if past else None
        todo = read.headers(conn, instance_id, after=past[0].snapshot_ts if past else None)
    usual_s = _median([h.length_s for h in past if h.length_s])
    for header in todo:
        with reading() as conn:
            if state is None:
                state = read.latest(conn, instance_id, header) if header.whole else None
                continue
            after = state.after(header, read.raw_rows(conn, instance_id, header.snapshot_ts))
        if header.deltas_at is None and header.window_start is not None:
            yield Neighbours(header, state.reference, after.newest, usual_s)
        state = after


def features(reading: Reading, instance_id: int) -> Iterator[Window]:
    """Yield the windows that have deltas and no features."""
    with reading() as conn:
        first = read.first_without(conn, instance_id, "features")
        if first is None:
            return
        before = next(iter(read.newest_headers(conn, instance_id, before=first)), None)
        todo = tuple(read.closed(conn, instance_id, after=before.snapshot_ts if before else None))
    for header in todo:
        if header.features_at is None:
            with reading() as conn:
                window = read.window(conn, instance_id, header)
            yield window


def _median(lengths: list[float]) -> float | None:
    return sorted(lengths)[len(lengths) // 2] if lengths else None
