"""
Snapshots and windows, out of the tables and back in the form in which they were made.

in    a connection inside a transaction, an instance, moments
out   Headers, Latest, Windows; the big tables are read by COPY, a window at a time
not   nothing is written
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from pganomaly import pg
from pganomaly.catalog import COUNTERS, DELTAS, CounterKind
from pganomaly.records import Counters, Deltas, Quality, Window, locate
from pganomaly.records.grid import F8
from pganomaly.storage.photo import Header, Latest, latest_of
from pganomaly.storage.rows import DELTA_DTYPE, DELTA_TYPES, RAW_DTYPE, RowArray, keys_in, numbers_in, selected
from pganomaly.storage.statements import fetch_dicts, load

_SNAPSHOTS = load("snapshots")
_SQL = load("windows")
_RAW_COLUMNS = selected(RAW_DTYPE)
_PHOTO_ROWS = _SQL["photo_rows"].format(columns=_RAW_COLUMNS)
_REFERENCE_ROWS = _SQL["reference_rows"].format(columns=_RAW_COLUMNS)
_RAW_ROWS = _SQL["raw_rows"].format(columns=_RAW_COLUMNS)
_DELTA_ROWS = _SQL["delta_rows"].format(columns=selected(DELTA_DTYPE))
_NAMES = tuple(c.name for c in COUNTERS)
_CUMULATIVE = tuple(c.name for c in COUNTERS if c.kind is CounterKind.CUMULATIVE)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many windows wait for each stage."""

    deltas: int
    features: int
    detection: int


def headers(
    conn: pg.Connection,
    instance_id: int,
    *,
    after: datetime | None = None,
    upto: datetime | None = None,
    most: int | None = None,
) -> tuple[Header, ...]:
    """Return snapshots in their order: those after a moment and up to another."""
    given = {"instance_id": instance_id, "after": after, "upto": upto, "most": most}
    return tuple(Header.of(row) for row in fetch_dicts(conn, _SNAPSHOTS["headers"], given))


def newest_headers(
    conn: pg.Connection, instance_id: int, *, before: datetime | None = None, most: int = 1
) -> tuple[Header, ...]:
    """Return the last snapshots (before a moment), newest first."""
    given = {"instance_id": instance_id, "before": before, "most": most}
    return tuple(Header.of(row) for row in fetch_dicts(conn, _SNAPSHOTS["newest_headers"], given))


def backlog(conn: pg.Connection, instance_id: int) -> Backlog:
    """Return how many windows wait for each stage."""
    row = conn.execute(_SNAPSHOTS["backlog"], {"instance_id": instance_id}).fetchone()
    return Backlog(*row) if row else Backlog(0, 0, 0)


def latest(conn: pg.Connection, instance_id: int, header: Header | None = None) -> Latest | None:
    """Return where collecting goes on: at *header*, or after the newest snapshot; None before the first one."""
    if header is None:
        header = next(iter(newest_headers(conn, instance_id)), None)
    if header is None:
        return None
    whole = conn.execute(_SQL["whole_before"], {"instance_id": instance_id, "upto": header.snapshot_ts}).fetchone()
    since = whole[0] if whole else None
    if since is None:
        return None
    _range(conn, instance_id, since, header.snapshot_ts)
    photo = pg.copy_out(conn, _PHOTO_ROWS, RAW_DTYPE)
    waiting = bool(photo["uncalled"].any())
    references = pg.copy_out(conn, _REFERENCE_ROWS, RAW_DTYPE) if waiting else photo[:0]
    return latest_of(header, photo, references)


def raw_rows(conn: pg.Connection, instance_id: int, at: datetime) -> RowArray:
    """Return the raw rows of the snapshot taken at one moment, tombstones included."""
    _range(conn, instance_id, at, at)
    return pg.copy_out(conn, _RAW_ROWS, RAW_DTYPE)


