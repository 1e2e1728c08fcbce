"""Simulated servers count as PostgreSQL counts, say what was done to them, and are the same for the same seed."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from benchmarks.measuring import SEEN
from benchmarks.traffic import PROFILES, Simulation, folder, labels
from benchmarks.traffic.events import Kind
from benchmarks.traffic.faults import FAULTS

from benchmarks import quiet
from pganomaly import deltas
from pganomaly.records import Incident, IncidentKind, Key, Reason
from pganomaly.replay import Recording

SHORT = {"windows": 260, "train_windows": 60, "day_windows": 60}


def server(name: str = "tune-clinic", *, seed: int = 3, faults: bool = True, **changed: object) -> Simulation:
    return Simulation(replace(PROFILES[name], **{**SHORT, **changed}), seed, faults=faults)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clinic")
    folder.write(server(), out)
    return out


def test_one_seed_one_history():
    one, same, other = server(windows=20), server(windows=20), server(windows=20, seed=4)
    totals = [
        [float(step.work.sums["total_ms"].sum()) for step in s.steps() if step.work is not None]
        for s in (one, same, other)
    ]
    assert totals[0] == totals[1]
    assert totals[0] != totals[2]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_server_can_be_drawn_and_lives(name):
    s = server(name, windows=6, train_windows=3, statements=60, jobs=3, faults=False, adhoc=0.5)
    steps = list(s.steps())
    assert len(steps) == 7
    load = (
        np.mean([step.work.sums["total_ms"].sum() for step in steps if step.work is not None])
        / 1000
        / s.profile.real_window_s
    )
    assert 0.05 * s.profile.load < load < 20 * s.profile.load


def test_counters_are_what_a_server_shows():
    s = server(faults=False, windows=40)
    for _ in s.steps():
        rows = s.ledger.rows(np.flatnonzero(s.ledger.there))
        assert (rows["min_exec_time"] <= rows["mean_exec_time"] * (1 + 1e-9)).all()
        assert (rows["mean_exec_time"] <= rows["max_exec_time"] * (1 + 1e-9)).all()
        assert (rows["stddev_exec_time"] <= rows["max_exec_time"]).all()
        assert all((values >= 0).all() for values in rows.values())
        whole = ("calls", "rows", "shared_blks_hit", "shared_blks_read", "wal_bytes", "wal_fpi")
        assert all((rows[name] == np.floor(rows[name])).all() for name in whole)


def test_a_recording_is_what_a_replay_reads(recorded):
    """Deltas of the recording, added up, are its last counters less its first, but for what a reset took away."""
    recording = Recording.open(recorded)
    windows, older = [], None
    for reading in recording.readings():
        if older is not None:
            windows.append(deltas.between(older, reading.snapshot))
        older = deltas.reference(older, reading.snapshot)
    assert len(windows) > SHORT["windows"] - 3
    assert all(np.isfinite(w.deltas["total_exec_time"]).all() for w in windows)
    assert sum(w.quality.silent for w in windows) <= 2


@pytest.mark.parametrize("extension", ["1.9", "1.10", "1.11", "1.12"])
def test_every_version_of_the_view_is_written(tmp_path, extension):
    folder.write(server(extension=extension, windows=100, seed=8), tmp_path)
    snapshots = [r.snapshot for r in Recording.open(tmp_path).readings()]
    dated = np.isfinite(snapshots[-1].stats_since_us.astype(float)) & (snapshots[-1].stats_since_us > 0)
    assert dated.all() == (extension in ("1.11", "1.12"))


def test_labels_name_the_statements_and_the_time(recorded):
    with (recorded / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    train_end = datetime.fromisoformat(json.loads((recorded / "meta.json").read_text())["train_end"])
    assert rows
    for row in rows:
        assert datetime.fromisoformat(row["start_ts"]) > train_end
        assert row["kind"] in [k.value for k in Kind]
        if row["kind"] == "fault":
            assert json.loads(row["culprits"] or row["affected"])
        if row["kind"] == "benign":
            assert not row["culprits"] + row["affected"] + row["collateral"]


def test_every_class_of_fault_is_injected_sooner_or_later():
    s = Simulation(replace(PROFILES["tune-freight"], windows=2100), 5)
    assert {f.__name__ for f in FAULTS} <= {e.cls for e in s.events}
    assert all(a.last < b.first for a, b in zip(s.events, s.events[1:], strict=False))


def test_what_nobody_could_see_is_no_fault():
    """A label says fault only where a culprit visibly changed, and that mattered to the server."""
    s = server(windows=400)
    diary = labels.Diary(s)
    for step in s.steps():
        if step.work is not None:
            diary.note(step.window, step.work)
    for row in labels.table(s, diary):
        if row["kind"] == "fault":
            assert row["measured_x"] > SEEN or row["measured_x"] < 1 / SEEN


def test_all_budgets_hear_the_same_quiet_weeks():
    """Each has a judgement of its own; the weeks are made once."""
    simulation = Simulation(replace(PROFILES["quiet-depot"], windows=30), 1, faults=False)
    ears = [quiet.Ear(simulation.profile, budget) for budget in (0.2, 5.0)]
    quiet.listen(simulation, ears, days=20 / 1440)
    assert [ear.judgement.windows for ear in ears] == [20, 20]
    assert [ear.rate(0, 1, days=20 / 1440) for ear in ears] == ["0.00", "0.00"]


def test_what_was_told_comes_with_what_its_statement_is_like_in_truth():
    simulation = Simulation(replace(PROFILES["quiet-depot"], windows=30), 1, faults=False)
    first = int(np.flatnonzero(simulation.workload.keys["toplevel"])[0])
    at = datetime(2031, 5, 5, tzinfo=UTC)
    incident = Incident(
        incident_id="0" * 16,
        key=Key(*simulation.keys[first].tolist()),
        kind=IncidentKind.TRAFFIC,
        onset=at,
        opened_at=at,
        told=True,
        peak=9.0,
        impact=0.5,
        reasons=(Reason("calls_per_sec", 4.0, 1.0),),
        last_odd_at=at,
    )
    story = quiet.story(simulation, quiet.Ear(simulation.profile, 1.0), incident, window=1500)
    assert story.startswith("1 a day: day 2 01:00 traffic")
    assert "/min" in story
    assert "calls_per_sec 4/1" in story
