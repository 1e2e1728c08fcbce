"""The scanner reads as the server does."""

import inspect
import re

import pytest

from pganomaly.lexical import scanner
from pganomaly.lexical.scanner import scan

TEXTS_OF = [
    ("select 'it''s', a", ["select", "'it''s'", ",", "a"]),
    ("E'a\\'b' x", ["E'a\\'b'", "x"]),
    ("'a' -- why\n 'b' c", ["'a' -- why\n 'b'", "c"]),
    ("'a' 'b'", ["'a'", "'b'"]),
    ("$t$ $$ $u$ $t$ $$x$$", ["$t$ $$ $u$ $t$", "$$x$$"]),
    ("a$$b$$c", ["a$$b$$c"]),
    ("$1$$b$$", ["$1", "$$b$$"]),
    ('U&"d\\0061" "a""b"', ['U&"d\\0061"', '"a""b"']),
    ("1..10 1.5.6 .5 1.e3", ["1", "..", "10", "1.5", ".6", ".5", "1.e3"]),
    ("0x1F 0o7 0b1 1_0 1e-5", ["0x1F", "0o7", "0b1", "1_0", "1e-5"]),
    ("a=-1 b@-1 c*+-1", ["a", "=", "-", "1", "b", "@-", "1", "c", "*", "+", "-", "1"]),
    ("a/**/b /* /* x */ */ c-- d", ["a", "b", "c"]),
    ("a::int[] := b", ["a", "::", "int", "[", "]", ":=", "b"]),
    ("'unclosed", ["'unclosed"]),
    ('"unclosed', ['"unclosed']),
    ("a /* unclosed", ["a"]),
    ("$q$ unclosed $p$", ["$q$ unclosed $p$"]),
    ("", []),
    (" \n\t", []),
]


@pytest.mark.parametrize(("text", "tokens"), TEXTS_OF)
def test_texts_come_apart_as_on_the_server(text: str, tokens: list[str]) -> None:
    assert scan(text).texts == tokens


def test_a_name_behind_a_dot_is_no_keyword() -> None:
    assert scan("t.join JOIN").words == ["T", ".", "", "JOIN"]


def test_letters_beyond_ascii_make_no_keyword() -> None:
    """The server folds ASCII only: with a dotless i in it, LIMIT is a name."""
    assert scan("l\u0131m\u0131t straße").words == ["", ""]


def test_only_a_comment_right_behind_the_first_word_is_our_mark() -> None:
    assert scan("select/* pganomaly */ 1").own
    assert scan("-- hello\nSET /*pganomaly*/ LOCAL x = 1").own
    assert not scan("/* pganomaly */ select 1").own
    assert not scan("select 1 /* pganomaly */").own
    assert not scan("select '/* pganomaly */' from pganomaly").own
    assert not scan("select /* not pganomaly */ 1").own


def test_a_backslash_before_a_quote_is_read_as_the_standard_says_where_only_that_makes_sense() -> None:
    assert scan(r"x LIKE 'a' ESCAPE '\' AND y = 'z'").texts[-4:] == ["AND", "y", "=", "'z'"]


def test_a_text_that_both_settings_of_standard_conforming_strings_can_read_shows_nothing_from_there_on() -> None:
    assert scan(r"f('\'', secret, '\'')").texts == ["f", "(", "''"]


def test_a_text_that_no_setting_can_read_shows_nothing_from_there_on_either() -> None:
    """What is cut off within a string may have been either."""
    assert scan(r"f('\', 'it''s a secr").texts == ["f", "(", "''"]


def test_the_grammar_reads_alike_on_every_python_3_11():
    """Possessive groups match too much on 3.11.0 to 3.11.4: a statement's WHERE would be taken for part of a string."""
    assert scan("UPDATE t SET a = 'x' WHERE id = 1").texts[5:] == ["'x'", "WHERE", "id", "=", "1"]
    assert not re.search(r"\)[*+?]\+", inspect.getsource(scanner))
