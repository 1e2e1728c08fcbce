"""For how long statements run, and stay away: jobs out of their hours, and work that is missed."""

import numpy as np
import pytest

from pganomaly.detectors import spells
from pganomaly.detectors.spells import Spells
from pganomaly.records import KINDS, IncidentKind
from tests.builders import key
from tests.detectors.windows import Server

JOB, ALWAYS = key(1), [key(n) for n in range(2, 14)]
EVERY = 40


def lived(ran: list[bool], *, pace: float = 1.0) -> Spells:
    """What is remembered of one statement after windows in which it *ran* or did not."""
    past = Spells(*(np.zeros(1) for _ in Spells._fields))
    for one in ran:
        past = spells.learned(past, np.array([one]), np.array([pace]), fade=1.0, free=np.array([True]))
    return past


def too_long(past: Spells, calls: float = 1.0, usual: float = 0.1, share: float = 0.2) -> float:
    return float(spells.too_long(past, np.array([calls]), np.array([usual]), np.array([share]))[0])


def missed(past: Spells, regular: float) -> float:
    return float(spells.missed(past, np.array([regular]), np.array([1.0]))[0])


def test_a_spell_that_goes_on_and_on_is_odder_with_every_window():
    job = [*[False] * 8, True, True] * 6 + [False] * 8
    so_far = [too_long(lived([*job, *[True] * n])) for n in range(10)]

    assert so_far == sorted(so_far)
    assert so_far[0] <= 0
    assert so_far[1] <= 0
    assert so_far[9] > 5


def test_who_has_always_run_for_long_may_do_so_again():
    assert too_long(lived([*([True] * 20 + [False]) * 3, *[True] * 18])) <= 0


def test_a_spell_before_its_time_is_odd_from_its_first_window_on():
    job = [*[False] * 18, True, True] * 6

    assert too_long(lived([*job, *[False] * 18])) < 0.1
    assert too_long(lived([*job, *[False] * 4])) == spells.MOST_EARLY
    assert too_long(lived([*job, *[False] * 4, True])) == spells.MOST_EARLY


def test_who_runs_in_most_windows_has_no_spells_to_speak_of():
    past = lived([*[False] * 8, True, True] * 6 + [True] * 20)

    assert too_long(past, share=0.1) > 5
    assert np.isnan(too_long(past, share=0.6))


def test_two_spells_are_needed_to_know_any():
    assert np.isnan(too_long(lived([True, False, True, True])))


def test_long_spells_of_a_busy_hour_are_nobodys_news():
    """A window with no more calls than all of the user's traffic makes them expected says nothing."""
    past = lived([True, False] * 5 + [True] * 30)

    assert too_long(past, calls=3.0, usual=0.5) > 5
    assert too_long(past, calls=3.0, usual=2.0) == 0.0


def test_a_gap_is_news_beyond_the_longest_and_the_more_the_rarer_gaps_are():
    past = lived([True] * 9 + [False] + [True] * 9 + [False] * 2 + [True] * 9)
    away = spells.learned(past, np.array([False]), np.ones(1), fade=1.0, free=np.array([True]))
    for _ in range(2):
        assert missed(away, 0.9) == 0.0
        away = spells.learned(away, np.array([False]), np.ones(1), fade=1.0, free=np.array([True]))

    assert missed(away, 0.9) == pytest.approx(np.log(10))
    assert missed(away, 0.5) == pytest.approx(np.log(2))


def test_a_gap_at_night_is_counted_in_the_time_of_those_around():
    day = [True] * 9 + [False] * 2 + [True] * 9 + [False] * 2 + [True]
    night = lived(day, pace=1.0)
    for _ in range(20):
        night = spells.learned(night, np.array([False]), np.full(1, 0.05), fade=1.0, free=np.array([True]))

    assert missed(night, 0.8) == 0.0


def test_a_job_that_runs_out_of_its_hours_is_traffic():
    """Two windows of every forty, then without an end: what calls alone cannot tell of whoever hardly runs."""
    server, rng = Server(), np.random.default_rng(1)

    def window(*, job: bool) -> None:
        others = {k: {"calls": float(rng.poisson(200)), "ms": 2.0} for k in ALWAYS}
        server.live(others | ({JOB: {"calls": 2.0, "ms": 80.0}} if job else {}))

    for n in range(5 * EVERY):
        window(job=n % EVERY in (20, 21))
    assert not server.desk.open

    for _ in range(9):
        window(job=True)
    (incident,) = server.desk.open
    assert incident.key == JOB
    assert incident.kind is IncidentKind.TRAFFIC
    assert IncidentKind.TRAFFIC in KINDS
