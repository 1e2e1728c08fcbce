"""
Weeks in which nothing goes wrong, straight through the judge: how many incidents are told against how many are stated.

    python -m benchmarks.quiet [--server quiet-exchange] [--days 14] [--budget 0.2 --budget 1 --budget 5] [--benign]

Everything that is told is false. The table gives the first day, the second and third, the first week and what follows.
quiet-exchange has 1,000 statements, quiet-giant 5,000. With --benign something that nobody wants to hear of happens
once a day: releases, a gradual rise, an index, maintenance, a reset, an eviction, a missed snapshot.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.traffic import PROFILES, Simulation, Step
from benchmarks.traffic.ledger import UNDATED
from pganomaly import pipeline
from pganomaly.catalog import COUNTERS
from pganomaly.detectors import Forest
from pganomaly.incidents import AlertSettings
from pganomaly.pipeline import Judgement, Memory, Rules
from pganomaly.records import UNKNOWN_US, ChangeKind, Counters, Epoch, Key, Reading, Snapshot, Text, TextState

NAMES = tuple(c.name for c in COUNTERS)
OURS = {
    "io_read_ms": "shared_blk_read_time",
    "calls": "calls",
    "total_exec_time": "total_exec_time",
    "min_exec_time": "min_exec_time",
    "max_exec_time": "max_exec_time",
    "stddev_exec_time": "stddev_exec_time",
}
PERIODS = (("day 1", 0, 1), ("days 2-3", 1, 3), ("days 4-7", 3, 7), ("after day 7", 7, 10**6))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """What people got to read on quiet days: days into the history of each incident told, and of each digested one."""

    days: float
    told: tuple[float, ...]
    digested: int
    judge_ms: float


def readings(simulation: Simulation) -> Iterator[tuple[Reading, Step]]:
    """Yield what a collector would read, snapshot by snapshot."""
    told = np.zeros(len(simulation.keys), np.bool_)
    for step in simulation.steps():
        if step.missed:
            continue
        there = np.flatnonzero(simulation.ledger.there)
        new = there[~told[there]]
        told[new] = True
        yield Reading(_snapshot(simulation, step, there), tuple(_text(simulation, int(e)) for e in new)), step


def _snapshot(simulation: Simulation, step: Step, there: NDArray[np.int64]) -> Snapshot:
    numbers = simulation.ledger.rows(there)
    zero = np.zeros(len(there))
    values = np.array([numbers.get(OURS.get(name, name), zero) for name in NAMES])
    since = simulation.ledger.since_us[there]
    taken_at = _moment(step.taken_us)
    return Snapshot(
        taken_at=taken_at,
        monotonic_s=step.taken_us / 1e6,
        epoch=Epoch(stats_reset=_moment(step.reset_us)),
        keys=simulation.keys[there],
        counters=Counters(NAMES, values),
        stats_since_us=np.where((since == UNDATED) | (not simulation.profile.dated), UNKNOWN_US, since),
        dealloc=step.dealloc,
        interval_s=simulation.profile.real_window_s,
    )


def _text(simulation: Simulation, entry: int) -> Text:
    return Text(Key(*simulation.keys[entry].tolist()), TextState.READ, simulation.text(entry))


def _moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(us))


def listen(server: str, seed: int, days: float, budget: float, *, benign: bool = False) -> Told:
    """Judge a quiet history and return what was told."""
    profile = replace(PROFILES[server], windows=int(days * 1440))
    simulation = Simulation(profile, seed, faults=False, benign=benign)
    rules = Rules(alerts=AlertSettings(budget_per_day=budget), day_windows=profile.day_windows)
    memory, told, digested, spent_s = Memory(Judgement.empty(rules)), [], 0, 0.0
    for reading, step in islice(readings(simulation), profile.windows + 1):
        began_s = time.perf_counter()
        verdict = pipeline.judge(memory, reading, Forest.untrained(), rules)
        spent_s += time.perf_counter() - began_s
        memory = verdict.memory
        for change in verdict.changes:
            if change.kind is ChangeKind.OPENED and not change.incident.told:
                digested += 1
            elif change.incident.told and change.kind in (ChangeKind.OPENED, ChangeKind.TOLD):
                told.append(step.window / 1440)
    return Told(days, tuple(told), digested, 1000 * spent_s / max(profile.windows, 1))


def rate(told: Told, start: float, end: float) -> str:
    """Return incidents told a day between two days, a dash where the history ended before."""
    length = min(end, told.days) - start
    if length <= 0:
        return "-"
    return f"{sum(start <= at < end for at in told.told) / length:.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    quiet = [name for name in PROFILES if name.startswith("quiet-")]
    parser.add_argument("--server", action="append", choices=quiet)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--budget", type=float, action="append")
    parser.add_argument("--benign", action="store_true", help="something benign happens every day")
    asked = parser.parse_args()
    table = Table("server", "statements", "days", "stated a day", *(p[0] for p in PERIODS), "digest", "ms a window")
    for server in asked.server or ["quiet-depot"]:
        for budget in asked.budget or [1.0]:
            told = listen(server, asked.seed, asked.days, budget, benign=asked.benign)
            rates = [rate(told, start, end) for _, start, end in PERIODS]
            facts = [server, str(PROFILES[server].statements), f"{asked.days:g}", f"{budget:g}"]
            table.add_row(*facts, *rates, str(told.digested), f"{told.judge_ms:.1f}")
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
