"""A release replaces statements by others: neither the silence of the old nor the cost of the new is news."""

import numpy as np

from pganomaly.detectors import releases
from pganomaly.detectors.normals import Life
from pganomaly.records import IncidentKind, Key
from tests.builders import key
from tests.detectors.windows import Server, Work, matrix

OTHERS = [key(n) for n in range(2, 12)]
OLD, NEW = key(1), key(99)


def minute(rng: np.random.Generator, *pages: tuple[Key, float]) -> dict[Key, Work]:
    made: dict[Key, Work] = {k: {"calls": float(rng.poisson(60)), "ms": 1.0} for k in OTHERS}
    return made | {page: {"calls": float(rng.poisson(40)), "ms": ms} for page, ms in pages}


def watched() -> tuple[Server, np.random.Generator]:
    server, rng = Server(), np.random.default_rng(5)
    for _ in range(200):
        server.live(minute(rng, (OLD, 5.0)))
    assert not server.opened
    return server, rng


def test_a_page_written_anew_is_no_news_however_dear_it_was():
    server, rng = watched()
    for _ in range(150):
        server.live(minute(rng, (NEW, 5.0)))
    assert not server.opened


def test_a_dear_statement_that_replaces_nobody_is():
    server, rng = watched()
    for _ in range(4):
        server.live(minute(rng, (OLD, 5.0), (NEW, 10.0)))
    assert IncidentKind.NEW_HEAVY in [i.kind for i in server.opened]


def test_a_page_that_stops_and_is_replaced_by_nobody_is():
    server, rng = watched()
    for _ in range(6):
        server.live(minute(rng))
    assert IncidentKind.SILENCE in [i.kind for i in server.opened]


def test_only_those_count_who_came_when_it_was_last_seen_or_later():
    window = matrix(300, {key(7): {"calls": 5, "ms": 1.0}, key(8): {"calls": 9, "ms": 1.0}}).window
    life = Life(*np.zeros((len(Life._fields), 2)))
    life.windows[:], life.newborn[:], life.since[:] = 10.0, 1.0, (100.0, 250.0)
    gone = np.array([OLD, OLD, OLD], dtype=window.keys.dtype)
    found = releases.calls_of_new(window, life, 300, gone, np.array([90.0, 240.0, 299.0]))
    assert found.tolist() == [14.0, 9.0, 0.0]
