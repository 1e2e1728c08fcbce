"""
Records a real server under load, with faults: `python -m benchmarks.recorder --app NAME --seed N --out DIR`.

It takes as many seconds as there are windows, and should have a core for itself.
"""

import argparse
from collections import Counter
from pathlib import Path

from benchmarks.recorder import recording
from benchmarks.recorder.apps import APPS
from benchmarks.recorder.recording import Length


def main() -> None:
    """Write a recording and say what it holds."""
    usual = Length()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app", choices=sorted(APPS), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=usual.windows)
    parser.add_argument("--train", type=int, default=usual.train, help="windows before anything is done")
    parser.add_argument("--relabel", action="store_true", help="record nothing, write labels.csv of DIR anew")
    asked = parser.parse_args()
    app = APPS[asked.app]
    if asked.relabel:
        made = recording.label(app, asked.out)
    else:
        made = recording.record(app, asked.seed, asked.out, Length(asked.windows, asked.train))
    print(f"{asked.out}: {dict(Counter(row['kind'] for row in made))}")


if __name__ == "__main__":
    main()
