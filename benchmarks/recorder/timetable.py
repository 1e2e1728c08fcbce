"""When something is done to the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.recorder.faults import Mischief

CALM = (15, 24)
"""Windows between one and the next, from and to."""


@dataclass(slots=True)
class Event:
    """Something that is done from the first to the last window; *failed* says how it went wrong, if it did."""

    first: int
    last: int
    mischief: Mischief
    failed: str = ""


def timetable(
    choice: Sequence[Mischief], rng: Random, train: int, windows: int, calm: tuple[int, int] = CALM
) -> list[Event]:
    """Return what is done when, in an order of chance: as much as there is time for."""
    order = list(choice)
    rng.shuffle(order)
    events, first = [], train + rng.randint(*calm)
    for mischief in order:
        last = first + rng.randint(*mischief.windows) - 1
        if last + calm[0] > windows:
            continue
        events.append(Event(first, last, mischief))
        first = last + 1 + rng.randint(*calm)
    return events
