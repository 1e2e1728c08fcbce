"""
Weeks in which nothing goes wrong, straight through the judge: how many incidents are told against how many are stated.

    python -m benchmarks.quiet [--server quiet-exchange] [--days 14] [--budget 0.2 --budget 1 --budget 5] [--tell]

Everything that is told is false. The table gives the first day, the second and third, the first week and what follows;
with --tell every incident is printed, with what its statement is like in truth. All budgets hear the same weeks.
quiet-exchange has 1,000 statements, quiet-giant 5,000. With --benign something that nobody wants to hear of happens
once a day: releases, a gradual rise, an index, maintenance, a reset, an eviction, a missed snapshot.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.traffic import PROFILES, Simulation, Step
from benchmarks.traffic.ledger import UNDATED
from benchmarks.traffic.profile import Profile
from pganomaly import deltas, features, pipeline
from pganomaly.catalog import COUNTERS
from pganomaly.detectors import Forest
from pganomaly.incidents import AlertSettings
from pganomaly.pipeline import Judgement, Rules
from pganomaly.records import (
    KEY,
    UNKNOWN_US,
    ChangeKind,
    Counters,
    Epoch,
    Incident,
    Key,
    Matrix,
    Reading,
    Shapes,
    Snapshot,
    Text,
    TextState,
)

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


class Ear:
    """One judge among several who hear the same weeks, each with a budget of its own."""

    def __init__(self, profile: Profile, budget: float) -> None:
        self.budget = budget
        self.rules = Rules(alerts=AlertSettings(budget_per_day=budget), day_windows=profile.day_windows)
        self.judgement = Judgement.empty(self.rules)
        self.told: list[Incident] = []
        self.days: list[float] = []
        self.digested, self.spent_s = 0, 0.0

    def hear(self, matrix: Matrix, shapes: Shapes, window: int) -> list[Incident]:
        """Judge a window and return what people are told of now."""
        began_s = time.perf_counter()
        decision = pipeline.decide(self.judgement, matrix, Forest.untrained(), self.rules, shapes=shapes)
        _, self.judgement = pipeline.conclude(
            decision.judgement, decision.significant, at=matrix.window.end, rules=self.rules
        )
        self.spent_s += time.perf_counter() - began_s
        opened = [c.incident for c in decision.changes if c.kind in (ChangeKind.OPENED, ChangeKind.TOLD)]
        news = [incident for incident in opened if incident.told]
        self.digested += len(opened) - len(news)
        self.told += news
        self.days += [window / 1440] * len(news)
        return news

    def rate(self, start: float, end: float, days: float) -> str:
        """Return incidents told a day between two days, a dash where the history of so many *days* ended before."""
        length = min(end, days) - start
        if length <= 0:
            return "-"
        return f"{sum(start <= at < end for at in self.days) / length:.2f}"


def listen(simulation: Simulation, ears: list[Ear], days: float, *, tell: Console | None = None) -> None:
    """Let all *ears* hear so many quiet *days*; windows and features are made once for all of them."""
    before = reference = None
    shapes = Shapes()
    for reading, step in islice(readings(simulation), int(days * 1440) + 1):
        snapshot = deltas.steady(before, reading.snapshot)
        shapes = shapes | pipeline.describe(reading) if reading.texts else shapes
        window, reference = deltas.step(reference, snapshot)
        before = snapshot
        if window is None:
            continue
        matrix = features.build(window, shapes, reading.outsiders)
        for ear in ears:
            for incident in ear.hear(matrix, shapes, step.window):
                if tell:
                    tell.print(story(simulation, ear, incident, step.window), soft_wrap=True, highlight=False)


def story(simulation: Simulation, ear: Ear, incident: Incident, window: int) -> str:
    """Return what was told, and what its first statement is like in truth."""
    workload, key = simulation.workload, np.array(tuple(incident.key), dtype=KEY)
    here = np.flatnonzero(workload.keys == key)
    nature = "ad hoc"
    if here.size:
        of_flows = workload.edge_flow[workload.edge_statement == here[0]][:3]
        bursty = simulation.mood.flow_bursty
        nature = ", ".join(
            f"{workload.flows[f].kind}{' in bursts' * bool(bursty[f])} {60 * workload.flows[f].rate:.3g}/min"
            for f in of_flows
        )
        nature += " modal" * bool(np.isin(here[0], simulation.mood.modal))
    why = " ".join(f"{r.feature} {r.value:.3g}/{r.usual or 0:.3g}" for r in incident.reasons[:3])
    clock = f"day {window // 1440 + 1} {window % 1440 // 60:02}:{window % 60:02}"
    members = len(incident.members)
    return f"{ear.budget:g} a day: {clock} {incident.kind} of {members}, impact {incident.impact:.3f}: {nature}: {why}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    quiet = [name for name in PROFILES if name.startswith("quiet-")]
    parser.add_argument("--server", action="append", choices=quiet)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--budget", type=float, action="append")
    parser.add_argument("--benign", action="store_true", help="something benign happens every day")
    parser.add_argument("--tell", action="store_true", help="print every incident that is told, when it is")
    asked = parser.parse_args()
    console = Console(width=140)
    table = Table("server", "statements", "days", "stated a day", *(p[0] for p in PERIODS), "digest", "ms a window")
    for server in asked.server or ["quiet-depot"]:
        # A shorter history is the beginning of a longer one: its mean day is that of the whole first day.
        profile = replace(PROFILES[server], windows=max(int(asked.days * 1440), 1440))
        ears = [Ear(profile, budget) for budget in asked.budget or [1.0]]
        simulation = Simulation(profile, asked.seed, faults=False, benign=asked.benign)
        listen(simulation, ears, asked.days, tell=console if asked.tell else None)
        for ear in ears:
            rates = [ear.rate(start, end, asked.days) for _, start, end in PERIODS]
            facts = [server, str(profile.statements), f"{asked.days:g}", f"{ear.budget:g}"]
            judge_ms = 1000 * ear.spent_s / max(asked.days * 1440, 1)
            table.add_row(*facts, *rates, str(ear.digested), f"{judge_ms:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
