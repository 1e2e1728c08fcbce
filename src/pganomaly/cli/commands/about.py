"""What this program is: its version, and what its errors mean."""

from collections.abc import Iterator

import typer

import pganomaly
from pganomaly import errors
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


def help_(code: str = typer.Argument(""), as_json: AsJson = False) -> int:
    """Explain an error by its code, or list all of them. Example: pganomaly help PGA-002"""
    run = App(as_json)
    known = sorted(set(documented(PganomalyError)), key=lambda entry: entry[0])
    wanted = [(c, text) for c, text in known if not code or c == code.upper()]
    if not wanted:
        raise errors.NoSuchCode(code=code)
    if as_json:
        run.answer([{"code": c, "message": run.speaker.say(text)} for c, text in wanted])
        return 0
    for number, text in wanted:
        run.print(f"{number}  {run.speaker.say(text)}")
    return 0


def documented(error: type[PganomalyError]) -> Iterator[tuple[str, str]]:
    """Yield code and message of every error that a user can meet."""
    for kind in error.__subclasses__():
        if "code" in vars(kind):
            yield kind.code, kind.template()
        yield from documented(kind)
