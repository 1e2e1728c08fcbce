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
    """Return all rows without the values of varying width (but with their lengths), and where each row ends."""
    fixed = [_prepared(c) for c in columns if c.is_fixed]
    # A column without any value, such as a counter that this server does not have, takes no room to be cut out again.
    values = [np.zeros(len(null), _NOTHING) if null.all() else given for given, null in fixed]
    row = row_dtype((*(v.dtype for v in values), *(_NOTHING for _ in variable)))
    # Copied as bytes: numpy would go field by field.
    body = np.empty((_length(columns), row.itemsize), np.uint8)
    body[:] = np.frombuffer(_plain_row(row, values, len(columns)), np.uint8)
    rows = body.view(row)[:, 0]
    keep: _Mask | None = None
    widths = np.full(len(rows), row.itemsize)
    offset = 2
    for position, (value, (_, null)) in enumerate(zip(values, fixed, strict=True)):
        rows[f"value_{position}"] = value
        width = value.dtype.itemsize
        if width and null.any():
            rows[f"length_{position}"][null] = NULL_LENGTH
            keep = np.ones((len(rows), row.itemsize), dtype=bool) if keep is None else keep
            keep[:, offset + 4 : offset + 4 + width] = ~null[:, None]
            widths[null] -= width
        offset += 4 + width
    for position, cells in enumerate(variable, start=len(fixed)):
        rows[f"length_{position}"] = [NULL_LENGTH if cell is None else len(cell) for cell in cells]
    kept = body.reshape(-1) if keep is None else body[keep]
    return kept.data, np.cumsum(widths)


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


def _prepared(column: Column) -> tuple[NDArray[Any], _Mask]:
    """Return the values in the type of the column, and which of them are NULL; what is NULL is 0 among the values."""
    target = _FIXED[column.sql_type]
    given = np.asarray(column.values)
    null = np.zeros(len(given), dtype=bool) if column.null is None else np.array(column.null, dtype=bool)
    if given.dtype.kind == "M":
        given = given.astype("M8[us]").view("i8")
    if given.dtype.kind == "f" and not (column.keep_nan and target.kind == "f"):
        null |= np.isnan(given)
    if column.sql_type == "timestamptz":
        null |= given == FIRST_US
    values = np.where(null, given.dtype.type(0), given) if null.any() else given
    _refuse_loss(column.name, values, target)
    if column.sql_type == "timestamptz":
        return since_2000(values.astype("i8")), null
    return values.astype(target), null


def _refuse_loss(name: str, values: NDArray[Any], target: np.dtype[Any]) -> None:
    if not len(values) or _holds(target, values):
        return
    fits = [_holds(target, values[[row]]) for row in range(len(values))]
    if not all(fits):
        raise ValueError(f"column {name} cannot hold {values[fits.index(False)]!r} as {target}")


def _holds(target: np.dtype[Any], values: NDArray[Any]) -> bool:
    """Return whether a column of type *target* holds all of *values* unchanged, or as near as its type allows."""
    if target.kind in "iu":
        limits = np.iinfo(target)
        if values.dtype.kind != "f":
            return bool(values.min() >= limits.min and values.max() <= limits.max)
        # Strictly below the next number: the largest bigint has no floating-point number of its own.
        inside = values.min() >= limits.min and values.max() < float(limits.max) + 1.0
        return bool(inside and np.array_equal(values, np.rint(values)))
    if target == np.dtype("f4"):
        largest = np.finfo("f4").max
        return bool((~np.isfinite(values) | (np.abs(values) <= largest)).all())
    return True
