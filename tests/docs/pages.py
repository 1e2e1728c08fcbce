"""The pages for people, and what stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
READMES = (ROOT / "README.md", ROOT / "README.ru.md")

_INDENTED = re.compile(r"^ {4}(?P<line>\S.*)$", re.MULTILINE)
_QUOTED = re.compile(r"`(?P<line>[^`\n]+)`")
_END = re.compile(r"  +|\s+(?:\||#|&&|>|2>|<)\s*|;")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def called(page: Path, program: str) -> Iterator[str]:
    """Yield the arguments of every call of a program: on a line of a block, or between backquotes."""
    said = text(page)
    for found in (*_INDENTED.finditer(said), *_QUOTED.finditer(said)):
        line = found["line"].removeprefix("$ ")
        if line.startswith(f"{program} "):
            yield _END.split(line.removeprefix(f"{program} "))[0].strip()
