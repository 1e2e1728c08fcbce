"""
Fits the table by which causes are told apart, and says how far its probabilities can be believed.

    python -m benchmarks.causes [--server tune-clinic ...] [--seed 21 ...] [--write] [--keep FILE]

Begins with the table in force: ask for seeds that it has not learned from. Each server is judged by a table that has
not learned from it here. --write puts the table of all servers into the package.
"""

import argparse
import pickle
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table as Grid

from benchmarks.causes import gathering, module
from benchmarks.causes.fitting import F8, Problem, fitted
from benchmarks.causes.gathering import KIN, Sighting
from benchmarks.traffic import PROFILES
from pganomaly.records import Cause

SERVERS = tuple(name for name in PROFILES if name.startswith("tune-"))


def verdicts(problem: Problem, probabilities: F8) -> dict[str, Counter[str]]:
    """Return by true cause which one was named most often for each of its events."""
    named: dict[str, Counter[str]] = {}
    for sighting, p in zip(problem.sightings, probabilities, strict=True):
        named.setdefault(sighting.event, Counter())[problem.causes[int(np.argmax(p))]] += 1
    truth = {s.event: s.cause.value for s in problem.sightings}
    table: dict[str, Counter[str]] = {}
    for event, votes in named.items():
        table.setdefault(truth[event], Counter())[votes.most_common(1)[0][0]] += 1
    return table


def kin(one: str, other: str) -> bool:
    """Return whether two causes look alike in counters."""
    return one == other or any({Cause(one), Cause(other)} <= group for group in KIN)


def reliability(problem: Problem, probabilities: F8) -> list[tuple[float, float, float]]:
    """Return for tenths of the probability of the named cause: how many, what was said, how often it was true."""
    said = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == problem.y
    weight = np.array([1.0 / n for n in Counter(s.event for s in problem.sightings).values()])
    events = list(dict.fromkeys(s.event for s in problem.sightings))
    of_row = np.array([weight[events.index(s.event)] for s in problem.sightings])
    rows = []
    for low in np.arange(0.0, 1.0, 0.1):
        here = (said >= low) & (said < low + 0.1 + 1e-9 * (low > 0.85))
        if here.any():
            w = of_row[here]
            rows.append(
                (float(w.sum()), float((said[here] * w).sum() / w.sum()), float((right[here] * w).sum() / w.sum()))
            )
    return rows


def report(console: Console, problem: Problem, probabilities: F8) -> None:
    """Print how well servers are judged that the table never saw."""
    table = verdicts(problem, probabilities)
    events = sum(sum(c.values()) for c in table.values())
    right = sum(c[truth] for truth, c in table.items())
    alike = sum(n for truth, c in table.items() for named, n in c.items() if kin(truth, named))
    grid = Grid("true cause", "events", "named right", "or kin", "named")
    for truth, c in sorted(table.items()):
        ok = sum(n for named, n in c.items() if kin(truth, named))
        grid.add_row(
            truth, str(sum(c.values())), str(c[truth]), str(ok), ", ".join(f"{k} {n}" for k, n in c.most_common())
        )
    grid.add_row("all", str(events), f"{right / events:.2f}", f"{alike / events:.2f}", "", style="bold")
    console.print(grid)
    grid = Grid("events", "probability said", "true")
    for count, said, true in reliability(problem, probabilities):
        grid.add_row(f"{count:.0f}", f"{said:.2f}", f"{true:.2f}")
    console.print(grid)


def main() -> None:
    """Gather, fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", choices=SERVERS, help="all tune-* servers if not given")
    parser.add_argument("--seed", action="append", type=int, help="21 and 22 if not given")
    parser.add_argument(
        "--keep", type=Path, help="keep what was gathered in this file, and begin with it if it is there"
    )
    parser.add_argument("--write", action="store_true", help="write the table into the package")
    asked = parser.parse_args()
    console = Console(width=160)
    wanted = [(server, seed) for server in asked.server or SERVERS for seed in asked.seed or (21, 22)]
    sightings: list[Sighting] = []
    if asked.keep and asked.keep.exists():
        sightings = pickle.loads(asked.keep.read_bytes())
    else:
        for server, seed in wanted:
            sightings += gathering.of_server(server, seed)
            console.print(f"{server} {seed}: {len({s.event for s in sightings})} faults seen so far")
        if asked.keep:
            asked.keep.write_bytes(pickle.dumps(sightings))
    problem = Problem.of(sightings)
    table, probabilities = fitted(problem)
    console.print(f"prior {table.prior}, temperature {table.temperature}")
    report(console, problem, probabilities)
    if asked.write:
        module.write(table, {s.event for s in sightings}, {s.server for s in sightings}, {seed for _, seed in wanted})


if __name__ == "__main__":
    main()
