"""
What each part of the engine is worth, and what others' recipes reach: writes docs/design/ablations.md.

    python -m benchmarks.ablation --grader grade.py --python python-with-pandas --out FILE DIR...

Recipes of others get the best threshold that labels can buy: the lowest one tried at which they tell at most one
false incident per 800 quiet windows (or, if none does, the highest). The engine gets no such help.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from benchmarks import peers
from benchmarks.judge import PER_WINDOWS, Report, by_class, number, report, run
from benchmarks.parts import PARTS
from pganomaly import deltas, features, pipeline
from pganomaly.records import KeyArray, Shapes
from pganomaly.records.grid import F8
from pganomaly.replay import Recording

TRIES = 8
MOST_PER_WINDOW = 0.5
"""Alerts a window from which on nobody would read them: thresholds below are not tried."""
APART = 4
"""Alerts within so many windows of each other are one incident of a recipe that knows no incidents."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a recipe says of every statement and window that it is graded on."""

    name: str
    window: F8
    end: list[datetime]
    keys: KeyArray
    scores: F8

    def rows(self, threshold: float) -> Iterable[list[object]]:
        """Yield the rows of detections.csv at a threshold; alerts close in time are one incident."""
        incident, last = 0, -np.inf
        for i in np.flatnonzero(self.scores > threshold):
            if self.window[i] - last > APART:
                incident += 1
            last = self.window[i]
            key = self.keys[i]
            yield [
                self.end[int(self.window[i])].isoformat(), key["dbid"], key["userid"], key["queryid"],
                key["toplevel"], self.scores[i], incident, "",
            ]  # fmt: skip


def scored(folder: Path) -> list[Scored]:
    """Stream a recording once through all recipes."""
    recording = Recording.open(folder)
    train_end = datetime.fromisoformat(recording.meta["train_end"])
    detectors, book = peers.everyone(), peers.Book()
    parts: list[tuple[F8, KeyArray, list[F8]]] = []
    ends: list[datetime] = []
    shapes, reference = Shapes(), None
    for reading in recording.readings():
        shapes |= pipeline.describe(reading)
        snapshot = reading.snapshot
        if reference is not None:
            window = deltas.between(reference, snapshot)
            matrix = features.build(window, shapes)
            judged = ~matrix.system & (window.quality == "ok")
            keys = window.keys[judged]
            x = peers.figures(matrix)[:, judged]
            ms_per_s = window.deltas["total_exec_time"][judged] / window.length_s
            training = window.end <= train_end
            rows = book.rows(keys)
            found = [d.see(rows, x, ms_per_s, training=training) for d in detectors] if len(keys) else []
            if found and not training:
                parts.append((np.full(len(keys), float(len(ends))), keys, found))
            ends.append(window.end)
        reference = deltas.reference(reference, snapshot)
    window_of = np.concatenate([p[0] for p in parts])
    all_keys = np.concatenate([p[1] for p in parts])
    return [
        Scored(d.name, window_of, ends, all_keys, np.nan_to_num(np.concatenate([p[2][n] for p in parts]), nan=-np.inf))
        for n, d in enumerate(detectors)
    ]


def best(s: Scored, folder: Path, grader: Path, python: str, out: Path) -> Report:
    """Return a recipe's figures at the lowest threshold that keeps to the budget."""
    ordered = np.sort(s.scores[np.isfinite(s.scores)])[::-1]
    few, many = 5, max(6, int(MOST_PER_WINDOW * len(s.end)))
    found = _grade(s, float(ordered[few]), folder, grader, python, out)
    for _ in range(TRIES):
        middle = int(np.sqrt(few * many))
        if middle in (few, many):
            break
        tried = _grade(s, float(ordered[min(middle, len(ordered) - 1)]), folder, grader, python, out)
        if tried.false_rate <= 1:
            few, found = middle, tried
        else:
            many = middle
    return found


