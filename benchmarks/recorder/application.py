"""
What an application is made of: data, which the client plays, faults hit and labels name.

A statement's text names its values: `:vehicle` is drawn from the value of that name, once in a run of a flow;
`:part*` is a list of varying length, as an ORM writes it.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from random import Random
from typing import Any, Protocol

VALUE = re.compile(r"(?<![:\w]):([a-z_]+)(\*?)")


class Value(Protocol):
    """Something to draw arguments from."""

    def draw(self, rng: Random) -> Any:
        """Return one."""


@dataclass(frozen=True, slots=True)
class Ids:
    """Numbers from 1 to *last*; the higher the *skew*, the more often the same few: the first, or the *newest*."""

    last: int
    skew: float = 1.0
    newest: bool = False

    def draw(self, rng: Random) -> int:
        """Return one."""
        place = int(self.last * rng.random() ** self.skew)
        return self.last - place if self.newest else place + 1


@dataclass(frozen=True, slots=True)
class Either:
    """One value with a probability, another else."""

    this: Value
    often: float
    other: Value

    def draw(self, rng: Random) -> Any:
        """Return one."""
        return (self.this if rng.random() < self.often else self.other).draw(rng)


@dataclass(frozen=True, slots=True)
class Pick:
    """One of a few, as often as each is listed."""

    values: tuple[Any, ...]

    def draw(self, rng: Random) -> Any:
        """Return one."""
        return rng.choice(self.values)


@dataclass(frozen=True, slots=True)
class Text:
    """Hexadecimal digits, from *low* to *high* of them: nothing compresses them by more than a half."""

    low: int
    high: int

    def draw(self, rng: Random) -> str:
        """Return one."""
        return f"{rng.getrandbits(4 * self.high):x}"[: rng.randint(self.low, self.high)]


@dataclass(frozen=True, slots=True)
class Flow:
    """
    Statements that run one after another for one reason.

    rate         runs a second at rhythm 1
    burst        how many come together, on average
    every, at    of a job: it runs each *every* windows, in window *at* of these
    times        how often a job repeats its steps
    pause_s      and how long it waits between them
    transaction  whether BEGIN and COMMIT are around them
    released     False for what a deployment or a fault brings
    """

    name: str
    role: str
    steps: tuple[str, ...]
    rate: float = 0.0
    rhythm: str = "day"
    burst: float = 1.0
    every: int = 0
    at: int = 0
    times: int = 1
    pause_s: float = 0.0
    transaction: bool = False
    released: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """
    What differs from usual, by the names of flows, statements and values.

    rate       flow: times as many runs (of a flow that is not released: times its rate)
    repeat     statement: how often it is run where it is usually run once, each time with other values
    values     value: what it is drawn from instead
    fail       flow: how often a run is tried; its last step fails each time
    run        jobs to run now
    release    flows that are there from now on, for good
    reconnect  roles whose sessions begin anew
    """

    rate: Mapping[str, float] | None = None
    repeat: Mapping[str, int] | None = None
    values: Mapping[str, Value] | None = None
    fail: Mapping[str, int] | None = None
    run: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    reconnect: tuple[str, ...] = ()


@dataclass(frozen=True)
class App:
    """
    An application.

    databases   of its roles: role -> database; the first one is the main database
    sessions    connections of each role
    schema      SQL that builds each database
    pace        times as many runs as the flows say
    faults      what can be done to it
    nested      texts of statements inside functions, by name, for labels
    settings    of the server; recorder.sized_integers sends them as int2, int4 or int8, by size
    """

    name: str
    databases: Mapping[str, str]
    sessions: Mapping[str, int]
    schema: Mapping[str, str]
    texts: Mapping[str, str]
    values: Mapping[str, Value]
    flows: tuple[Flow, ...]
    pace: float = 1.0
    faults: tuple[Any, ...] = ()
    nested: Mapping[str, str] | None = None
    settings: Mapping[str, str | int | float | bool] | None = None

    @property
    def main(self) -> str:
        """The main database."""
        return next(iter(self.schema))

    @cached_property
    def roles_of(self) -> dict[str, set[str]]:
        """The roles that run each statement."""
        found: dict[str, set[str]] = {}
        for flow in self.flows:
            for step in flow.steps:
                found.setdefault(step, set()).add(flow.role)
        return found


@cache
def pieces(text: str) -> tuple[list[str], list[tuple[str, bool]]]:
    """Return what stands between the values of a text, and their names."""
    parts = VALUE.split(text)
    return parts[::3], list(zip(parts[1::3], (bool(star) for star in parts[2::3]), strict=True))


def written(text: str, members: int = 3) -> str:
    """Return a text as it is sent, with lists of so many members."""
    between, names = pieces(text)
    sent, n = between[0], 0
    known: dict[str, str] = {}
    for (name, many), after in zip(names, between[1:], strict=True):
        if many:
            places = ", ".join(f"${n + i + 1}" for i in range(members))
            n += members
        elif name in known:
            places = known[name]
        else:
            n += 1
            places = known[name] = f"${n}"
        sent += places + after
    return sent


def rhythm(name: str, phase: float) -> float:
    """Return how busy the time of day is, 0 <= *phase* < 1: around 1 by day."""
    wave = math.cos(2 * math.pi * (phase - 0.55))
    if name == "day":
        return 0.75 + 0.35 * wave
    if name == "office":
        return 0.2 + 0.9 / (1 + math.exp(-6 * wave))
    if name == "evening":
        return 0.55 + 0.5 * max(math.cos(2 * math.pi * (phase - 0.8)), -0.6)
    if name == "flat":
        return 1.0
    raise ValueError(name)


def flow(name: str, role: str, rate: float, steps: str, **more: Any) -> Flow:
    """Return a flow of the steps that a line names."""
    return Flow(name, role, tuple(steps.split()), rate, **more)


def job(name: str, role: str, steps: str, *, every: int, at: int, **more: Any) -> Flow:
    """Return a job of the steps that a line names."""
    return Flow(name, role, tuple(steps.split()), every=every, at=at, **more)
