"""A message on a terminal: its first line stands out, and what is to be pasted stands apart."""

from collections.abc import Iterator
from textwrap import indent

from rich.text import Text

from pganomaly.cli.context import App
from pganomaly.records import Message, Snapshot

_INDENT = "    "


def tell(app: App, message: Message, *, whole: bool = False) -> None:
    """Print a message; of one that brings another up to date only the first line, unless all of it is asked for."""
    shown = message.blocks[:1] if message.kind.endswith(".updated") and not whole else message.blocks
    for block in shown:
        style = {"headline": "bold", "code": "dim"}.get(block.kind, "")
        app.console.print(Text(indent(block.text, _INDENT) if block.kind == "code" else block.text, style=style))
        app.console.print()


def latest(news: list[Message], more: tuple[Message, ...], most: int) -> list[Message]:
    """Return the last news, *more* included: what brings an earlier message up to date takes its place."""
    return list(_kept([*news, *more]))[-most:]


def _kept(news: list[Message]) -> Iterator[Message]:
    for place, message in enumerate(news):
        later = any(m.about == message.about and m.kind.endswith(".updated") for m in news[place + 1 :])
        if not (later and message.kind in ("incident.opened", "incident.updated")):
            yield message


def hint(app: App, server: str, snapshot: Snapshot) -> None:
    """Say that there is less to see than there should be, and who knows why."""
    if snapshot.hidden:
        app.count(
            "{server}: {n} statement of other roles is hidden from us. What to grant: pganomaly doctor",
            "{server}: {n} statements of other roles are hidden from us. What to grant: pganomaly doctor",
            snapshot.hidden, server=server,
        )  # fmt: skip
    elif not len(snapshot):
        app.say("{server}: no statement is counted. To see why: pganomaly doctor", server=server)
