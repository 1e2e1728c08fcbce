"""
Replays recordings with default settings, grades what was told, and prints one table.

    python -m benchmarks.judge --grader grade.py --python python-with-pandas DIR...

The grader is a program of its own: it is called with a recording and detections.csv, and its JSON is read.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

PER_WINDOWS = 800
"""False incidents are given per so many quiet windows."""
HEADINGS = (
    "recording", "faults", "recall inc", "recall stm", "false inc/800q", "false ep", "precision", "ttd p50/p90",
    "culprit@1", "cause", "inc/fault", "told", "digest", "benign told", "activity", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay of one recording was worth: the grader's figures and the replay's own summary."""

    name: str
    grade: dict[str, Any]
    summary: dict[str, Any]

    @property
    def incidents(self) -> dict[str, Any]:
        """The grader's figures by incident; zeros where nothing was told."""
        none = {"recall": 0.0, "false": 0, "true": 0, "culprit_at_1": None, "per_fault_mean": None}
        return self.grade.get("incidents") or none

    @property
    def cause(self) -> dict[str, Any]:
        """The grader's figures by cause: of the faults that were found, how many were given an accepted one."""
        return self.grade.get("cause") or {"accuracy": None, "faults_with_cause": 0}

    @property
    def false_rate(self) -> float:
        """False incidents per PER_WINDOWS quiet windows."""
        return float(self.incidents["false"] * PER_WINDOWS / max(self.grade["quiet_windows"], 1))


def judge(folder: Path, grader: Path, python: str, settings: list[str], out: Path) -> Report:
    """Replay and grade one recording."""
    wanted = [word for setting in settings for word in ("--set", setting)]
    run([sys.executable, "-m", "pganomaly", "replay", str(folder), "--out", str(out), "--json", *wanted])
    return report(folder, grader, python, out)


def report(folder: Path, grader: Path, python: str, out: Path) -> Report:
    """Grade the detections that lie in *out*."""
    grade = json.loads(run([python, str(grader), str(folder), str(out / "detections.csv"), "--json"]))
    return Report(folder.name, grade, json.loads((out / "summary.json").read_text(encoding="utf-8")))


def run(command: list[str]) -> str:
    """Run a program and return what it printed; its complaint ends ours."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


def row(r: Report) -> list[str]:
    """Return the cells of one recording."""
    g, i, s = r.grade, r.incidents, r.summary
    return [
        r.name, str(g["faults"]), number(i["recall"]), number(g["recall"]), number(r.false_rate),
        str(g["false_episodes"]), number(g["precision"]), f"{number(g['ttd_median'], 0)}/{number(g['ttd_p90'], 0)}",
        number(i["culprit_at_1"]), number(r.cause["accuracy"]), number(i["per_fault_mean"]),
        str(s["told"]), str(s["digested"]),
        str(sum(g["false_by_benign"].values())), g.get("bonus_activity_only", "-"), number(s["seconds"], 0),
    ]  # fmt: skip


def total(reports: list[Report]) -> list[str]:
    """Return the cells of all recordings together: counts added up, delays as the middle of the recordings'."""
    grades = [r.grade for r in reports]
    faults = sum(g["faults"] for g in grades)
    found = sum(r.incidents["recall"] * r.grade["faults"] for r in reports)
    true, false = sum(g["true_episodes"] for g in grades), sum(g["false_episodes"] for g in grades)
    quiet = sum(g["quiet_windows"] for g in grades)
    wrong = sum(r.incidents["false"] for r in reports)
    delays = sorted(g["ttd_median"] for g in grades if g["ttd_median"] is not None)
    culprits = [r.incidents["culprit_at_1"] for r in reports if r.incidents["culprit_at_1"] is not None]
    caused = sum(r.cause["faults_with_cause"] for r in reports)
    right = sum((r.cause["accuracy"] or 0.0) * r.cause["faults_with_cause"] for r in reports)
    return [
        "all", str(faults), number(found / max(faults, 1)), number(sum(g["detected"] for g in grades) / max(faults, 1)),
        number(wrong * PER_WINDOWS / max(quiet, 1)), str(false), number(true / max(true + false, 1)),
        number(delays[len(delays) // 2] if delays else None, 0),
        number(sum(culprits) / len(culprits) if culprits else None), number(right / caused if caused else None), "",
        str(sum(r.summary["told"] for r in reports)), str(sum(r.summary["digested"] for r in reports)),
        str(sum(sum(g["false_by_benign"].values()) for g in grades)), "",
        number(sum(r.summary["seconds"] for r in reports), 0),
    ]  # fmt: skip


def by_class(reports: list[Report]) -> dict[str, tuple[int, int]]:
    """Return faults found and faults there were, by class."""
    found: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for r in reports:
        for cls, text in r.grade["recall_by_class"].items():
            hit, of = (int(n) for n in text.split("/"))
            found[cls] += hit
            there[cls] += of
    return {cls: (found[cls], there[cls]) for cls in sorted(there, key=lambda c: found[c] / there[c])}


def number(value: float | None, digits: int = 2) -> str:
    """Return a number as it is printed, a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--grader", type=Path, required=True, help="the grading program")
    parser.add_argument("--python", default=sys.executable, help="a Python with what the grader needs")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, help="keep what replays write in this folder")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(asked.workers) as pool:
        out = asked.out or Path(scratch)
        reports = list(
            pool.map(lambda d: judge(d, asked.grader, asked.python, asked.settings, out / d.name), asked.folders)
        )
    table = Table(*HEADINGS)
    for r in reports:
        table.add_row(*row(r))
    if len(reports) > 1:
        table.add_row(*total(reports), style="bold")
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    classes = by_class(reports)
    console.print("by class: " + ", ".join(f"{cls} {hit}/{of}" for cls, (hit, of) in classes.items()))
    if asked.json:
        facts = [{"recording": r.name, "grade": r.grade, "summary": r.summary} for r in reports]
        asked.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
