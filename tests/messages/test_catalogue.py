"""Both languages say everything, and the same. After adding a sentence: `make messages`, translate what it lists."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from tools import messages as tool

from pganomaly import messages
from pganomaly.messages import LANGUAGES, speaker

PACKAGE = Path(messages.__file__).parents[1]
RUSSIAN = tool.stored("ru")


def pairs(catalogue: Catalog) -> list[tuple[str, str]]:
    """Every English form with every translation that stands for it."""
    found = []
    for entry in catalogue:
        if entry.id:
            english = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
            said = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
            found += [(english[-1], form or "") for form in said]
    return found


def facts(sentence: str) -> set[tuple[str, str | None]]:
    return {(name, spec) for _, name, spec, _ in Formatter().parse(sentence) if name is not None}


def test_every_sentence_of_the_code_is_translated():
    assert tool.untranslated(tool.updated("ru")) == [], "run `make messages` and translate these"


def test_no_sentence_hides_in_an_f_string():
    """Whoever collects sentences does not look there."""
    hidden = [
        (file.name, call.lineno)
        for file in PACKAGE.rglob("*.py")
        for text in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        if getattr(call.func, "attr", getattr(call.func, "id", "")) in ("say", "count", "_")
    ]
    assert hidden == []


def test_translations_name_the_same_facts():
    assert [(en, ru) for en, ru in pairs(RUSSIAN) if ru and facts(en) != facts(ru)] == []


def test_no_sentence_brings_markup_of_its_own():
    assert [text for pair in pairs(RUSSIAN) for text in pair if re.search(r"</?[a-z]+>|&[a-z]+;", text)] == []


def test_what_is_shipped_is_what_is_written():
    compiled = (tool.LOCALE / "ru.mo").read_bytes()
    written = (tool.LOCALE / "ru.po").read_bytes()
    assert compiled == tool.as_mo(tool.read(written, "ru"))


def test_collecting_twice_changes_nothing():
    once = tool.as_po(tool.updated("ru"))
    assert tool.as_po(tool.read(once, "ru")) == once


def test_every_language_but_english_has_a_catalogue():
    assert {"en", *tool.TRANSLATED} == set(LANGUAGES)


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "1 запуск подряд"), (2, "2 запуска подряд"), (4, "4 запуска подряд"), (5, "5 запусков подряд"),
        (11, "11 запусков подряд"), (14, "14 запусков подряд"), (21, "21 запуск подряд"), (22, "22 запуска подряд"),
    ],
)  # fmt: skip
def test_russian_has_three_plurals(n: int, said: str):
    one, many = (
        "🛑 DRIFT CONFIRMED! ({n} run in a row with real anomalies)",
        "🛑 DRIFT CONFIRMED! ({n} runs in a row with real anomalies)",
    )
    assert said in speaker("ru").count(one, many, n)


def test_english_has_two_plurals():
    en = speaker("en")
    assert [en.count("{n} row", "{n} rows", n) for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
