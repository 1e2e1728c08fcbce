"""Templates of the statements that people are given to paste: steps.sql, by name and by the server's major version."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_HEAD = re.compile(r"^-- name: (\w+)(?: from (\d+))?\n", re.MULTILINE)
_COMMENT = re.compile(r"(?:--[^\n]*\n)+")
OLDEST_MAJOR = 13


class Template(NamedTuple):
    """Text with {names} to fill in, and the major version from which on it runs."""

    major: int
    sql: str


@cache
def templates() -> dict[str, tuple[Template, ...]]:
    """Return every template by its name, for the newest servers first."""
    _head, *parts = _HEAD.split(files(__package__).joinpath("steps.sql").read_text(encoding="utf-8"))
    found: dict[str, list[Template]] = {}
    for name, major, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        found.setdefault(name, []).append(Template(int(major or OLDEST_MAJOR), _COMMENT.sub("", text, count=1).strip()))
    return {name: tuple(sorted(variants, reverse=True)) for name, variants in found.items()}


def template(name: str, major: int | None = None) -> str:
    """Return a template as a server of that *major* version takes it; of an unknown one, as the newest do."""
    return next(t.sql for t in templates()[name] if major is None or t.major <= major)
