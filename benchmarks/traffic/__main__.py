"""Writes one recording: `python -m benchmarks.traffic --server NAME --seed N --out DIR`."""

import argparse
from collections import Counter
from pathlib import Path

from benchmarks.traffic import PROFILES, Simulation, folder


def main() -> None:
    """Write a recording and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=sorted(PROFILES), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    simulation = Simulation(PROFILES[asked.server], asked.seed, faults=not asked.server.startswith("quiet-"))
    made = folder.write(simulation, asked.out)
    kinds = Counter(row["kind"] for row in made)
    print(f"{asked.out}: {simulation.core} statements, {simulation.profile.windows} windows, {dict(kinds)}")


if __name__ == "__main__":
    main()
