"""Pictures of a replay are files that a browser can read, and they show every window once."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from benchmarks.pictures import drawings, svg
from benchmarks.pictures.examples import Example, Fault, Pair, labelled
from benchmarks.pictures.history import History, seen
from benchmarks.traffic import PROFILES, Simulation, folder

from pganomaly.replay import Recording

WINDOWS = 100
SHOWN = 66
"""Forty windows before the fault of window 40, and fourteen after it was over in window 52."""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clinic")
    short = replace(PROFILES["tune-clinic"], windows=WINDOWS + 1, train_windows=20, day_windows=60)
    folder.write(Simulation(short, 3), out)
    return out


@pytest.fixture(scope="module")
def history(recorded: Path) -> History:
    return seen(Recording.open(recorded))


@pytest.fixture
def example(history: History) -> Example:
    """Something done in window 40 to the statement that is called most, told two windows later."""
    busiest = int(np.nanargmax(np.nansum(history["calls"], axis=0)))
    return Example(busiest, Fault("made", 40, 48, frozenset()), told=42, over=52)


def shapes(text: str, tag: str, kind: str) -> list[Xml.Element]:
    return [e for e in Xml.fromstring(text).iter(SVG + tag) if e.get("class") == kind]


def points(text: str, kind: str) -> int:
    return sum(len(e.attrib["points"].split()) for e in shapes(text, "polyline", kind))


def test_a_replay_knows_every_window(history: History):
    assert len(history.ends) == len(history.factor) == history["calls"].shape[0]
    ran = history["calls"] > 0
    assert ran.sum(axis=1).min() > 10
    assert np.isfinite(history["ms"][ran]).mean() > 0.99
    assert np.isfinite(history["expected"][-1]).mean() > 0.5


def test_times_are_shown_window_by_window(history: History, example: Example):
    picture = drawings.time_per_call(history, example, [example.fault])
    ran = int(np.isfinite(history["ms"][:SHOWN, example.statement]).sum())
    assert ran >= SHOWN - 1
    assert len(shapes(picture, "circle", "dot")) == ran + 1  # and one of the legend
    assert len(shapes(picture, "rect", "fault")) == 2
    assert "nan" not in picture.lower()


def test_evidence_is_shown_window_by_window(history: History, example: Example):
    assert points(drawings.evidence(history, example, [example.fault]), "value") == SHOWN


def test_calls_are_shown_beside_what_was_expected(history: History, example: Example):
    picture = drawings.rhythm(history, example, day=60)
    shown = points(picture, "value thin")
    assert shown == 42 + 15  # three quarters of a day before the news, as far as there is one, and a quarter after it
    assert 0 < points(picture, "other strong") <= shown


def test_few_calls_have_a_wider_band_than_many(history: History, example: Example):
    calls = np.nanmean(history["calls"], axis=0)
    rarest = int(np.nanargmin(np.where(np.isfinite(history["spread"][45]), calls, np.nan)))
    picture = drawings.few_and_many(history, Pair(example, rarest, 45), [])
    assert len(shapes(picture, "circle", "picked")) == 2
    heights = [heights_of(band.attrib["points"]) for band in shapes(picture, "polygon", "band")]
    assert max(heights) > 2 * min(heights)


def heights_of(outline: str) -> float:
    down = [float(point.split(",")[1]) for point in outline.split()]
    return max(down) - min(down)


def test_nobody_is_shown_a_slow_host_that_never_was(history: History):
    calm = replace(history, factor=np.zeros(len(history.ends)))
    assert drawings.slow_host(calm, []) is None


def test_labels_say_which_windows_are_quiet(recorded: Path, history: History):
    faults, quiet = labelled(recorded, history)
    assert all(not quiet[fault.start : fault.end].any() for fault in faults)


def test_missing_values_leave_gaps():
    axis = svg.Axis("", 0, 4)
    panel = svg.Panel(axis, axis, 0, 100)
    panel.line(np.arange(5.0), np.array([1, 2, np.nan, 3, np.nan]))
    assert [shape.split()[0] for shape in panel.shapes] == ["<polyline", "<circle"]


def test_ticks_are_round():
    assert svg.Axis("", 0, 1.8).ticks() == [0, 0.5, 1, 1.5]
    assert svg.Axis("", 0.3, 40, log=True).ticks() == [0.5, 1, 2, 5, 10, 20]
