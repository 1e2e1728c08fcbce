"""The bar follows the budget: what a quiet server does by itself decides how much evidence it takes."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from pganomaly.calibration import HIGHEST, LOWEST, Calibration
from pganomaly.records import KINDS, IncidentKind
from tests.builders import NOON

DAY = timedelta(days=1)
WORK, TRAFFIC = KINDS.index(IncidentKind.WORK), KINDS.index(IncidentKind.TRAFFIC)


def passing(peak: float, *kinds: int) -> list[float]:
    return [peak if k in kinds else 0.0 for k in range(len(KINDS))]


def live(calibration: Calibration, peaks_a_day: list[float], *, days: int, budget: float = 1.0) -> Calibration:
    first = NOON + calibration.seen * DAY
    for day in range(days):
        for n, peak in enumerate(peaks_a_day):
            relative = passing(peak / calibration.heights[TRAFFIC], TRAFFIC)
            calibration = calibration.after(relative, first + day * DAY + timedelta(minutes=n), budget_per_day=budget)
    return calibration


def test_a_new_server_is_judged_by_the_usual_bar():
    assert set(live(Calibration(), [0.1], days=3).heights) == {1.0}


def test_a_restless_server_gets_a_higher_bar_where_it_is_restless():
    restless = live(Calibration(), [0.9] * 50, days=4)

    assert restless.heights[TRAFFIC] > 1.5
    assert restless.heights[WORK] == 1.0


def test_the_bar_rises_on_the_very_day():
    assert live(Calibration(), [0.9] * 30, days=1).heights[TRAFFIC] > 1.3


def test_a_calm_server_gets_a_lower_bar_day_by_day():
    heights = [live(Calibration(), [0.55] * 2, days=n).heights[TRAFFIC] for n in (3, 5, 6, 30)]

    assert heights[0] == 1.0, "never below the usual in the first days"
    assert heights[1] >= 0.9 * heights[0]
    assert heights[3] == LOWEST


def test_a_larger_budget_is_a_lower_bar():
    heights = [live(Calibration(), [0.8] * 30, days=6, budget=b).heights[TRAFFIC] for b in (0.2, 1.0, 5.0)]

    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[2]


def test_a_true_incident_counts_no_more_than_what_just_reached_the_bar():
    usual = [0.6] * 20
    assert live(Calibration(), [*usual, 1.0], days=1) == live(Calibration(), [*usual, 50.0], days=1)


def test_the_budget_is_kept_where_peaks_fall_off_exponentially():
    """Excursions beyond the bars come about once a day in all, as was asked for, however restless each kind is."""
    rng = np.random.default_rng(1)
    calibration, beyond, days = Calibration(), 0, 300
    for day in range(days):
        at: datetime = NOON + day * DAY
        for n, peak in enumerate(0.5 + rng.exponential(0.15, 24)):
            kind = n % 3
            size = 0.5 + (peak - 0.5) * (1 + kind / 2)
            # What is beyond the bar is an incident; it counts as though it had just reached it.
            beyond += bool(day > 20 and size > calibration.heights[kind])
            relative = passing(float(size) / calibration.heights[kind], kind)
            calibration = calibration.after(relative, at + timedelta(minutes=n), budget_per_day=1.0)

    assert beyond / (days - 20) == pytest.approx(1.0, rel=0.35)
    assert max(calibration.heights) <= HIGHEST


def test_it_survives_saving():
    calibration = live(Calibration(), [0.7] * 12, days=5)

    assert Calibration.loads(calibration.dumps()) == calibration
