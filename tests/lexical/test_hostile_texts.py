"""Whatever the text: some shape comes out, and the work grows with the length and no faster."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from pganomaly.lexical import describe

HOSTILE: dict[str, Callable[[int], str]] = {
    "nested comments": lambda n: "/*" * n + "x" + "*/" * n + " select 1",
    "nested comments without an end": lambda n: "/*" * n,
    "comments in a row": lambda n: "/**/" * n + "select 1",
    "lines of comment": lambda n: "--\n" * n,
    "lone quotes": lambda n: "'" * (2 * n + 1),
    "lone double quotes": lambda n: '"' * (2 * n + 1),
    "quotes and backslashes": lambda n: "\\'" * n,
    "escapes": lambda n: "E'" + "\\'" * n,
    "dollars": lambda n: "$" * n,
    "dollar tags": lambda n: "".join(f"$a{i}$" for i in range(n // 4)),
    "an unclosed dollar quote": lambda n: "$x$" + "$y" * n,
    "NULs": lambda n: "\0" * n,
    "half characters": lambda n: "\ud800" * n,
    "signs": lambda n: "+-" * n,
    "operators": lambda n: "<->" * n,
    "open parentheses": lambda n: "(" * n,
    "closed parentheses": lambda n: ")" * n,
    "arrays in arrays": lambda n: "array" + "[" * n + "1" + "]" * n,
    "lists in lists": lambda n: "in (" * n,
    "values in values": lambda n: "values (" * n,
    "rows": lambda n: "values " + "(1)," * n,
    "items": lambda n: "in (" + "1," * n + "1)",
    "dots": lambda n: "from " + "a." * n,
    "froms": lambda n: "from a, " * n,
    "joins": lambda n: "join a on b " * (n // 4),
    "withs": lambda n: "with a as () " * (n // 4),
    "with upon with": lambda n: "with " * n,
    "many names of WITH": lambda n: "with " + ", ".join(f"c{i} as (select 1 from c{i - 1})" for i in range(n // 10)),
    "withs in parentheses": lambda n: "(with a as " * (n // 4),
    "searches": lambda n: "with a as () " + ", x as " * n,
    "statements": lambda n: "select 1;" * (n // 4),
    "statements that set": lambda n: "set a = b;" * (n // 4),
    "a definition that sets": lambda n: "create x y " + "set a = b, " * (n // 4),
    "passwords": lambda n: "alter role x " + "password " * n,
    "uses of AS": lambda n: "as " * n,
    "one long word": lambda n: "a" * n,
    "one long parameter": lambda n: "$" + "1" * n,
    "one long number": lambda n: "1" * n,
    "digits and dots": lambda n: "1." * n,
    "strings that go on": lambda n: "'a'\n" * n,
    "strings that nearly go on": lambda n: "'a' -- x\n" * (n // 2) + "b",
    "blanks": lambda n: " " * n,
    "blank and break": lambda n: "\r\n\t" * n,
    "emoji": lambda n: "\U0001f600" * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_have_a_shape(name: str) -> None:
    shape = describe(HOSTILE[name](10_000))
    assert describe(shape.redacted) == shape
    shape.redacted.encode()


def lines_run(text: str) -> int:
    """Return how many lines of Python describe() runs for *text*: a measure of work that no busy machine disturbs."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        describe(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_grows_with_the_length_only(name: str) -> None:
    short, long = (lines_run(HOSTILE[name](size)) for size in (400, 1600))
    assert long <= 4.5 * short + 1000


def test_a_megabyte_is_described() -> None:
    text = "SELECT * FROM t WHERE id IN (" + ", ".join(str(i) for i in range(150_000)) + ")"
    assert len(text) > 1_000_000
    assert describe(text).normalised == "select * from t where id in (?)"
