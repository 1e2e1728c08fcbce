"""A cache that was flooded slows many a little: what all read more of is evidence against the cache, once."""

import numpy as np
import pytest

from pganomaly.detectors import cold
from pganomaly.detectors.cold import Cache
from pganomaly.detectors.supports import BAR
from pganomaly.records import IncidentKind, Key
from tests.builders import key
from tests.detectors.windows import Server, Work

PAGES = [key(n) for n in range(1, 31)]
BLOCKS = 400.0


def minute(rng: np.random.Generator, times: float, *, only: int | None = None) -> dict[Key, Work]:
    """Thirty pages of few calls, of which one block in a hundred is read from disk, or *times* as many."""
    made: dict[Key, Work] = {}
    for n, page in enumerate(PAGES):
        calls = float(rng.integers(1, 4))
        more = times if only is None or n == only else 1.0
        read = float(rng.poisson(calls * BLOCKS * 0.01 * more))
        made[page] = {
            "calls": calls, "ms": (1.0 + 0.005 * read / calls) * float(rng.lognormal(0, 0.5)),
            "shared_blks_hit": calls * BLOCKS - read, "shared_blks_read": read,
        }  # fmt: skip
    return made


def watched(seed: int) -> tuple[Server, np.random.Generator]:
    server, rng = Server(), np.random.default_rng(seed)
    for _ in range(250):
        server.live(minute(rng, 1.0))
    assert not server.opened
    return server, rng


def test_a_flooded_cache_is_one_incident_of_those_who_read_most():
    server, rng = watched(1)
    for _ in range(8):
        server.live(minute(rng, 12.0))

    (incident,) = server.opened
    assert incident.kind is IncidentKind.WORK
    assert incident.told
    for _ in range(12):
        server.live(minute(rng, 1.0))
    assert [i.incident_id for i in server.resolved] == [incident.incident_id]


def test_one_statement_that_reads_is_no_cold_cache():
    more = np.array([5000.0, 4000.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0, 1.0])
    usual, calls = np.full(9, 10.0), np.full(9, 3.0)
    assert cold.level(more, usual, calls, 60.0) < cold.MORE
    assert cold.level(np.full(9, 300.0), usual, calls, 60.0) > cold.MORE


def test_too_few_statements_are_no_crowd():
    few = np.full(cold.STATEMENTS - 1, 300.0)
    now = cold.level(few, np.ones_like(few), np.ones_like(few), 60.0)
    assert np.isnan(now)
    assert cold.learned(Cache(), now, BAR) == Cache()


def test_a_cache_that_always_wanders_is_known_to():
    """What a server's cache does all day is no news; the same on a server whose cache is steady is."""
    restless, steady, rng = Cache(), Cache(), np.random.default_rng(3)
    for level in rng.normal(0, 0.7, 600):
        restless, steady = cold.learned(restless, level, BAR), cold.learned(steady, 0.05 * level, BAR)
    for _ in range(6):
        restless, steady = cold.learned(restless, 1.2, BAR), cold.learned(steady, 1.2, BAR)
    assert steady.top >= BAR
    assert restless.top < BAR


def test_it_takes_four_windows_however_cold():
    cache = Cache()
    for window in range(1, 5):
        cache = cold.learned(cache, 5.0, BAR)
        assert (cache.top >= BAR) == (window == 4)


def test_a_cold_cache_is_over_soon_after():
    cache = Cache()
    for _ in range(10):
        cache = cold.learned(cache, 5.0, BAR)
    more = np.array([50.0, 30.0, 20.0, 0.4])
    assert cold.victims(cache, 5.0, more, BAR).tolist() == [True, True, True, False]
    assert not cold.victims(cache, 0.0, more, BAR).any()
    for _ in range(5):
        cache = cold.learned(cache, 0.0, BAR)
    assert cache.support == pytest.approx(0.0)
