"""The bar follows the budget: what a quiet server does by itself decides how much evidence it takes."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from pganomaly.calibration import HIGHEST, LOWEST, Calibration
from tests.builders import NOON

DAY = timedelta(days=1)


def live(calibration: Calibration, peaks_a_day: list[float], *, days: int, budget: float = 1.0) -> Calibration:
    first = NOON + calibration.seen * DAY
    for day in range(days):
        for n, peak in enumerate(peaks_a_day):
            calibration = calibration.after(peak, first + day * DAY + timedelta(minutes=n), budget_per_day=budget)
    return calibration


def test_a_new_server_is_judged_by_the_usual_bar():
    assert live(Calibration(), [0.1], days=3).height == 1.0


def test_a_restless_server_gets_a_higher_bar_a_calm_one_a_lower_one_day_by_day():
    restless = live(Calibration(), [0.9] * 50, days=4)
    assert restless.height > 1.5

    calm = [live(Calibration(), [0.55] * 8, days=n).height for n in (3, 5, 6, 30)]
    assert calm[0] == 1.0, "never below the usual in the first days"
    assert calm[1] >= 0.9 * calm[0]
    assert calm[3] == LOWEST


def test_a_larger_budget_is_a_lower_bar():
    heights = [live(Calibration(), [0.8] * 30, days=6, budget=b).height for b in (0.2, 1.0, 5.0)]

    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[2]


def test_a_true_incident_counts_no_more_than_what_just_reached_the_bar():
    usual = [0.6] * 20
    assert live(Calibration(), [*usual, 1.0], days=6) == live(Calibration(), [*usual, 50.0], days=6)


def test_the_budget_is_kept_where_peaks_fall_off_exponentially():
    """Excursions beyond the bar come about once a day, as was asked for."""
    rng = np.random.default_rng(1)
    calibration, beyond, days = Calibration(), 0, 300
    for day in range(days):
        at: datetime = NOON + day * DAY
        for n, peak in enumerate(0.5 + rng.exponential(0.15, 20)):
            # What is beyond the bar is an incident; it counts as though it had just reached it.
            beyond += bool(day > 20 and peak > calibration.height)
            calibration = calibration.after(float(peak), at + timedelta(minutes=n), budget_per_day=1.0)

    assert beyond / (days - 20) == pytest.approx(1.0, rel=0.35)
    assert calibration.height <= HIGHEST


def test_it_survives_saving():
    calibration = live(Calibration(), [0.7] * 12, days=5)

    assert Calibration.loads(calibration.dumps()) == calibration
