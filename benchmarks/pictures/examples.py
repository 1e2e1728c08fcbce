"""Chooses what is shown, by rules: among the faults that were told, those that show a step of the judge best."""

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.pictures.history import History
from pganomaly.records import IncidentKind
from pganomaly.records.grid import F8

LATE_WINDOWS = 3
"""An incident that opens so many windows after a fault is still its."""
COSTS = (IncidentKind.LATENCY, IncidentKind.WORK)
CALLS = (IncidentKind.TRAFFIC, IncidentKind.SILENCE)
KNOWN_WINDOWS = 100
"""Windows before which a statement is hardly known."""
LEAST_CALLS, LEAST_SPREADS, LEAST_EXPECTED = 4.0, 3.0, 3.0
"""Calls a window, distance, and expected calls below which a picture would show little."""
NEARLY = 0.1
"""Difference of logarithms up to which two factors are the same for the eye."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Mask = NDArray[np.bool_]
Statement = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to the server: its class, its first window and the one after its last, whom it hits."""

    kind: str
    start: int
    end: int
    statements: frozenset[Statement]


@dataclass(frozen=True, slots=True)
class Example:
    """A statement of a fault that people were told of: its column, and the windows in which it was told and over."""

    statement: int
    fault: Fault
    told: int
    over: int


@dataclass(frozen=True, slots=True)
class Pair:
    """The same factor in many calls, when it was told, and in a few calls of a *rare* statement in *window*."""

    often: Example
    rare: int
    window: int


def labelled(folder: Path, history: History) -> tuple[list[Fault], Mask]:
    """Return the faults of a recording, and which windows are free of everything that was done to it."""
    quiet = np.ones(len(history.ends), dtype=np.bool_)
    found = []
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            start, end = (window(history, datetime.fromisoformat(row[name])) for name in ("start_ts", "end_ts"))
            quiet[max(start - 1, 0) : end + 10] = False
            if row["kind"] == "fault":
                names = [*_listed(row["culprits"]), *_listed(row["affected"])]
                found.append(Fault(row["class"], start, end, frozenset(_statement(name) for name in names)))
    return found, quiet


def window(history: History, moment: datetime) -> int:
    """Return the position of the first window that ends at *moment* or later."""
    return int(np.searchsorted(history.ends, (moment - _EPOCH) // timedelta(microseconds=1)))


def examples(history: History, faults: list[Fault], kinds: tuple[IncidentKind, ...]) -> list[Example]:
    """Return every statement of a fault that was told at once, of these *kinds*, in the order of windows."""
    column = {key: place for place, key in enumerate(history.keys)}
    found = []
    for incident in history.incidents:
        opened, told = window(history, incident.opened_at), window(history, incident.told_at or incident.opened_at)
        fault = next((f for f in faults if f.start <= opened <= f.end + LATE_WINDOWS), None)
        if fault is None:
            continue
        over = window(history, incident.closed_at) if incident.closed_at else len(history.ends) - 1
        found += [
            Example(column[m.key], fault, told, over)
            for m in incident.members
            if m.kind in kinds and m.key[:3] in fault.statements and window(history, m.joined_at) <= told
        ]
    return sorted(found, key=lambda e: (e.told, history.names[e.statement]))


def distance(history: History, example: Example) -> float:
    """Return how many spreads slower calls were while the fault lasted, in the middle of its windows."""
    during = slice(example.fault.start, example.fault.end), example.statement
    return _middle(np.log(history.ratio[during]) / history["spread"][during])


def calls(history: History, example: Example) -> float:
    """Return calls a window while the fault lasted, in the middle of its windows."""
    return _middle(history["calls"][example.fault.start : example.fault.end, example.statement])


def slower(history: History, faults: list[Fault]) -> list[Example]:
    """
    Return statements that became slower, that which took longest to be told first: there evidence had to add up.

    Only of those that run in nearly every window, and left the band of their time as far as the eye can see.
    """
    able = [
        e
        for e in examples(history, faults, COSTS)
        if calls(history, e) >= LEAST_CALLS and distance(history, e) >= LEAST_SPREADS
    ]
    return sorted(able, key=lambda e: e.fault.start - e.told)


def busier(history: History, faults: list[Fault]) -> Example | None:
    """Return the statement with the smallest surge or drop that was told: beside it the rhythm of a day is seen."""
    able = [e for e in examples(history, faults, CALLS) if _expected(history, e) >= LEAST_EXPECTED]
    return min(able, key=lambda e: abs(np.log((calls(history, e) + 1) / (_expected(history, e) + 1))), default=None)


def pair(history: History, often: list[Example], quiet: Mask) -> Pair | None:
    """
    Return the same factor twice: when one of the statements called *often* was told, and by chance in a few calls.

    That with most calls for which a quiet window of a rare statement has nearly the same; rare ones run in three
    windows of four, once or twice.
    """
    ratio, runs = history.ratio, history["calls"]
    rare = (np.nanmean(runs > 0, axis=0) >= 0.75) & (np.nanmedian(runs, axis=0) <= 2)
    there = rare & quiet[:, None] & (runs >= 1) & (runs <= 2) & np.isfinite(ratio)
    there[:KNOWN_WINDOWS] = False
    for example in sorted(often, key=lambda e: -history["calls"][e.told, e.statement]):
        off = np.where(there, np.abs(np.log(ratio / ratio[example.told, example.statement])), np.inf)
        place, statement = np.unravel_index(int(np.argmin(off)), off.shape)
        if off[place, statement] < NEARLY:
            return Pair(example, int(statement), int(place))
    return None


def _expected(history: History, example: Example) -> float:
    return _middle(history["expected"][example.fault.start : example.fault.end, example.statement])


def _middle(values: F8) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def _listed(cell: str) -> list[str]:
    names: list[str] = json.loads(cell) if cell else []
    return names


def _statement(name: str) -> Statement:
    dbid, userid, queryid = (int(part) for part in name.split("/"))
    return dbid, userid, queryid
