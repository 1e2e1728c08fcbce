"""What the pages tell people to type exists and is understood."""

import re
from pathlib import Path
from typing import Any

import pytest

from pganomaly.cli.commands import application
from pganomaly.cli.entry import EXAMPLE, _commands
from tests.docs.pages import PAGES, READMES, ROOT, called, text

typer_main = pytest.importorskip("typer.main")

MAKEFILE = text(ROOT / "Makefile")
CALLS = sorted({(page.name, call) for page in PAGES for call in called(page, "pganomaly")})
EXAMPLES = re.compile(r"webhook|NNNN")
"""Files that a page tells people to write."""
NOT_A_CALL = frozenset({"help CODE", "0.1.0"})


def root() -> Any:
    return typer_main.get_command(application())


def parse(command: Any, arguments: list[str], parent: Any = None, name: str = "pganomaly") -> None:
    """Read the arguments as the command would, and run nothing. A command that is only named has none."""
    if not arguments:
        return
    if not hasattr(command, "commands"):
        command.make_context(name, arguments, parent=parent)
        return
    first, *rest = arguments
    assert first in command.commands, f"there is no command {first}"
    with command.make_context(name, [first], parent=parent, resilient_parsing=True) as context:
        parse(command.commands[first], rest, context, first)


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        return [(" ".join(path), command)]
    return [leaf for name, sub in command.commands.items() for leaf in leaves(sub, (*path, name))]


@pytest.mark.parametrize(("page", "call"), CALLS)
def test_every_command_in_the_pages_is_understood(page: str, call: str):
    words = re.sub(r"--lang(?:=| )\S+", "", call).split()
    if words and call not in NOT_A_CALL:
        parse(root(), words)


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
@pytest.mark.parametrize("name", [name for name, _ in leaves(root())])
def test_every_command_has_its_place_in_the_readme(name: str, readme: Any):
    assert f"pganomaly {name}" in text(readme)


@pytest.mark.parametrize("command", [c for c in _commands(root()) if EXAMPLE in (c.help or "")], ids=lambda c: c.name)
def test_every_example_in_the_help_is_understood(command: Any):
    example = re.split(r" [|<]", command.help.partition(EXAMPLE)[2])[0]
    assert example.startswith("pganomaly ")
    parse(root(), example.split()[1:])


def test_every_target_of_make_in_the_pages_exists():
    targets = {call.split()[0] for page in PAGES for call in called(page, "make")}
    assert {t for t in targets if not re.search(rf"^{t}:", MAKEFILE, re.MULTILINE)} == set()


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_every_script_has_its_place_in_the_readme(readme: Any):
    scripts = {file.name for file in (ROOT / "scripts").iterdir() if file.suffix in {".py", ".sh"}}
    assert {name for name in scripts if name not in text(readme)} == set()


def test_every_script_and_tool_in_the_pages_exists():
    named = {name for page in PAGES for name in re.findall(r"\b(?:scripts|tools|tests|docs|sql)/[\w./-]+", text(page))}
    missing = {name for name in named if not (ROOT / name.rstrip(".")).exists() and "NAME" not in name}
    assert missing == set()


def test_every_file_of_the_package_in_the_pages_exists():
    package = ROOT / "src" / "pganomaly"
    rooms = {room.name for room in package.iterdir() if room.is_dir()}
    named = {
        name
        for page in (*(ROOT / "docs").rglob("*.md"),)
        for name in re.findall(r"`((?:src/pganomaly/)?[a-z_]+/[\w/.]+\.(?:py|po|sql))`", text(page))
    }
    wrong = set()
    for name in named:
        inside = name.removeprefix("src/pganomaly/")
        if Path(inside).parts[0] in rooms and not (package / inside).exists() and not EXAMPLES.search(name):
            wrong.add(name)
    assert wrong == set()
