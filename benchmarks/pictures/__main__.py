"""
Draws what the judge makes of a recording: the pictures of docs/how-it-decides.md.

    python -m benchmarks.pictures DIR --out docs/pictures

Which statements and faults are shown is chosen by the rules of benchmarks/pictures/examples.py; the labels of the
recording say only what was done to the server and when.
"""

import argparse
from pathlib import Path

from benchmarks.pictures import drawn, history
from pganomaly.replay import Recording


def main() -> None:
    """Write the pictures, and say which."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.pictures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a recording with labels.csv")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    asked = parser.parse_args()
    recording = Recording.open(asked.folder)
    pictures = drawn(asked.folder, history.seen(recording), day_windows=recording.day_windows)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        (asked.out / f"{name}.svg").write_text(picture, encoding="utf-8")
        print(f"{name}.svg: {len(picture.encode()):,} bytes")


if __name__ == "__main__":
    main()
