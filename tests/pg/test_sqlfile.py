"""SQL files: named, explained, marked."""

from pathlib import Path

import pytest

from pganomaly import pg

TWO = """-- Statements of a test.

-- name: one
-- The first.
SELECT 1
  -- of all
 WHERE true;

-- name: other
-- The second,
-- with two lines.
WITH /* pganomaly */ x AS (SELECT 2)
SELECT * FROM x;
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "some.sql"
    path.write_text(text)
    return path


def test_statements_by_name_each_with_one_mark(tmp_path: Path) -> None:
    found = pg.statements(file(tmp_path, TWO))
    assert list(found) == ["one", "other"]
    assert found["one"] == "SELECT /* pganomaly */ 1\n  -- of all\n WHERE true"
    assert found["other"].startswith("WITH /* pganomaly */ x AS")


@pytest.mark.parametrize(
    "text",
    [
        "-- name: a\nSELECT 1;",
        "-- name: a\n-- Why.\nSELECT 1;\n-- name: a\n-- Why.\nSELECT 2;",
        "SELECT 0;\n-- name: a\n-- Why.\nSELECT 1;",
    ],
)
def test_a_statement_without_a_name_or_a_reason_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"some\.sql"):
        pg.statements(file(tmp_path, text))


@pytest.mark.parametrize(
    ("statement", "with_mark"),
    [
        ("SELECT 1", "SELECT /* pganomaly */ 1"),
        ("COMMIT", "COMMIT /* pganomaly */"),
        ("INSERT\n  INTO t", "INSERT /* pganomaly */\n  INTO t"),
    ],
)
def test_the_mark_stands_behind_the_first_keyword_once(statement: str, with_mark: str) -> None:
    assert pg.marked(statement) == with_mark
    assert pg.marked(with_mark) == with_mark
