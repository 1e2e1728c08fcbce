"""
Rows to train on, out of the last days: a bounded number, whatever the history.

in    a connection inside a transaction, an instance, a moment to begin at
out   a training.Sample of features_with_lex: business statements only, no doubtful delta, no window of lesser quality
not   no scan: windows are drawn by lot, recent ones likelier, and each is read through BRIN
"""

from datetime import datetime

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pganomaly import pg
from pganomaly.catalog import FEATURES, LEXICAL_FEATURES
from pganomaly.records import Lexical
from pganomaly.storage.rows import KEY_FIELDS, RowArray, keys_in
from pganomaly.storage.statements import load
from pganomaly.training import Sample

HALF_LIFE_DAYS = 3.0
"""A window that is this much older is half as likely drawn."""
MOST_WINDOWS = 2_000
"""Windows that are read at most: on a quiet server that is what takes time, not the rows."""

NAMES = (*(f.name for f in FEATURES), *LEXICAL_FEATURES)
"""Columns of a sample."""

_SQL = load("windows")
_DTYPE = np.dtype([*KEY_FIELDS, *((name, "f4") for name in NAMES)])
_BOOLEAN = {name for name, kind in Lexical.__annotations__.items() if kind is bool}
_US_PER_DAY = 86_400e6


def _selected(name: str) -> str:
    cast = "integer::real" if name in _BOOLEAN else "real"
    return f"coalesce(r.{name}::{cast}, 'NaN')"


_COLUMNS = ", ".join([*(f"r.{name}" for name, _ in KEY_FIELDS), *map(_selected, NAMES)])
_SAMPLE_ROWS = _SQL["sample_rows"].format(columns=_COLUMNS)


def draw(
    conn: pg.Connection, instance_id: int, *, since: datetime, max_rows: int, per_queryid: int, rng: Generator
) -> Sample:
    """Return rows of windows drawn by lot: at most *max_rows* are read, at most *per_queryid* of a queryid kept."""
    parts: list[RowArray] = []
    ends: list[NDArray[np.int64]] = []
    taken: dict[int, int] = {}
    read = 0
    conn.execute(_SQL["by_hash"])
    for end in _drawn(conn, instance_id, since, rng):
        moment = str(end)
        conn.execute(_SQL["range"], {"instance_id": instance_id, "since": moment, "upto": moment})
        rows = pg.copy_out(conn, _SAMPLE_ROWS, _DTYPE)
        read += len(rows)
        kept = rows[_within_share(rows["queryid"], taken, per_queryid)]
        parts.append(kept)
        ends.append(np.full(len(kept), end.astype(np.int64)))
        if read >= max_rows:
            break
    found = np.concatenate(parts)[:max_rows] if parts else np.empty(0, _DTYPE)
    moments = np.concatenate(ends)[:max_rows] if ends else np.empty(0, np.int64)
    values = np.empty((len(found), len(NAMES)), np.float32)
    for position, name in enumerate(NAMES):
        values[:, position] = found[name]
    return Sample(keys_in(found), moments, NAMES, values, np.zeros(len(found), np.bool_))


def _drawn(conn: pg.Connection, instance_id: int, since: datetime, rng: Generator) -> NDArray[np.datetime64]:
    """Return the ends of windows in the order in which they are drawn (Efraimidis and Spirakis 2006)."""
    rows = conn.execute(_SQL["trainable"], {"instance_id": instance_id, "since": since}).fetchall()
    ends = np.array([row[0].replace(tzinfo=None) for row in rows], dtype="M8[us]")
    if not len(ends):
        return ends
    age_days = (ends.max() - ends).astype(np.int64) / _US_PER_DAY
    lots = rng.exponential(size=len(ends)) * 2.0 ** (age_days / HALF_LIFE_DAYS)
    return ends[np.argsort(lots, kind="stable")[:MOST_WINDOWS]]


def _within_share(queryids: NDArray[np.int64], taken: dict[int, int], share: int) -> NDArray[np.bool_]:
    """Return which rows still fit into the share of their queryid, and count them as taken."""
    fits = np.zeros(len(queryids), np.bool_)
    for position, queryid in enumerate(queryids.tolist()):
        count = taken.get(queryid, 0)
        if count < share:
            fits[position] = True
            taken[queryid] = count + 1
    return fits
