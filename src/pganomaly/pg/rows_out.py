"""
Many rows of numbers out of PostgreSQL, without a Python object per row.

in    a query whose columns all have a fixed width and are never NULL, and the dtype to receive them
out   a structured array in the byte order of this machine
not   no text: that is what a plain SELECT is for
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors
from pganomaly.pg import stream
from pganomaly.pg.connect import Connection
from pganomaly.pg.mark import MARK
from pganomaly.pg.wire import HEADER, NULL_LENGTH, TRAILER, row_dtype, since_1970

Value = str | int | float | datetime | Iterable[int]
"""What may be a parameter of a query; a collection of whole numbers becomes an array."""

# What PostgreSQL sends for bool, int2, int4, int8, oid, float4, float8 and timestamptz.
_READABLE = frozenset(np.dtype(code) for code in ("?", "i2", "i4", "i8", "u4", "f4", "f8", "M8[us]"))


def copy_out(
    conn: Connection, query: str, dtype: np.dtype[np.void], params: Mapping[str, Value] | None = None
) -> NDArray[np.void]:
    """
    Return the rows of *query* as an array of *dtype*, whose fields stand for the columns in their order.

    A timestamptz arrives in a field of datetime64[us], where -infinity is NaT: COALESCE a missing one to it. A query
    with *params* says %(name)s::type, and runs inside a transaction. Only then is a % in it written twice.
    """
    if params:
        query = _PLACEHOLDER.sub(_setting_or_percent, query)
        for name, value in params.items():
            conn.execute(_SET_PARAMETER, (f"{_PREFIX}.{name}", _text(value)))
    return decode(stream.received(conn, f"COPY {MARK} ({query}) TO STDOUT (FORMAT binary)".encode()), dtype)


# COPY takes no parameters, and every literal in one makes an entry of its own in pg_stat_statements, on every version.
# So parameters travel as settings of the transaction.
_PREFIX = "pganomaly"
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|%)")
_SET_PARAMETER = f"SELECT {MARK} pg_catalog.set_config(%s, %s, true)"


def _setting_or_percent(match: re.Match[str]) -> str:
    return f"pg_catalog.current_setting('{_PREFIX}.{match[1]}')" if match[1] else "%"


def _text(value: Value) -> str:
    """Return a value as PostgreSQL reads it back with a cast."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    return "{" + ",".join(str(int(number)) for number in value) + "}"


def decode(raw: bytes, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return what a binary COPY sent, or raise errors.CopyShapeError naming the column that does not fit."""
    names = dtype.names or ()
    columns = tuple(dtype[name] for name in names)
    if not _READABLE.issuperset(columns):
        raise TypeError(f"fields of {dtype} must be among {sorted(map(str, _READABLE))}")
    row = row_dtype(columns)
    body = memoryview(raw)[len(HEADER) : -len(TRAILER)]
    if raw[: len(HEADER)] != HEADER or raw[-len(TRAILER) :] != TRAILER:
        raise errors.CopyShapeError(column="(header or trailer)", row=0, found="other bytes", wanted="binary COPY")
    if len(body) % row.itemsize:
        raise _misfit(body, dtype)
    rows = np.frombuffer(body, dtype=row)
    if not _fits(rows, columns):
        raise _misfit(body, dtype)
    out = np.empty(len(rows), dtype=dtype)
    for position, name in enumerate(names):
        value = rows[f"value_{position}"]
        out[name] = since_1970(value.astype("i8")).view("M8[us]") if columns[position].kind == "M" else value
    return out


def _fits(rows: NDArray[np.void], columns: tuple[np.dtype[np.generic], ...]) -> bool:
    lengths = (bool((rows[f"length_{i}"] == column.itemsize).all()) for i, column in enumerate(columns))
    return bool((rows["count"] == len(columns)).all()) and all(lengths)


def _misfit(body: memoryview, dtype: np.dtype[np.void]) -> errors.CopyShapeError:
    """Return the error that names the first field that is not as wide as it should be. Slow: reads row by row."""
    names = dtype.names or ()
    place = number = 0
    while place < len(body):
        count = int.from_bytes(body[place : place + 2], signed=True)
        if count != len(names):
            return errors.CopyShapeError(column="(all)", row=number, found=f"{count} fields", wanted=f"{len(names)}")
        place += 2
        for name in names:
            length = int.from_bytes(body[place : place + 4], signed=True)
            wanted = dtype[name].itemsize
            if length != wanted:
                found = "NULL" if length == NULL_LENGTH else f"{length} bytes"
                return errors.CopyShapeError(column=name, row=number, found=found, wanted=f"{wanted} bytes")
            place += 4 + length
        number += 1
    return errors.CopyShapeError(column="(all)", row=number, found="a cut row", wanted="whole rows")
