"""One statement, one fingerprint: on every version, in every layout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pganomaly.lexical import describe
from tests.lexical.corpus import texts


def normalised(text: str) -> str:
    return describe(text).normalised


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT  a ,b\nFROM T -- x\nWHERE x=-1 AND y = 'Q'", "select a, b from t where x = ? and y = ?"),
        ('SELECT "Id", U&"X" FROM "T"."b"', 'select "Id", U&"X" from "T"."b"'),
        ("SELECT f(a), count(*) FROM t WHERE a IN(1)", "select f(a), count(*) from t where a in (?)"),
        ("SELECT a::INT[], b[1:2], x.*, (r).f", "select a::int[], b[? : ?], x.*, (r).f"),
        ("SELECT 1;", "select ?"),
        ("SELECT $7", "select ?"),
        ("SET Search_Path = A, b", "set search_path = ?"),
        ("SELECT ÄRGER", "select Ärger"),
        ("", ""),
    ],
)
def test_the_form(text: str, form: str) -> None:
    assert normalised(text) == form


SAME = [
    [
        "a IN (1)",
        "a IN (1, 2, 3)",
        "a in ($1)",
        "a IN ($1 /*, ... */)",
        "a IN ($1::int, $2::int)",
        "A in($4,$5)",
        "a IN (-1, -2)",
    ],
    ["a = ANY (ARRAY[1])", "a = ANY(ARRAY[1,2,3])", "a = any(array[$1 /*, ... */])", "a = ANY (ARRAY[1::bigint, 2])"],
    ["ARRAY[[1, 2], [3, 4]]", "ARRAY[[1], [3], [5]]"],
    ["(a, b) IN ((1, 2))", "(a, b) IN ((1, 2), (3, 4))"],
    ["INSERT INTO t VALUES (1, 'a')", "insert into t values ($1, $2), ($3, $4), ($5, $6)"],
    ["INSERT INTO t VALUES (1, now()) RETURNING a", "INSERT INTO t VALUES (1, now()), (2, now()) RETURNING a"],
    ["SELECT * FROM (VALUES (1), (2)) x", "SELECT * FROM (VALUES (1)) x", "select *\nfrom (values ($1),($2),($3)) x"],
    ["SAVEPOINT a", "savepoint b12", "SAVEPOINT $1"],
    ["FETCH FORWARD 10 FROM c1", "FETCH FORWARD 500 FROM c2"],
    ["SET app.x = 1", "set app.x = 'y'", "SET app.x = $1", "SET app.x = a, b"],
    ["select date '2026-11-01'", "select date'2026-11-02'"],
    ["select a = true, b is true, c = null, d is not null", "select a = $1, b is true, c = $2, d is not null"],
    ["select extract(epoch from a), N'x'", "select extract($1 from a), n$2"],
    [
        "select * from t where a in (1, 2) and b = interval'1'day",
        "select * from t where a in ($1 /*, ... */) and b = interval$2day",
    ],
    ["SELECT a /* request 17 */", "SELECT a -- request 18", "SELECT a"],
]

DIFFERENT = [
    "a IN (1)", "a NOT IN (1)", "a IN (b)", "a IN (1, b)", "a IN (SELECT 1)", "a IN (SELECT 1, 1)", "f(1)", "f(1, 2)",
    "VALUES (1)", "VALUES (1, 2)", "VALUES (1), (DEFAULT)", 'SELECT "A"', 'SELECT "a"', "SELECT b", "a = 1", "a <> 1",
    "a IN (1 + b, 2)", "a IN (1 + b)", "ARRAY[a]", "ARRAY[1]", "SELECT 1", "SELECT 1, 2",
    "a IS NULL", "a IS NOT NULL", "a IS TRUE", "SELECT t.true",
]  # fmt: skip


@pytest.mark.parametrize("family", SAME, ids=lambda family: family[0])
def test_these_are_one_family(family: list[str]) -> None:
    assert len({describe(text).fingerprint for text in family}) == 1, {normalised(text) for text in family}


def test_these_are_all_different() -> None:
    assert len({describe(text).fingerprint for text in DIFFERENT}) == len(DIFFERENT)


@given(
    st.sampled_from([text for text in texts() if "Order Items" not in text]),
    st.sampled_from(["\n", "  ", " /* x */ ", "\t-- y ' $$ \n"]),
)
def test_neither_layout_nor_comments_matter(text: str, blank: str) -> None:
    spread = describe(text).redacted.replace(" ", blank)
    assert describe(spread).normalised == describe(text).normalised


@given(st.lists(st.integers(), min_size=1, max_size=50), st.lists(st.text(), min_size=1, max_size=50))
def test_lists_of_any_length_are_one_family(numbers: list[int], strings: list[str]) -> None:
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in strings)
    listed = ", ".join(map(str, numbers))
    rows = ", ".join(f"({number}, 'x')" for number in numbers)
    text = f"SELECT a FROM t WHERE a IN ({listed}) AND b = ANY (ARRAY[{quoted}]) UNION VALUES {rows}"
    assert normalised(text) == "select a from t where a in (?) and b = any (array[?]) union values (?, ?)"


def test_the_fingerprint_is_short_and_stays() -> None:
    """Fingerprints are stored: a change of this one breaks every family that is known."""
    assert describe("SELECT a FROM t WHERE b IN (1, 2)").fingerprint == "d8e76c8930015743"
