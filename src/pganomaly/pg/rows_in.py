"""
Many rows into PostgreSQL, without a Python object per row.

in    columns: numbers as arrays; texts and the like as lists, for tables where few rows have one
out   one COPY FROM STDIN in binary
not   no quiet loss: a number that its column cannot hold is an error
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from pganomaly.pg.connect import Connection
from pganomaly.pg.variable import encoded
from pganomaly.pg.wire import FIRST_US, HEADER, NULL_LENGTH, TRAILER, row_dtype, since_2000

_FIXED: dict[str, np.dtype[Any]] = {
    "smallint": np.dtype("i2"),
    "int": np.dtype("i4"),
    "integer": np.dtype("i4"),
    "bigint": np.dtype("i8"),
    "oid": np.dtype("u4"),
    "real": np.dtype("f4"),
    "double precision": np.dtype("f8"),
    "boolean": np.dtype("?"),
    "timestamptz": np.dtype("i8"),
}
_NOTHING: np.dtype[Any] = np.dtype("V0")
_Mask = NDArray[np.bool_]
_Some = NDArray[np.intp] | slice
_BEYOND_BIGINT = 2.0**63
_BITS = 32
"""Columns that make up one number: which of them are missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """
    One column of the rows to store.

    sql_type  smallint int bigint oid real double precision boolean timestamptz | text jsonb bytea text[] oid[] bigint[]
    values    an array for the types of fixed width; timestamptz in microseconds since 1970 or as datetime64. A list for
              the others, None for NULL
    null      which rows are NULL, beside those whose number is NaN, NaT or UNKNOWN_US
    keep_nan  store NaN as the NaN of a floating-point column instead
    """

    name: str
    sql_type: str
    values: NDArray[np.generic] | Sequence[object]
    null: _Mask | None = None
    keep_nan: bool = False

    @property
    def is_fixed(self) -> bool:
        """Return whether all its values have the same width."""
        return self.sql_type in _FIXED


def copy_in(conn: Connection, table: str, columns: Sequence[Column]) -> int:
    """Store the rows that *columns* make up in *table* (schema.name) and return how many they are."""
    rows = _length(columns)
    if rows:
        ordered = _in_order(columns)
        statement = sql.SQL("COPY /* pganomaly */ {} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier(*table.split(".")), sql.SQL(", ").join(sql.Identifier(c.name) for c in ordered)
        )
        with conn.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(b"".join(encode(columns)))
    return rows


def encode(columns: Sequence[Column]) -> Iterator[bytes | memoryview]:
    """Return the rows in the binary COPY format, the columns of fixed width first."""
    ordered = _in_order(columns)
    variable = [encoded(c.sql_type, c.values, c.null) for c in ordered if not c.is_fixed]
    yield HEADER
    yield from _woven(*_fixed_part(ordered, variable), variable)
    yield TRAILER


def _in_order(columns: Sequence[Column]) -> list[Column]:
    """Columns of varying width come last, so that a value of theirs shifts nothing but the ends of its row."""
    return sorted(columns, key=lambda c: not c.is_fixed)


def _length(columns: Sequence[Column]) -> int:
    lengths = {len(c.values) for c in columns}
    if len(lengths) != 1:
        raise ValueError(f"columns of one table must be equally long: {[(c.name, len(c.values)) for c in columns]}")
    return lengths.pop()


def _fixed_part(
    columns: Sequence[Column], variable: Sequence[Sequence[bytes | None]]
) -> tuple[memoryview, NDArray[np.intp]]:
    """
    Return all rows without the values of varying width (but with their lengths), and where each row ends.

    Rows with the same values missing have one width, and are made all at once. There are few such kinds of rows: no
    reads means no miss ratio, whichever statement it is.
    """
    values, null = _prepared([c for c in columns if c.is_fixed], _length(columns))
    lengths = [np.array([NULL_LENGTH if cell is None else len(cell) for cell in cells], "i4") for cells in variable]
    kinds = _alike(null)
    parts = [_rows(values, null, lengths, some) for some in kinds]
    if len(parts) == 1:
        return parts[0].reshape(-1).data, np.arange(1, len(parts[0]) + 1) * parts[0].shape[1]
    widths = np.empty(null.shape[1], np.intp)
    for some, part in zip(kinds, parts, strict=True):
        widths[some] = part.shape[1]
    ends = np.cumsum(widths)
    body = np.empty(int(ends[-1]), np.uint8)
    for some, part in zip(kinds, parts, strict=True):
        row = np.dtype((np.void, part.shape[1]))
        anywhere = np.ndarray((len(body) - row.itemsize + 1,), row, body, strides=(1,))
        anywhere[ends[some] - row.itemsize] = part.view(row)[:, 0]
    return body.data, ends


