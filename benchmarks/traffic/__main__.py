"""Writes one recording: `python -m benchmarks.traffic --server NAME --seed N --out DIR`."""

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from benchmarks.traffic import PROFILES, Simulation, folder


def main() -> None:
    """Write a recording and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=sorted(PROFILES), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--entries-max", type=int, help="pg_stat_statements.max: a small one makes replays cheaper")
    asked = parser.parse_args()
    profile = PROFILES[asked.server]
    if asked.entries_max:
        profile = replace(profile, entries_max=asked.entries_max)
    simulation = Simulation(profile, asked.seed, faults=not asked.server.startswith("quiet-"))
    made = folder.write(simulation, asked.out)
    kinds = Counter(row["kind"] for row in made)
    print(f"{asked.out}: {simulation.core} statements, {simulation.profile.windows} windows, {dict(kinds)}")


if __name__ == "__main__":
    main()
