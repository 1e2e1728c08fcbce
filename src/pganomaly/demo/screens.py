"""
Where the show is seen: a live table on a terminal, plain lines everywhere else.

in    scenes, and sentences between them
out   text; with NO_COLOR, in a pipe or in a log it has no colour and never moves
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pganomaly.demo.scene import Case, Scene
from pganomaly.messages import Speaker

LINES = 4
"""Latest news under the live table."""
EVERY_WINDOWS = 10
"""In plain text, learning is mentioned once in so many windows."""


class Screen(Protocol):
    """Shows what happens."""

    def say(self, text: str) -> None:
        """Show a sentence."""
        ...

    def show(self, scene: Scene) -> None:
        """Show the scene after a window."""
        ...


@contextmanager
def screen(console: Console, speaker: Speaker) -> Iterator[Screen]:
    """Yield the screen that fits the console."""
    if console.is_terminal and not console.no_color:
        board = Board(Live(console=console, auto_refresh=False, transient=True), speaker)
        try:
            with board.live:
                yield board
        finally:
            for line in board.told:
                console.print(line, markup=False, soft_wrap=True)
    else:
        yield Lines(console, speaker)


class Lines:
    """Plain text, a line at a time."""

    def __init__(self, console: Console, speaker: Speaker) -> None:
        self._console = console
        self._speaker = speaker

    def say(self, text: str) -> None:
        """Print a sentence."""
        self._console.print(text, markup=False, soft_wrap=True)

    def show(self, scene: Scene) -> None:
        """Print what is new."""
        at = clock_time(scene.at, self._speaker)
        if scene.learned and scene.learned[0] % EVERY_WINDOWS == 0:
            self.say(f"{at}  {learning(scene, self._speaker)} {busy(scene, self._speaker)}")
        for line in scene.lines:
            self.say(f"{at}  {line}")


class Board:
    """A table that is drawn anew after every window. told is every line that came by, for when the table is gone."""

    def __init__(self, live: Live, speaker: Speaker) -> None:
        self.live = live
        self._speaker = speaker
        self.told: list[str] = []

    def say(self, text: str) -> None:
        """Show a sentence until the next scene."""
        self.live.update(Text(text), refresh=True)

    def show(self, scene: Scene) -> None:
        """Draw the scene."""
        at = clock_time(scene.at, self._speaker)
        self.told += [f"{at}  {line}" for line in scene.lines]
        self.live.update(Group(*self._parts(scene)), refresh=True)

    def _parts(self, scene: Scene) -> Iterator[RenderableType]:
        say = self._speaker.say
        yield Text(f"{clock_time(scene.at, self._speaker)}  {busy(scene, self._speaker)}", style="dim")
        if scene.learned:
            done, total = scene.learned
            yield Text(learning(scene, self._speaker), style="bold")
            yield ProgressBar(total=total, completed=done, width=40)
        elif scene.mischief:
            yield Text(say("Mischief: {what}", what=scene.mischief), style="bold yellow")
        else:
            yield Text(say("Nothing is done to the shop right now."))
        yield Text()
        yield self._table(scene) if scene.cases else Text(say("No query misbehaves."), style="green")
        yield Text()
        yield from (Text(line, overflow="fold", no_wrap=False) for line in self.told[-LINES:])
        yield Text(say("Ctrl-C ends the show and removes everything."), style="dim")

    def _table(self, scene: Scene) -> Table:
        say = self._speaker.say
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column(say("query"), no_wrap=True, overflow="ellipsis")
        table.add_column(say("what is wrong"))
        table.add_column(say("since"), no_wrap=True)
        table.add_column(say("state"), no_wrap=True)
        for case in scene.cases:
            style = "bold red" if case.until is None else "dim"
            since = clock_time(case.since, self._speaker)
            table.add_row(
                *(Text(cell, style=style) for cell in (case.query, case.what, since, self._state(case, scene)))
            )
        return table

    def _state(self, case: Case, scene: Scene) -> str:
        say, duration = self._speaker.say, self._speaker.duration
        if case.until is None:
            return say("for {duration}", duration=duration(scene.at - case.since))
        return say("calm again after {duration}", duration=duration(case.until - case.since))


def learning(scene: Scene, speaker: Speaker) -> str:
    """Return how far the learning phase is."""
    done, total = scene.learned or (0, 0)
    return speaker.say("Learning what is normal here: {done} of {total} windows.", done=done, total=total)


def busy(scene: Scene, speaker: Speaker) -> str:
    """Return how busy the shop is."""
    return speaker.say(
        "The shop: {calls} calls a second of {statements} statements, {load} of work in each.",
        calls=speaker.number(scene.traffic.calls_per_s),
        statements=scene.traffic.statements,
        load=speaker.quantity(scene.traffic.ms_per_s, "ms"),
    )


def clock_time(moment: datetime, speaker: Speaker) -> str:
    """Return the time of day in the reader's zone, to the second: here seconds count."""
    return f"{moment.astimezone(speaker.zone):%H:%M:%S}"