def _alike(null: _Mask) -> Sequence[_Some]:
    """Return the rows that have the same columns missing, kind by kind; *null* is [columns, rows]."""
    some = null.any(axis=1)
    telling = null[some & ~null.all(axis=1)] if some.any() else null[:0]
    if not len(telling):
        return [slice(None)]
    kind = np.zeros(null.shape[1], np.intp)
    for number, missing in enumerate(telling, start=1):
        kind += kind
        kind += missing
        if number % _BITS == 0:
            kind = np.unique(kind, return_inverse=True)[1]
    kind = np.unique(kind, return_inverse=True)[1]
    return np.split(np.argsort(kind, kind="stable"), np.cumsum(np.bincount(kind))[:-1])


def _rows(
    values: Sequence[NDArray[Any]], null: _Mask, lengths: Sequence[NDArray[np.int32]], some: _Some
) -> NDArray[np.uint8]:
    """Return *some* rows, all of which have the same values missing, as bytes: [rows, bytes of a row]."""
    missing = np.asarray(null[:, some][:, :1].any(axis=1))
    # What is missing takes no room.
    there = [np.zeros(0, _NOTHING) if gone else value[some] for value, gone in zip(values, missing, strict=True)]
    row = row_dtype((*(value.dtype for value in there), *(_NOTHING for _ in lengths)))
    # Copied as bytes: numpy would go field by field.
    body = np.empty((null[:1, some].size, row.itemsize), np.uint8)
    body[:] = np.frombuffer(_plain_row(row, there, len(values) + len(lengths)), np.uint8)
    rows = body.view(row)[:, 0]
    for position, value in enumerate(there):
        if value.dtype.itemsize:
            rows[f"value_{position}"] = value
    for position, length in enumerate(lengths, start=len(there)):
        rows[f"length_{position}"] = length[some]
    return body


def _plain_row(row: np.dtype[np.void], values: Sequence[NDArray[Any]], columns: int) -> bytes:
    """Return a row that has every value, to start from."""
    plain = np.zeros(1, dtype=row)
    plain["count"] = columns
    for position, value in enumerate(values):
        plain[f"length_{position}"] = value.dtype.itemsize or NULL_LENGTH
    return plain.tobytes()


def _woven(
    body: memoryview, ends: NDArray[np.intp], variable: Sequence[Sequence[bytes | None]]
) -> Iterator[bytes | memoryview]:
    """Return *body* with the values of varying width behind their lengths: a step per value, none per row."""
    done = 0
    filled = sorted((row, position) for position, cells in enumerate(variable) for row in _filled(cells))
    for row, position in filled:
        place = int(ends[row]) - 4 * (len(variable) - 1 - position)
        yield body[done:place]
        yield variable[position][row] or b""
        done = place
    yield body[done:]


def _filled(cells: Sequence[bytes | None]) -> list[int]:
    return [row for row, cell in enumerate(cells) if cell]


def _prepared(columns: Sequence[Column], rows: int) -> tuple[list[NDArray[Any]], _Mask]:
    """Return the values of each column in its type, 0 for NULL, and which of them are NULL: [columns, rows]."""
    values: list[NDArray[Any]] = [np.empty(0)] * len(columns)
    null = np.zeros((len(columns), rows), dtype=bool)
    alike: dict[object, list[int]] = {}
    for position, column in enumerate(columns):
        given = np.asarray(column.values)
        values[position] = given.astype("M8[us]").view("i8") if given.dtype.kind == "M" else given
        if column.null is not None:
            null[position] = column.null
        alike.setdefault((column.sql_type, values[position].dtype, column.keep_nan), []).append(position)
    # Columns of one type together: there are many, and each step costs more than the numbers of one column do.
    for some in alike.values():
        block = np.array([values[position] for position in some])
        made, missing = _converted([columns[position] for position in some], block, null[some])
        null[some] = missing
        for position, value in zip(some, made, strict=True):
            values[position] = value
    return values, null


def _converted(columns: Sequence[Column], given: NDArray[Any], null: _Mask) -> tuple[NDArray[Any], _Mask]:
    """Return the same of columns of one type, whose values come in one type: [columns, rows]."""
    sql_type, target = columns[0].sql_type, _FIXED[columns[0].sql_type]
    if given.dtype.kind == "f" and not (columns[0].keep_nan and target.kind == "f"):
        null = null | np.isnan(given)
    if sql_type == "timestamptz":
        null = null | (given == FIRST_US)
    values = np.where(null, given.dtype.type(0), given) if null.any() else given
    with np.errstate(invalid="ignore", over="ignore"):  # what got lost on the way is refused
        made = values.astype(target)
    kept = _kept(made, values)
    if not kept.all():
        row, place = np.argwhere(~kept)[0]
        raise ValueError(f"column {columns[row].name} cannot hold {values[row, place]!r} as {target}")
    return since_2000(made) if sql_type == "timestamptz" else made, null


def _kept(made: NDArray[Any], values: NDArray[Any]) -> _Mask:
    """Return which of *values* are the same as *made* in their column's type, or as near as that type allows."""
    if made.dtype.kind in "iu":
        # The largest bigint has no floating-point number of its own: the next one, which is none, looks like it.
        same: _Mask = made == values
        return same & (values < _BEYOND_BIGINT) if values.dtype.kind == "f" else same
    return np.asarray(np.isfinite(made) == np.isfinite(values)) if made.dtype.kind == "f" else np.ones(1, np.bool_)
