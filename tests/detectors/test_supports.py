"""What passed by itself raises the bar of the statement that did it; a server nobody knows yet has higher bars."""

import numpy as np
import pytest

from pganomaly.detectors import supports
from pganomaly.detectors.supports import BAR, FAMILIES, MOST_RAISED, SHORT_WINDOWS, Suspicion
from pganomaly.detectors.verdicts import LATENCY, SILENCE, TRAFFIC, WAITING, WORKING
from pganomaly.records import Key
from tests.builders import key
from tests.detectors.windows import Server, Work

FLIPS = key(1)
LONG_KNOWN = np.full((FAMILIES, 1), 1e6)
HEIGHT = np.full((FAMILIES, 1), BAR)
AS_MUCH = np.ones((FAMILIES, 1))


def suspicion(family: int, top: float, *, since: float = 3.0, support: float = 0.0) -> Suspicion:
    after = Suspicion.of(np.zeros((Suspicion.rows(), 1)))
    after.top[family], after.support[family], after.since[:] = top, support, since
    after.reach[family] = top / BAR
    return after


def bar_after(family: int, top: float, *, since: float = 3.0, of: int | None = None, early: float = 1.0) -> float:
    before, first = suspicion(family, top, since=since), np.full((FAMILIES, 1), early)
    peak = supports.passed(before, suspicion(family, 0.0), LONG_KNOWN, first)
    bars = supports.bars(before._replace(peak=peak), HEIGHT, LONG_KNOWN, first, np.zeros(1, np.bool_))
    return float(bars[family if of is None else of, 0])


def test_a_bar_that_is_high_for_a_young_server_is_not_raised_for_that_once_more():
    assert bar_after(SILENCE, 30.0, early=2.0) == pytest.approx(1.25 * 30.0, rel=1e-3)


def test_a_bar_stays_a_quarter_above_what_passed_by_itself():
    assert bar_after(TRAFFIC, 8.0) == pytest.approx(BAR, rel=1e-3)
    assert bar_after(TRAFFIC, 16.0) == pytest.approx(20.0, rel=1e-3)
    assert bar_after(TRAFFIC, 1e6) == pytest.approx(MOST_RAISED * BAR, rel=1e-3), "nobody becomes deaf"


def test_what_lasted_was_put_right_by_somebody_and_stays_news():
    assert bar_after(TRAFFIC, 16.0, since=SHORT_WINDOWS + 1) == pytest.approx(BAR, rel=1e-3)


def test_what_calls_cost_takes_less_proof_than_calls_that_come_and_go_once_the_server_is_known():
    assert bar_after(LATENCY, 0.0) == pytest.approx((1 - supports.EASED) * BAR, rel=1e-3)
    assert bar_after(LATENCY, 0.0, early=2.0) == pytest.approx(2 * BAR, rel=1e-3)
    assert bar_after(TRAFFIC, 0.0) == pytest.approx(BAR, rel=1e-3)


def test_time_and_work_are_remembered_together_and_calls_apart():
    assert bar_after(WORKING, 16.0, of=LATENCY) == pytest.approx(20.0, rel=1e-3)
    assert bar_after(WORKING, 16.0, of=TRAFFIC) == pytest.approx(BAR, rel=1e-3)


def test_bars_of_a_server_that_is_just_being_known_are_twice_as_high():
    first, morning, next_day = (supports.young(n, 1440.0)[:, 0] for n in (0, 180, 1440))

    assert first[LATENCY] == first[SILENCE] == 2.0
    assert morning[LATENCY] == pytest.approx(1.5)
    assert morning[SILENCE] > morning[TRAFFIC], "a first evening is no silence"
    assert next_day[LATENCY] < 1.01
    assert first[WAITING] == 1.0, "a lock is a lock"


