"""
SQL that lives in .sql files: named, explained, loaded once.

    -- name: open_incidents
    -- What is still wrong on one server, oddest first.
    SELECT ... ;
"""

import re
from importlib.resources.abc import Traversable

from pganomaly.pg.mark import marked

_NAME = re.compile(r"^-- name:[ \t]*(\w+)[ \t]*\n", re.MULTILINE)
_COMMENTS = re.compile(r"(?:\s*--[^\n]*\n)*\s*")


def statements(file: Traversable, *, own: bool = True) -> dict[str, str]:
    """
    Return the statements of a .sql file by name, each with our mark behind its first keyword.

    Those that play somebody else, such as the demo's shop, are not *own* and carry no mark.

    Example: SQL = pg.statements(files(__package__) / "counters.sql"); conn.execute(SQL["clock"]).
    """
    head, *parts = _NAME.split(file.read_text(encoding="utf-8"))
    if _COMMENTS.fullmatch(head + "\n") is None:
        raise ValueError(f"{file.name}: SQL in front of the first -- name:")
    found: dict[str, str] = {}
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        comment = _COMMENTS.match(part)
        if name in found or comment is None or "--" not in comment[0]:
            raise ValueError(f"{file.name}: {name} is there twice, or nothing says what it is for")
        statement = part[comment.end() :].strip().removesuffix(";").rstrip()
        found[name] = marked(statement) if own else statement
    return found
