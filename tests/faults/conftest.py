"""Places that are watched, made when they are needed and gone at the end; and the table of what was found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.conftest import server_of_major
from tests.faults.cases import BATCH, DAY_WINDOWS, REPORT, Case, nightly
from tests.faults.parcels import STATEMENTS, fingerprint
from tests.faults.place import SETTINGS, Place
from tests.faults.run import Outcome, play
from tests.faults.watchman import LEARN, Watchman

ROW = "fault"
"""The property of a test's report that is a row of the table."""
HEAD = (
    "fault",
    "PostgreSQL",
    "told after",
    "over after",
    "about",
    "cause",
    "shown",
    "step shows it",
    "evidence ms",
    "starved",
)


@dataclass(slots=True)
class World:
    """A place and who watches it; it has learned what is usual there. *spoiled*: a fault was not undone in it."""

    place: Place
    watchman: Watchman
    spoiled: bool = False

    @property
    def well(self) -> bool:
        """Whether a fault can be done here."""
        return not self.spoiled and self.watchman.until(lambda: not self.watchman.open, 10)

    def play(self, case: Case) -> Outcome:
        """Play a fault from beginning to end."""
        self.spoiled = True
        outcome = play(case, self.place, self.watchman)
        self.spoiled = False
        return outcome

    def end(self) -> None:
        """Leave nothing running."""
        self.watchman.close()
        self.place.shut()


@pytest.fixture(scope="module")
def world_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], World]]:
    """
    Return a function: world_of(16) is a lively place on PostgreSQL 16 in which all is quiet.

    One place at a time, and none that outlives its faults: its people would work on while other tests want the machine.
    """
    worlds: dict[int, World] = {}
    numbers = count(1)

    def world(major: int) -> World:
        for other in [m for m, each in worlds.items() if m != major or not each.well]:
            worlds.pop(other).end()
        if major not in worlds:
            worlds[major] = _world(major, tmp_path_factory.mktemp(f"crowds-{next(numbers)}"))
        return worlds[major]

    yield world
    for each in worlds.values():
        each.end()


def _world(major: int, folder: Any) -> World:
    place = Place(server_of_major(major, settings=SETTINGS).start(), folder)
    place.open()
    texts = {**STATEMENTS, "batch": BATCH, "report": REPORT}
    names = {fingerprint(text): name for name, text in texts.items()}
    watchman = Watchman(place, names, day_windows=DAY_WINDOWS)
    watchman.nightly = nightly(place)
    watchman.look(LEARN)
    return World(place, watchman)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was found as one table."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    rows = [value for report in reports for name, value in report.user_properties if name == ROW]
    if not rows:
        return
    terminalreporter.section("faults on real servers")
    for row in (HEAD, tuple("---" for _ in HEAD), *sorted(tuple(row) for row in rows)):
        terminalreporter.write_line("| " + " | ".join(row) + " |")
