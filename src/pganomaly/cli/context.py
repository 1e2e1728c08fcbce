"""What every command needs: the settings, the language, and where to print."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from pganomaly import messages, settings
from pganomaly.messages import Speaker
from pganomaly.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences and tables.")]

chosen_language: ContextVar[str | None] = ContextVar("chosen_language", default=None)
"""What --lang said; None leaves it to APP_LANG and the environment."""


@dataclass(frozen=True)
class App:
    """One run of one command."""

    as_json: bool = False

    @cached_property
    def settings(self) -> Settings:
        """Return the settings; errors.BadSettings where they are wrong."""
        language = chosen_language.get()
        return settings.load(app_lang=language) if language else settings.load()

    @cached_property
    def speaker(self) -> Speaker:
        """Return who speaks to people, in their language and their time zone."""
        return messages.speaker(settings.language(self.settings.app_lang), datetime.now().astimezone().tzinfo or UTC)

    @cached_property
    def console(self) -> Console:
        """Return the terminal; it writes plain text where there is none, and honours NO_COLOR."""
        return Console(highlight=False, soft_wrap=True)

    def say(self, msgid: str, /, **facts: object) -> None:
        """Print a sentence of the catalogue."""
        self.print(self.speaker.say(msgid, **facts))

    def count(self, singular: str, plural: str, n: int, /, **facts: object) -> None:
        """Print the form of a sentence of the catalogue that goes with *n* things."""
        self.print(self.speaker.count(singular, plural, n, **facts))

    def print(self, text: str) -> None:
        """Print a line as it is; with --json it goes beside the JSON, to standard error."""
        if self.as_json:
            print(text, file=sys.stderr)  # noqa: T201
        else:
            self.console.print(text, markup=False)

    def answer(self, facts: object) -> None:
        """Print *facts* as JSON."""
        print(json.dumps(_plain(facts), ensure_ascii=False, indent=1))  # noqa: T201

    def line(self, facts: object) -> None:
        """Print *facts* as one line of JSON: for streams."""
        print(json.dumps(_plain(facts), ensure_ascii=False), flush=True)  # noqa: T201

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; *heads* are sentences of the catalogue."""
        table = Table(box=None, pad_edge=False)
        for head in heads:
            table.add_column(self.speaker.say(head), no_wrap=True)
        for row in rows:
            table.add_row(*(text.replace("[", "\\[") for text in row))
        # A table wider than a pipe or a narrow terminal is cut by neither: its reader scrolls or greps.
        wanted = Console(width=1000).measure(table).maximum
        Console(highlight=False, width=max(self.console.width, wanted)).print(table)


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one line per kind of value
    """Return *value* as JSON knows it; what is not a number there is null, as missing should be."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (np.floating, float)):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, Path) else value
