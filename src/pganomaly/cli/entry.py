"""The way in: the language is found, the command is run, an error becomes its message and its exit code."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperArgument, TyperOption

from pganomaly import log, messages, settings
from pganomaly.cli.commands import application
from pganomaly.cli.context import chosen_language
from pganomaly.errors import PganomalyError
from pganomaly.messages import Speaker

EXAMPLE = " Example: "
"""Where the help of a command ends and an example begins."""
INTERRUPTED = 130
USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a problem found, 2 usage, 3 cannot connect, 4 store."""
    log.setup(level=logging.WARNING)
    arguments, language = _language(list(sys.argv[1:] if argv is None else [*argv, *sys.argv[1:]]))
    token = chosen_language.set(language)
    # Errors have a language, too, even while the settings are what is wrong.
    speaker = messages.speaker(language or settings.language(settings.app_lang()))
    try:
        return _run(arguments, speaker)
    except PganomalyError as error:
        _complain(speaker.error(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; Python must not complain about that at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        chosen_language.reset(token)


def _run(arguments: list[str], speaker: Speaker) -> int:
    command = translated(application(), speaker)
    try:
        result = command.main(arguments or ["--help"], prog_name="pganomaly", standalone_mode=False)
    except typer.TyperException as error:
        said = error.format_message()
        _complain(said if "\n" in said else f"{said} (pganomaly --help)")
        return USAGE
    except typer.Abort:
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def translated(app: typer.Typer, speaker: Speaker) -> Any:
    """Return the commands with their help in the reader's language."""
    root = typer.main.get_command(app)
    for command in _commands(root):
        sentence, _, example = (command.help or "").partition(EXAMPLE)
        command.short_help = speaker.say(sentence)
        shown = speaker.say("Example: {command}", command=example)
        command.help = f"{command.short_help}\n\n{shown}" if example else command.short_help
        command.epilog = speaker.say("With any command: --lang {languages}", languages="|".join(messages.LANGUAGES))
        for parameter in command.params:
            if _told(parameter):
                parameter.help = speaker.say(parameter.help)
    return root


def help_sentences() -> Iterator[str]:
    """Yield every sentence of the help, for whoever translates."""
    for command in _commands(typer.main.get_command(application())):
        yield (command.help or "").partition(EXAMPLE)[0]
        yield from (parameter.help for parameter in command.params if _told(parameter))


def _told(parameter: Any) -> bool:
    return isinstance(parameter, (TyperOption, TyperArgument)) and bool(parameter.help)


def _commands(command: Any) -> Iterator[Any]:
    """Yield a command and all below it: typer keeps its click to itself, so these have no public type."""
    yield command
    for sub in getattr(command, "commands", {}).values():
        yield from _commands(sub)


def _language(arguments: list[str]) -> tuple[list[str], str | None]:
    """Take --lang out of the arguments, wherever it stands."""
    rest: list[str] = []
    language = None
    words = iter(arguments)
    for word in words:
        if word == "--lang":
            language = next(words, "")
        elif word.startswith("--lang="):
            language = word.removeprefix("--lang=")
        else:
            rest.append(word)
    if language is not None and language not in messages.LANGUAGES:
        _complain(f"--lang: {' | '.join(messages.LANGUAGES)}")
        raise SystemExit(USAGE)
    return rest, language


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201
