"""A real server is recorded as a collector would have seen it, and what was done to it is written down truthfully."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from benchmarks.measuring import MEASURED, RECORDED, change, clean_windows
from benchmarks.recorder import recording
from benchmarks.recorder.application import App, Change, Ids, Pick, flow, pieces, written
from benchmarks.recorder.apps import APPS
from benchmarks.recorder.faults import Behaviour, MissingIndex
from benchmarks.recorder.recording import Length
from benchmarks.recorder.timetable import CALM, timetable

from pganomaly import deltas
from pganomaly.replay import Recording

LIBRARY = App(
    name="library",
    databases={"reader": "library"},
    sessions={"reader": 3},
    schema={
        "library": """
        CREATE TABLE books (id int PRIMARY KEY, shelf int NOT NULL, title text NOT NULL);
        INSERT INTO books SELECT i, i % 500, md5(i::text) FROM generate_series(1, 20000) i;
        CREATE INDEX books_shelf ON books (shelf);
        """
    },
    texts={
        "book": "SELECT title FROM books WHERE id = :book",
        "shelf": "SELECT id, title FROM books WHERE shelf = :shelf ORDER BY id LIMIT :page",
        "books": "SELECT id, title FROM books WHERE id IN (:book*)",
    },
    values={"book": Ids(20_000, 2.0), "shelf": Ids(499), "page": Pick((10,))},
    flows=(
        flow("reading", "reader", 30.0, "book", rhythm="flat"),
        flow("browsing", "reader", 12.0, "shelf books", rhythm="flat", burst=2, transaction=True),
    ),
)
ASKED_ONE_BY_ONE = Behaviour(
    "n_plus_one", "x15", "each book asked for alone", ("book",), reach=("flow",), windows=(4, 4),
    change=Change(repeat={"book": 15}),
)  # fmt: skip
NO_INDEX = MissingIndex("missing_index", "20,000 rows", "dropped", ("shelf",), index="books_shelf", windows=(4, 4))
BROKEN = MissingIndex("missing_index", "", "cannot be dropped", ("shelf",), index="no_such_index", windows=(2, 2))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, object]]]:
    folder = tmp_path_factory.mktemp("library")
    length = Length(windows=26, train=8, calm=(2, 2))
    choice = [ASKED_ONE_BY_ONE, NO_INDEX, BROKEN]
    return folder, recording.record(LIBRARY, 1, folder, length, choice=choice, warm_up_s=1.0)


def test_a_replay_reads_what_was_recorded(recorded):
    folder, _ = recorded
    calls: Counter[str] = Counter()
    texts: dict[int, str] = {}
    older = None
    for reading in Recording.open(folder).readings():
        texts |= {text.key.queryid: text.text or "" for text in reading.texts}
        if older is not None:
            window = deltas.between(older, reading.snapshot)
            for queryid, n in zip(window.keys["queryid"].tolist(), window.deltas["calls"].tolist(), strict=True):
                calls[texts[queryid]] += int(n)
        older = deltas.reference(older, reading.snapshot)

    assert calls["SELECT id, title FROM books WHERE shelf = $1 ORDER BY id LIMIT $2"] > 100
    assert calls["BEGIN"] == pytest.approx(calls["COMMIT"], abs=10)
    assert [text for text in calls if text.startswith("COPY")], "the collector is seen as on any server"


def test_labels_say_what_was_done_and_by_how_much(recorded):
    _, labels = recorded
    by_class = {row["class"]: row for row in labels if row["note"] != BROKEN.note}

    assert {row["kind"] for row in by_class.values()} == {"fault"}
    assert by_class["n_plus_one"]["feature"] == "calls"
    assert 6 < by_class["n_plus_one"]["measured_x"] < 20
    assert by_class["missing_index"]["feature"] in ("blks_per_call", "exec_per_call")
    assert len(json.loads(by_class["missing_index"]["culprits"])) == 1
    assert by_class["missing_index"]["culprits"] != by_class["n_plus_one"]["culprits"]


def test_whatever_goes_wrong_the_recording_goes_on_and_says_so(recorded):
    folder, labels = recorded
    broken = next(e for e in json.loads((folder / "events.json").read_text()) if e["failed"])
    assert "no_such_index" in broken["failed"]
    assert next(row for row in labels if row["note"] == broken["note"])["kind"] == "dont_care"


def test_a_list_is_written_as_an_orm_writes_it():
    sent = written("SELECT :a::int, :b WHERE :a > 0 AND x IN (:c*)", 2)
    assert sent == "SELECT $1::int, $2 WHERE $1 > 0 AND x IN ($3, $4)"


@pytest.mark.parametrize("app", APPS.values(), ids=lambda app: app.name)
def test_an_application_is_whole(app):
    """What flows, faults and texts name is there."""
    flows = {f.name for f in app.flows}
    for f in app.flows:
        assert f.role in app.sessions
        for step in f.steps:
            assert {name for name, _ in pieces(app.texts[step])[1]} <= set(app.values)
    for fault in app.faults:
        assert set(fault.culprits) <= {*app.texts, *app.nested}
        change = getattr(fault, "change", Change())
        assert {*(change.rate or {}), *(change.fail or {}), *change.run, *change.release} <= flows
        assert set(change.repeat or {}) <= set(app.texts)
        assert set(change.values or {}) <= set(app.values)


def test_calm_is_kept_between_faults():
    events = timetable(APPS["garage"].faults, Random(1), 450, 1450)
    gaps = [after.first - before.last - 1 for before, after in pairwise(events)]
    assert len(events) > 20
    assert CALM[0] <= min(gaps)
    assert max(gaps) <= CALM[1]


def test_calls_that_stay_away_by_day_are_seen_though_there_are_no_more_by_night():
    """Held against the whole day a drop at its peak is nothing; held against the same time of day it is."""
    day, windows, first, last = 100, 400, 345, 354
    values = np.zeros((len(RECORDED), windows + 1, 1), np.float32)
    values[0, :, 0] = 20 - 18 * np.cos(2 * np.pi * np.arange(windows + 1) / day)
    values[1] = values[0]
    values[:, first : last + 1] /= 8
    clean = clean_windows(windows, [(first, last)])

    at_large, in_time = (change(values, clean, first, last, 1.0, day=d) for d in (0, day))

    assert not at_large.seen[0]
    assert in_time.seen[0]
    assert MEASURED[in_time.figure[0]] == "calls"
    assert in_time.factor[0] < 0.25
