"""What the READMEs show as printed is still what the program says: a sentence, or a line of a next step."""

import re
from string import Formatter

import pytest
from tools import messages as tool

from pganomaly.explain.templates import templates
from tests.docs.pages import READMES, text

_BLOCK = re.compile(r"<!-- (?P<mark>demo|doctor|scripts|messages) -->\n(?P<lines>.*?)<!-- end of (?P=mark) -->", re.S)
_NOT_SAID = re.compile(
    r"""(?x) \$\s | [✓✗!?]\s+(?:\w+:|.*localhost) | \w+:\d+$ | (?:--\s)?(?:SELECT|CREATE|ALTER|\s+FROM)\s | --- """
)
"""Commands, names and SQL."""
LEAST_LETTERS = 4
"""Characters that a sentence has besides what is filled in, to be recognised by."""


def patterns() -> list[re.Pattern[str]]:
    found = set()
    said = [form for entry in tool.stored("ru") for form in (*_forms(entry.id), *_forms(entry.string))]
    steps = [line.strip() for variants in templates().values() for t in variants for line in t.sql.splitlines()]
    for form in (*said, *steps):
        parts = [(re.escape(literal), name) for literal, name, _, _ in Formatter().parse(form)]
        if sum(len(literal) for literal, _ in parts) >= LEAST_LETTERS:
            found.add("".join(literal + ("" if name is None else "(?:.+?)") for literal, name in parts))
    return [re.compile(pattern.replace(r"\ ", r"\s")) for pattern in found]


def _forms(said: object) -> tuple[str, ...]:
    return tuple(said) if isinstance(said, tuple | list) else (str(said or ""),)


def printed(readme) -> list[str]:
    lines = [line for block in _BLOCK.finditer(text(readme)) for line in block["lines"].splitlines()]
    return [line.strip() for line in lines if line.strip() and not _NOT_SAID.match(line.strip())]


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_every_line_shown_is_still_said(readme):
    sentences = patterns()
    lines = printed(readme)
    assert len(lines) > 20
    assert [line for line in lines if not any(sentence.search(line) for sentence in sentences)] == []
