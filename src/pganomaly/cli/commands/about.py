"""What this program is: its version, and what its errors mean."""

from collections.abc import Iterator
from typing import Annotated

import typer

import pganomaly
from pganomaly import collect, errors
from pganomaly.cli.context import App, AsJson
from pganomaly.errors import PganomalyError


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("version")(version)
    app.command("help")(help_)


def version(as_json: AsJson = False) -> int:
    """Print the version. Example: pganomaly version"""
    run = App(as_json)
    if as_json:
        run.answer({"version": pganomaly.__version__})
    else:
        run.print(f"pganomaly {pganomaly.__version__}")
    return 0


def help_(
    code: Annotated[str, typer.Argument(help="Such as PGA-002; all of them where it is left out.")] = "",
    as_json: AsJson = False,
) -> int:
    """Explain an error by its code, or list all of them. Example: pganomaly help PGA-002"""
    run = App(as_json)
    wanted = [(c, run.speaker.unfilled(text)) for c, text in explained() if not code or c == code.upper()]
    if not wanted:
        raise errors.NoSuchCode(code=code)
    if as_json:
        run.answer([{"code": c, "message": text} for c, text in wanted])
        return 0
    for number, text in wanted:
        run.print(f"{number}  {text}")
    return 0


def explained() -> list[tuple[str, str]]:
    """Return every code that a user can meet, with each of its messages: of errors, and of the doctor's checks."""
    return sorted({*_errors(PganomalyError), *collect.SUBJECTS.items()}, key=lambda entry: entry[0])


def _errors(error: type[PganomalyError]) -> Iterator[tuple[str, str]]:
    for kind in error.__subclasses__():
        yield kind.code, kind.template()
        yield from _errors(kind)
