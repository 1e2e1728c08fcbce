"""
One snapshot: every visible entry's counters at one moment of the server's clock.

in    a connection, what it can do, the interval in force and our steady clock
out   a Snapshot in the order of catalog.COUNTERS, NaN where this server has no such counter
not   no text, no opinion; a row without an id (hidden from our role) is counted, not read
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import dict_row

from pganomaly import errors, pg
from pganomaly.catalog import COUNTERS, Counter
from pganomaly.collect.capabilities import Capabilities
from pganomaly.collect.target import Limits
from pganomaly.records import KEY, UNKNOWN_US, Counters, Epoch, KeyArray, Snapshot

_SQL = pg.statements(files(__package__) / "counters.sql")
_NAMES = tuple(counter.name for counter in COUNTERS)
_FOUR_BYTES = frozenset(counter.name for counter in COUNTERS if counter.sql_type == "real")
"""Kept in four bytes, so read as such: else no entry would equal its own row when that comes back out of a store."""

_INT8 = 20
"""Type of a counter that travels as a whole number; all others travel as double precision."""
_ABSENT = -1
"""Stands for NULL in a whole number: no counter is ever negative."""
_HIDDEN = 0
"""Stands for the queryid that our role may not see: PostgreSQL gives no statement this one."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The query that reads the counters of one server, and the fixed-width rows that it answers with."""

    query: str
    dtype: np.dtype[np.void]

    @classmethod
    def of(cls, can: Capabilities) -> "Layout":
        """Return the layout for the columns that are there: the best source of each counter that exists."""
        read = {
            "dbid": ("<u4", "coalesce(dbid, 0::oid)"),
            "userid": ("<u4", "coalesce(userid, 0::oid)"),
            "queryid": ("<i8", f"coalesce(queryid, {_HIDDEN})"),
        }
        if "toplevel" in can.columns:
            read["toplevel"] = ("?", "coalesce(toplevel, true)")
        if "stats_since" in can.columns:
            read["stats_since"] = ("<M8[us]", "coalesce(stats_since, '-infinity')")
        for counter in COUNTERS:
            source = _source(counter, can.columns)
            if source:
                read[counter.name] = _expression(source, can.columns)
        columns = ", ".join(expression for _, expression in read.values())
        return cls(
            _SQL["counters"].format(columns=columns, schema=can.extension.schema),
            np.dtype([(name, kind) for name, (kind, _) in read.items()]),
        )


def _source(counter: Counter, columns: Mapping[str, int]) -> tuple[str, ...]:
    return next((source for source in counter.sources if all(part in columns for part in source)), ())


def _expression(source: tuple[str, ...], columns: Mapping[str, int]) -> tuple[str, str]:
    total = " + ".join(source)
    if all(columns[part] == _INT8 for part in source):
        return "<i8", f"coalesce({total}, {_ABSENT})"
    return "<f8", f"coalesce(({total})::float8, 'NaN')"


def read(
    conn: pg.Connection,
    can: Capabilities,
    layout: Layout,
    limits: Limits,
    *,
    interval_s: float,
    steady_s: Callable[[], float],
) -> Snapshot:
    """Return the counters of this moment by the server's clock and by our *steady_s*, read in one short transaction."""
    with limits.transaction(conn):
        now, steady = moment(conn, can, limits), steady_s()
        if now["version"] != can.extension.version:
            raise errors.ExtensionChanged(server=conn.info.host, before=can.extension.version, now=now["version"])
        rows = pg.copy_out(conn, layout.query, layout.dtype)
    visible = rows[rows["queryid"] != _HIDDEN]
    return Snapshot(
        taken_at=_utc(now["taken_at"]),
        monotonic_s=steady,
        epoch=Epoch(
            system_identifier=now["system_identifier"],
            timeline=now["timeline"],
            in_recovery=now["in_recovery"],
            postmaster_start=_utc(now["postmaster_start"]),
            stats_reset=now["stats_reset"] and _utc(now["stats_reset"]),
        ),
        keys=_keys(visible),
        counters=Counters(_NAMES, _values(visible)),
        stats_since_us=_since(visible),
        entries_max=can.entries_max,
        dealloc=now["dealloc"],
        hidden=len(rows) - len(visible),
        interval_s=interval_s,
    )


def moment(conn: pg.Connection, can: Capabilities, limits: Limits) -> dict[str, Any]:
    """Return the server's clock and the life that its counters are in, inside a transaction."""
    # Binary values are exact and know no DateStyle.
    with conn.cursor(row_factory=dict_row, binary=True) as cursor:
        row = cursor.execute(can.moment(), {"memory": limits.memory}).fetchone()
    if row is None:
        raise errors.ServerWentAway(server=conn.info.host)
    return row


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _keys(rows: NDArray[np.void]) -> KeyArray:
    keys = np.empty(len(rows), KEY)
    for name in ("dbid", "userid", "queryid"):
        keys[name] = rows[name]
    keys["toplevel"] = rows["toplevel"] if "toplevel" in _fields(rows) else True
    return keys


def _values(rows: NDArray[np.void]) -> NDArray[np.float64]:
    values = np.full((len(_NAMES), len(rows)), np.nan)
    for place, name in enumerate(_NAMES):
        if name in _fields(rows):
            values[place] = rows[name].astype(np.float32) if name in _FOUR_BYTES else rows[name]
            if rows.dtype[name].kind == "i":
                values[place][values[place] == _ABSENT] = np.nan
    return values


def _since(rows: NDArray[np.void]) -> NDArray[np.int64]:
    if "stats_since" not in _fields(rows):
        return np.full(len(rows), UNKNOWN_US)
    return np.ascontiguousarray(rows["stats_since"]).view(np.int64)


def _fields(rows: NDArray[np.void]) -> tuple[str, ...]:
    return rows.dtype.names or ()