def test_a_plan_that_goes_there_and_back_is_news_once():
    """Of two plans that take turns every few minutes people hear once or twice, not all day."""
    quick: Work = {"calls": 60, "ms": 20.0, "rows": 60, "shared_blks_hit": 60_000}
    slow: Work = {"calls": 60, "ms": 80.0, "rows": 60, "shared_blks_hit": 240_000}
    server = Server().live({FLIPS: quick}, minutes=200)
    for _ in range(20):
        server.live({FLIPS: slow}, minutes=4).live({FLIPS: quick}, minutes=20)
    assert len(server.opened) <= 2

    server.live({FLIPS: {**slow, "ms": 800.0, "shared_blks_hit": 2_400_000}}, minutes=8)
    assert server.desk.open, "what is far worse than ever, and stays, is news all the same"


def test_who_runs_often_is_told_of_with_less_and_no_less_than_its_own_peaks():
    def bar(peak: float, family: int) -> float:
        before = suspicion(family, 0.0)
        before.peak[family] = peak
        often = np.ones(1, np.bool_)
        return float(supports.bars(before, HEIGHT, LONG_KNOWN, np.ones((FAMILIES, 1)), often)[family, 0])

    assert bar(0.0, LATENCY) == pytest.approx(supports.EASY * BAR, rel=1e-3)
    assert bar(0.0, TRAFFIC) == pytest.approx(BAR, rel=1e-3), "calls come in bursts however often"
    assert bar(16.0, LATENCY) == pytest.approx(20.0, rel=1e-3)


@pytest.mark.parametrize(("times", "windows"), [(20.0, 1), (1.02, 0)])
def test_a_large_change_of_a_busy_statement_is_told_in_its_first_window(times, windows):
    server, rng = Server(), np.random.default_rng(8)

    def minute(ms: float) -> dict[Key, Work]:
        usual = {key(n): 2.0 for n in range(2, 14)} | {key(1): ms}
        return {k: {"calls": 300.0, "ms": each * float(rng.lognormal(0, 0.05))} for k, each in usual.items()}

    for _ in range(300):
        server.live(minute(2.0))
    server.live(minute(2.0 * times))
    assert len(server.opened) == windows


def reach_after(impact: bool = True, *, support: float = 12.0, peak: float = 0.0) -> float:
    before = suspicion(TRAFFIC, 0.0)
    before.peak[TRAFFIC] = peak
    now = np.zeros((FAMILIES, 1))
    now[TRAFFIC] = support
    matters = np.full((FAMILIES, 1), impact)
    return float(supports.reached(before, now, AS_MUCH, LONG_KNOWN, np.zeros(1, np.bool_), matters)[TRAFFIC, 0])


def test_an_excursion_is_remembered_by_the_bar_that_would_just_have_told_it():
    assert reach_after(support=18.0) == pytest.approx(1.5, rel=1e-3)
    assert reach_after(impact=False) == 0.0, "what does not matter is told at no height"
    assert reach_after(peak=12.0) == 0.0, "nor is what is no larger than its own excursions of the last days"


def test_an_excursion_keeps_its_height_though_what_was_in_excess_has_faded():
    before = suspicion(TRAFFIC, 12.0)._replace(reach=np.full((FAMILIES, 1), 1.2))
    fading = np.full((FAMILIES, 1), 3.0)
    nothing = np.zeros((FAMILIES, 1), np.bool_)

    kept = supports.reached(before, fading, AS_MUCH, LONG_KNOWN, np.zeros(1, np.bool_), nothing)
    over = supports.reached(before, np.zeros((FAMILIES, 1)), AS_MUCH, LONG_KNOWN, np.zeros(1, np.bool_), nothing)

    assert kept[TRAFFIC, 0] == 1.2
    assert over[TRAFFIC, 0] == 0.0


def test_what_was_never_told_passed_by_itself_however_long_it_took():
    before = suspicion(LATENCY, 10.0, since=40.0)

    passed = supports.passed(before, suspicion(LATENCY, 0.0), LONG_KNOWN, AS_MUCH)
    assert passed[LATENCY, 0] == pytest.approx(10.0, rel=1e-3)
