"""Names of any kind come out of SQL as they went in."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pganomaly import pg
from pganomaly.explain import quoting
from pganomaly.pg.embedded import Server

HOSTILE = [
    'we"ird $1; drop',
    "it's",
    "back\\slash'",
    "line\nDROP TABLE x; --",
    "Order",
    "select",
    "имя",
    "a.b",
    "{x}",
    "%s",
]
TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40)
NAMES = TEXT.filter(lambda name: 0 < len(name.encode()) < 64)


def test_identifiers_and_strings_are_quoted_as_the_server_quotes_them(any_server: Server):
    names = [*HOSTILE, *sorted(quoting.KEYWORDS), "plain", "_x1", "x$1", "1x"]
    with pg.connect(any_server.conninfo()) as conn:
        for name in names:
            by_server = conn.execute("SELECT quote_ident(%s), quote_literal(%s)", (name, name)).fetchone()
            assert by_server is not None
            # A word of a newer version is quoted on older ones, too: that is one and the same name.
            assert quoting.identifier(name) in (by_server[0], f'"{by_server[0]}"')
            assert quoting.literal(name) == by_server[1]


@given(st.lists(NAMES, min_size=1, max_size=20))
@example(HOSTILE)
def test_whatever_is_quoted_is_read_as_it_was(pg18: Server, names: list[str]):
    with pg.connect(pg18.conninfo()) as conn:
        aliases = ", ".join(f"1 AS {quoting.identifier(n)}" for n in names)
        values = ", ".join(quoting.literal(n) for n in names)
        cursor = conn.execute(f"SELECT {aliases}".encode())
        assert [c.name for c in cursor.description or ()] == names
        assert conn.execute(f"SELECT {values}".encode()).fetchone() == tuple(names)


@given(TEXT)
@example("x\r\nDROP TABLE orders;\rDROP TABLE x;")
def test_a_comment_stays_one_whatever_is_in_it(pg18: Server, text: str):
    with pg.connect(pg18.conninfo()) as conn:
        assert conn.execute(f"{quoting.commented(text)}\nSELECT 1".encode()).fetchone() == (1,)


@pytest.mark.parametrize(
    ("written", "quoted"),
    [
        ("orders", "orders"),
        ("public.orders", "public.orders"),
        ('"Order ""x"""', '"Order ""x"""'),
        ('shop.public."Order"', 'public."Order"'),
        ('"a.b"."c.d"', '"a.b"."c.d"'),
        ("order", '"order"'),
        ("x; drop", None),
        ('"open', None),
        ("a..b", None),
        ("", None),
    ],
)
def test_a_relation_is_quoted_anew_or_is_none(written: str, quoted: str | None):
    assert quoting.relation(written) == quoted
