"""What goes in by COPY comes out by COPY, to the last bit."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pganomaly import errors, pg
from pganomaly.pg.embedded import Server
from pganomaly.pg.rows_in import encode
from pganomaly.pg.rows_out import decode

UNKNOWN_US = np.iinfo("i8").min
FIXED = {
    "smallint": "i2",
    "int": "i4",
    "bigint": "i8",
    "oid": "u4",
    "real": "f4",
    "double precision": "f8",
    "boolean": "?",
}
ANY_TABLE = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def conn(pg18: Server) -> Iterator[pg.Connection]:
    with closing(pg.connect(pg18.conninfo())) as conn:
        conn.execute("CREATE TEMP TABLE one (" + ", ".join(f'"{t}" {t}' for t in FIXED) + ")")
        conn.execute("CREATE TEMP TABLE mixed (n bigint, t text, j jsonb, b bytea, ts timestamptz, a text[], o oid[])")
        yield conn


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, np.ndarray[Any, Any]]]:
    rows = draw(st.integers(0, 7))
    values = {t: draw(arrays(np.dtype(code), rows)) for t, code in FIXED.items()}
    return values, {t: draw(arrays(np.bool_, rows)) for t in FIXED}


@ANY_TABLE
@given(table=tables())
def test_every_number_and_every_null_survives(conn: pg.Connection, table: Any) -> None:
    values, nulls = table
    columns = [pg.Column(t, t, values[t], nulls[t], keep_nan=True) for t in FIXED]
    with conn.transaction(force_rollback=True):
        assert pg.copy_in(conn, "one", columns) == len(values["int"])
        fields = [
            (f"{kind}{t}", "?" if kind == "null " else code) for t, code in FIXED.items() for kind in ("", "null ")
        ]
        query = ", ".join(f"""coalesce("{t}", '0'), "{t}" IS NULL""" for t in FIXED)
        back = pg.copy_out(conn, f"SELECT {query} FROM one", np.dtype(fields))
    for t in FIXED:
        np.testing.assert_array_equal(back[f"null {t}"], nulls[t])
        np.testing.assert_array_equal(back[t][~nulls[t]], values[t][~nulls[t]])


def test_any_of_many_columns_may_be_missing_in_any_row(conn: pg.Connection) -> None:
    """More columns than bits of a number, and nearly as many kinds of rows as rows."""
    names = [f"c{number}" for number in range(70)]
    rng = np.random.default_rng(7)
    values, nulls = rng.integers(-(2**62), 2**62, (70, 50)), rng.random((70, 50)) < np.linspace(0, 1, 70)[:, None]
    with conn.transaction(force_rollback=True):
        conn.execute("CREATE TEMP TABLE wide (" + ", ".join(f"{name} bigint" for name in names) + ")")
        columns = zip(names, values, nulls, strict=True)
        pg.copy_in(conn, "wide", [pg.Column(name, "bigint", value, null) for name, value, null in columns])
        back = conn.execute("SELECT * FROM wide").fetchall()
    wanted = [
        [None if gone else v for v, gone in zip(*row, strict=True)] for row in zip(values.T, nulls.T, strict=True)
    ]
    assert [list(row) for row in back] == wanted


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | TEXTS,
        st.none() | st.sampled_from(['{"a": 1}', "[]", "null"]),
        st.none() | st.binary(),
        st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
        st.none() | st.lists(TEXTS, max_size=3),
        st.none() | st.lists(st.integers(0, 2**32 - 1), max_size=3),
    ),
    max_size=6,
)


@ANY_TABLE
@given(rows=ROWS)
def test_texts_and_lists_between_numbers_survive(conn: pg.Connection, rows: list[tuple[Any, ...]]) -> None:
    n, t, j, b, ts, a, o = ([row[i] for row in rows] for i in range(7))
    micro = [UNKNOWN_US if at is None else np.datetime64(at.replace(tzinfo=None), "us").astype("i8") for at in ts]
    columns = [
        pg.Column("t", "text", t),
        pg.Column("n", "bigint", np.array([x or 0 for x in n], dtype="i8"), np.array([x is None for x in n], "?")),
        pg.Column("j", "jsonb", j),
        pg.Column("a", "text[]", a),
        pg.Column("ts", "timestamptz", np.array(micro, dtype="i8")),
        pg.Column("b", "bytea", b),
        pg.Column("o", "oid[]", o),
    ]
    with conn.transaction(force_rollback=True):
        pg.copy_in(conn, "mixed", columns)
        back = conn.execute("SELECT n, t, j::text, b, ts, a, o FROM mixed").fetchall()
    assert back == rows


def test_not_a_number_is_null_unless_told_otherwise(conn: pg.Connection) -> None:
    column = np.array([1.5, np.nan])
    with conn.transaction(force_rollback=True):
        pg.copy_in(conn, "one", [pg.Column("double precision", "double precision", column)])
        pg.copy_in(conn, "one", [pg.Column("double precision", "double precision", column, keep_nan=True)])
        got = conn.execute('SELECT "double precision"::text FROM one').fetchall()
    assert got == [("1.5",), (None,), ("1.5",), ("NaN",)]


def test_whole_numbers_kept_as_floating_point_go_into_integer_columns(conn: pg.Connection) -> None:
    with conn.transaction(force_rollback=True):
        pg.copy_in(conn, "one", [pg.Column("bigint", "bigint", np.array([2.0**53, np.nan, -1.0]))])
        assert conn.execute('SELECT "bigint" FROM one').fetchall() == [(2**53,), (None,), (-1,)]


@pytest.mark.parametrize(
    ("sql_type", "value"),
    [("int", 2**31), ("oid", -1), ("bigint", 0.5), ("bigint", 2.0**63), ("bigint", np.inf), ("real", 1e300)],
)
def test_a_number_that_does_not_fit_is_an_error_and_not_another_number(sql_type: str, value: float) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        list(encode([pg.Column("x", sql_type, np.array([value]))]))


def test_moments_come_out_in_microseconds_since_1970(conn: pg.Connection) -> None:
    query = "SELECT unnest(ARRAY['2026-11-21 12:00:00.000001+00', '-infinity', 'infinity']::timestamptz[])"
    at = pg.copy_out(conn, query, np.dtype([("at", "M8[us]")]))["at"]
    assert at[0] == np.datetime64("2026-11-21T12:00:00.000001")
    assert np.isnat(at[1])
    assert at.view("i8")[1:].tolist() == [UNKNOWN_US, np.iinfo("i8").max]


@pytest.mark.parametrize(
    ("query", "column", "found"),
    [
        ("SELECT 1::bigint, NULL::float8", "b", "NULL"),
        ("SELECT 1::bigint, 1::float4", "b", "4 bytes"),
        ("SELECT NULL::bigint, 1::numeric", "a", "NULL"),
        ("SELECT 1::bigint, 'one'::text FROM generate_series(1, 3)", "b", "3 bytes"),
        ("SELECT 1::bigint", "(all)", "1 fields"),
        ("SELECT * FROM (VALUES (1::bigint, 1::float8), (NULL, 2)) AS v", "a", "NULL"),
        ("SELECT NULL::bigint, '12345678'::text || '12345678'", "a", "NULL"),
    ],
)
def test_a_row_of_another_shape_names_its_column(conn: pg.Connection, query: str, column: str, found: str) -> None:
    with pytest.raises(errors.CopyShapeError, match=f"has {found} in column") as caught:
        pg.copy_out(conn, query, np.dtype([("a", "i8"), ("b", "f8")]))
    assert caught.value.facts["column"] == column
    assert conn.execute("SELECT 1").fetchone() == (1,)


def test_bytes_that_are_no_copy_are_refused() -> None:
    whole = b"".join(encode([pg.Column("a", "int", np.arange(3))]))
    dtype = np.dtype([("a", "i4")])
    assert decode(whole, dtype)["a"].tolist() == [0, 1, 2]
    for broken in (b"", whole[:-1], whole[:-5] + whole[-2:], b"X" + whole[1:]):
        with pytest.raises(errors.CopyShapeError):
            decode(broken, dtype)
    with pytest.raises(TypeError):
        decode(whole, np.dtype([("a", "i1")]))


def test_no_rows_are_no_rows(conn: pg.Connection) -> None:
    assert len(pg.copy_out(conn, "SELECT 1 WHERE false", np.dtype([("a", "i4")]))) == 0
    assert pg.copy_in(conn, "one", [pg.Column("int", "int", np.array([], dtype="i4"))]) == 0


def test_parameters_of_every_kind(conn: pg.Connection) -> None:
    query = """
        SELECT q, %(at)s::timestamptz, 10 %% 4, %(share)s::float8
          FROM unnest(%(queryids)s::bigint[]) AS q WHERE %(name)s::text = 'it''s {50%%}'
    """
    dtype = np.dtype([("q", "i8"), ("at", "M8[us]"), ("rest", "i4"), ("share", "f8")])
    at = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)
    with pg.transaction(conn, statement_timeout_s=5, lock_timeout_s=1, read_only=True):
        rows = pg.copy_out(
            conn,
            query,
            dtype,
            {"queryids": np.array([-(2**63), 7]), "at": at, "share": 0.1, "name": "it's {50%}"},
        )
    assert rows.tolist() == [(-(2**63), at.replace(tzinfo=None), 2, 0.1), (7, at.replace(tzinfo=None), 2, 0.1)]


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equally long"):
        list(encode([pg.Column("a", "int", np.arange(3)), pg.Column("t", "text", ["x"])]))