def _grade(s: Scored, threshold: float, folder: Path, grader: Path, python: str, out: Path) -> Report:
    out.mkdir(parents=True, exist_ok=True)
    with (out / "detections.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["window_end", "dbid", "userid", "queryid", "toplevel", "score", "incident_id", "cause"])
        writer.writerows(s.rows(threshold))
    (out / "summary.json").write_text(json.dumps({"told": 0, "digested": 0, "seconds": 0.0}), encoding="utf-8")
    return report(folder, grader, python, out)


def without(part: str, folder: Path, grader: Path, python: str, out: Path) -> Report | None:
    """Return the engine's figures without a part; None where the engine has no such part."""
    command = [sys.executable, "-m", "benchmarks.parts", part, "replay", str(folder), "--out", str(out), "--json"]
    try:
        run(command)
    except SystemExit as failed:
        if "NoSuchPartError" in str(failed):
            return None
        raise
    return report(folder, grader, python, out)


def line(name: str, says: str, reports: list[Report]) -> str:
    """Return a row of a table: all recordings together."""
    faults = sum(r.grade["faults"] for r in reports)
    quiet = sum(r.grade["quiet_windows"] for r in reports)
    recall = sum(r.incidents["recall"] * r.grade["faults"] for r in reports) / max(faults, 1)
    wrong = sum(r.incidents["false"] for r in reports)
    true, false = (sum(r.grade[f"{kind}_episodes"] for r in reports) for kind in ("true", "false"))
    delays = [r.grade["ttd_median"] for r in reports if r.grade["ttd_median"] is not None]
    benign = sum(sum(r.grade["false_by_benign"].values()) for r in reports)
    return (
        f"| {name} | {says} | {recall:.2f} | {wrong * PER_WINDOWS / max(quiet, 1):.2f} | "
        f"{true / max(true + false, 1):.2f} | {number(float(np.median(delays)) if delays else None, 1)} | {benign} |"
    )


HEAD = "| {} | | recall by incident | false incidents per 800 quiet windows | precision | median delay | benign told |"
RULE = "|---|---|---|---|---|---|---|"


def page(engine: dict[str, list[Report] | None], others: dict[str, list[Report]], of: str) -> str:
    """Return the page, with what has been measured so far."""
    full = engine.get("nothing") or []
    classes = ", ".join(f"{cls} {hit}/{of}" for cls, (hit, of) in by_class(full).items())
    made = [HEAD.format("without"), RULE, line("nothing", "the engine as it is", full)]
    for name, part in PARTS.items():
        reports = engine.get(name)
        gone = f"| {name} | {part.says} | no such part | | | | |"
        if name in engine:
            made.append(line(name, part.says, reports) if reports else gone)
    recipes = [HEAD.format("recipe"), RULE, *(line(name, "", reports) for name, reports in others.items())]
    return TEXT.format(
        of=of, on=_names(full), others_on=_names(next(iter(others.values()), [])), classes=classes,
        parts="\n".join(made), recipes="\n".join(recipes),
    )  # fmt: skip


def _names(reports: list[Report]) -> str:
    return ", ".join(f"`{r.name}` ({r.grade['faults']} faults)" for r in reports)


TEXT = """# What each part is worth

The engine of {of}, default settings, from the first window on, counted by incident. Regenerate with

    python -m benchmarks.ablation --grader GRADER --python PYTHON --out docs/design/ablations.md RECORDING...

(simulated servers: `python -m benchmarks.traffic --server tune-NAME --seed 21 --entries-max 450 --out DIR`). Among few
faults one more or less is chance, and so is one false incident: only differences of several say something.

## The engine without one of its parts

On {on}. A part pays when recall falls, or false incidents rise, without it. Parts are switched off from outside
(`benchmarks/parts.py`): the engine has no switches for them.

{parts}

Faults found by the whole engine, by class: {classes}.

## What others do

On {others_on}. Each recipe re-implemented (`benchmarks/peers.py`)
on the same windows, with the best threshold that knowledge of the labels can buy at no more than one false incident
per 800 quiet windows; the engine gets no such help. A rate above 1 means that not even its few highest scores keep to
that.

{recipes}
"""


class Measured:
    """What has been measured, kept in files so that a run that was interrupted goes on where it stopped."""

    def __init__(self, room: Path) -> None:
        self._room = room

    def get(self, name: str, folder: Path) -> Report | None:
        """Return what is known."""
        file = self._file(name, folder)
        if not file.is_file():
            return None
        facts = json.loads(file.read_text(encoding="utf-8"))
        return Report(folder.name, facts["grade"], facts["summary"])

    def put(self, name: str, folder: Path, found: Report) -> Report:
        """Keep a result and return it."""
        file = self._file(name, folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"grade": found.grade, "summary": found.summary}), encoding="utf-8")
        return found

    def _file(self, name: str, folder: Path) -> Path:
        return self._room / folder.name / ("".join(c if c.isalnum() else "_" for c in name) + ".json")


def main() -> None:
    """Measure and write the page, anew after each result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--recipes-on", type=Path, action="append", default=[], help="further recordings for recipes")
    parser.add_argument("--grader", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="folder of results: what lies there is not measured again")
    parser.add_argument("--parts", default=",".join(PARTS), help="names of parts, separated by commas")
    parser.add_argument("--of", default="this version", help="what the page calls the engine that was measured")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    engine: dict[str, list[Report] | None] = {}
    others: dict[str, list[Report]] = {}
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(asked.workers) as pool:
        known = Measured(asked.keep or Path(scratch) / "kept")
        room = Path(scratch)

        def of_part(name: str, folder: Path) -> Report | None:
            found = known.get(name, folder)
            if found is None:
                found = without(name, folder, asked.grader, asked.python, room / name / folder.name)
            return known.put(name, folder, found) if found else None

        def of_recipes(folder: Path) -> list[Report]:
            names = [d.name for d in peers.everyone()]
            found = [known.get(n, folder) for n in names]
            if None in found:
                made = {s.name: best(s, folder, asked.grader, asked.python, room / "peer") for s in scored(folder)}
                found = [known.put(n, folder, made[n]) for n in names]
            return [r for r in found if r is not None]

        names = ["nothing", *asked.parts.split(",")]
        jobs = {(n, d): pool.submit(of_part, n, d) for n in names for d in asked.folders}
        recipes = [pool.submit(of_recipes, d) for d in (*asked.recipes_on, *asked.folders)]
        for n in names:
            reports = [jobs[n, d].result() for d in asked.folders]
            told = [r for r in reports if r is not None]
            engine[n] = told if len(told) == len(reports) else None
            print(line(n, "", told) if engine[n] else f"{n}: no such part", flush=True)
            asked.out.write_text(page(engine, others, asked.of), encoding="utf-8")
        for done in recipes:
            for detector, r in zip(peers.everyone(), done.result(), strict=True):
                others.setdefault(detector.name, []).append(r)
            asked.out.write_text(page(engine, others, asked.of), encoding="utf-8")


if __name__ == "__main__":
    main()