def first_without(conn: pg.Connection, instance_id: int, stage: Literal["deltas", "features"]) -> datetime | None:
    """Return the end of the first window that waits for a stage."""
    row = conn.execute(_SNAPSHOTS[f"first_without_{stage}"], {"instance_id": instance_id}).fetchone()
    return row[0] if row else None


def window(conn: pg.Connection, instance_id: int, header: Header) -> Window:
    """
    Return the window that ends at a snapshot, as deltas.between made it.

    What an entry had counted before is what it has at the end less its delta; where the raw rows are gone it is NaN.
    """
    _range(conn, instance_id, header.snapshot_ts, header.snapshot_ts)
    rows = pg.copy_out(conn, _DELTA_ROWS, DELTA_DTYPE)
    raw = pg.copy_out(conn, _RAW_ROWS, RAW_DTYPE)
    keys = keys_in(rows)
    delta = Deltas(DELTAS, numbers_in(rows, DELTA_TYPES))
    after = np.full((len(_NAMES), len(keys)), np.nan)
    place = locate(keys, keys_in(raw))
    after[:, place >= 0] = numbers_in(raw[place[place >= 0]], _NAMES)
    start = header.window_start or header.snapshot_ts
    return Window(
        start=start,
        end=header.snapshot_ts,
        length_s=header.length_s or (header.snapshot_ts - start).total_seconds(),
        quality=header.quality or Quality.OK,
        keys=keys,
        deltas=delta,
        before=_before(Counters(_NAMES, after), delta),
        doubtful=rows["doubtful"].copy(),
    )


def closed(
    conn: pg.Connection,
    instance_id: int,
    *,
    after: datetime | None,
    upto: datetime | None = None,
    limit_rows: int | None = None,
) -> Iterator[Header]:
    """
    Yield, in order, the snapshots whose windows have deltas.

    No more than *limit_rows* statements, but one window at least and each one whole. The first window that still waits
    for its deltas ends it: nothing is skipped.
    """
    rows = 0
    for header in headers(conn, instance_id, after=after, upto=upto):
        if header.window_start is None:
            continue
        if header.deltas_at is None:
            return
        statements = header.statements or 0
        if limit_rows is not None and rows and rows + statements > limit_rows:
            return
        rows += statements
        yield header


def _range(conn: pg.Connection, instance_id: int, since: datetime | None, upto: datetime | None) -> None:
    conn.execute(_SQL["range"], {"instance_id": instance_id, "since": since, "upto": upto})


def _before(after: Counters, delta: Deltas) -> Counters:
    """
    Return the counters at the beginning of a window.

    The spread of the execution time is found by solving for the first part what deltas solved for the second:
    s0^2 n0 = s1^2 n1 - M2_w - (n0 n_w / n1) (m_w - m0)^2. The fastest and the slowest call before are not known.
    """
    values = np.full_like(after.values, np.nan)
    for name in _CUMULATIVE:
        values[_NAMES.index(name)] = after[name] - delta[name]
    before = Counters(_NAMES, values)
    values[_NAMES.index("stddev_exec_time")] = _spread(before, after, delta)
    return before


def _spread(before: Counters, after: Counters, delta: Deltas) -> F8:
    n0, n1, n_w = before["calls"], after["calls"], delta["calls"]
    nothing = np.zeros_like(n0)
    m0 = np.divide(before["total_exec_time"], n0, out=nothing.copy(), where=n0 > 0)
    m_w = np.divide(delta["total_exec_time"], n_w, out=nothing.copy(), where=n_w > 0)
    between_means = np.divide(n0 * n_w, n1, out=nothing.copy(), where=n1 > 0) * np.square(m_w - m0)
    squares = np.square(after["stddev_exec_time"]) * n1 - delta["exec_m2"] - between_means
    spread = np.sqrt(np.divide(np.maximum(squares, 0.0), n0, out=nothing.copy(), where=n0 > 0))
    return np.where(np.isnan(squares) | np.isnan(n0), np.nan, spread)
