"""The statements of this room, by file: storage/sql/NAME.sql, each with its name and a sentence."""

from importlib.resources import files
from typing import LiteralString, cast

from pganomaly import pg


def load(name: str) -> dict[str, LiteralString]:
    """Return the statements of sql/NAME.sql. They come from our own files, so the driver may take them as literals."""
    return cast("dict[str, LiteralString]", pg.statements(files("pganomaly.storage") / "sql" / f"{name}.sql"))
