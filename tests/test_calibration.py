"""The bar follows the budget: what a quiet server does by itself decides how much evidence it takes."""

import numpy as np
import pytest

from pganomaly.calibration import HIGHEST, LOWEST, RESTLESS, Calibration, usual_height
from pganomaly.records import KINDS, IncidentKind

DAY = 48
"""Windows of a day: half an hour each."""
WORK, TRAFFIC = KINDS.index(IncidentKind.WORK), KINDS.index(IncidentKind.TRAFFIC)


def passing(peak: float, *kinds: int) -> list[float]:
    return [peak if k in kinds else 0.0 for k in range(len(KINDS))]


def live(calibration: Calibration, peaks_a_day: list[float], *, days: float, budget: float = 1.0) -> Calibration:
    """Let days go by whose first windows have these peaks, one each."""
    for window in range(int(days * DAY)):
        n = window % DAY
        peak = passing(peaks_a_day[n], TRAFFIC) if n < len(peaks_a_day) else passing(0.0)
        calibration = calibration.after(peak, budget_per_day=budget, day_windows=DAY)
    return calibration


def test_a_new_server_is_judged_by_the_usual_bar():
    assert set(live(Calibration(), [0.1], days=3).heights) == {1.0}


def test_a_restless_server_gets_a_higher_bar_where_it_is_restless():
    restless = live(Calibration(), [0.9] * 40, days=4)

    assert restless.heights[TRAFFIC] > 1.3
    assert restless.heights[WORK] == 1.0


def test_the_bar_rises_on_the_very_day():
    assert live(Calibration(), [0.9] * 30, days=0.8).heights[TRAFFIC] > 1.3


def test_the_first_hour_is_not_taken_for_the_whole_day():
    restless_hour, restless_day = (live(Calibration(), [0.65] * 6, days=d).heights[TRAFFIC] for d in (0.125, 1))
    steady = live(Calibration(), [0.65] * 48, days=1).heights[TRAFFIC]

    assert 1.0 < restless_hour < steady, "as restless as the steady one, but for an eighth of a day"
    assert restless_day == restless_hour, "a bar rises at once and falls slowly"


def test_a_server_that_has_become_calm_gets_its_usual_bar_back_day_by_day():
    restless = live(Calibration(), [0.65] * 40, days=3)
    heights = [live(restless, [], days=n).heights[TRAFFIC] for n in (0, 1, 2, 40)]

    assert heights[0] > heights[2] >= 0.8 * heights[0]
    assert heights[3] == 1.0, "and no lower one: what a calm server does once is no proof"


@pytest.mark.parametrize("peaks", [[], [0.8] * 30])
def test_a_larger_budget_is_a_lower_bar_from_the_first_window_on(peaks):
    for days in (1 / DAY, 6):
        heights = [live(Calibration(), peaks, days=days, budget=b).heights[TRAFFIC] for b in (0.2, 1.0, 5.0)]

        assert heights == sorted(heights, reverse=True)
        assert heights[0] > heights[2]


def test_locks_and_new_heavy_statements_are_told_at_any_budget():
    for budget in (0.2, 5.0):
        heights = dict(zip(KINDS, live(Calibration(), [0.9] * 20, days=2, budget=budget).heights, strict=True))
        assert heights[IncidentKind.WAITING] == heights[IncidentKind.NEW_HEAVY] == 1.0


def test_what_is_believed_of_a_server_nobody_knows_follows_the_budget():
    assert usual_height(1.0) == 1.0
    assert usual_height(5.0) == LOWEST
    assert 1.2 < usual_height(0.2) < 1.5


def test_a_true_incident_counts_no_more_than_what_was_well_above_the_bar():
    usual = [0.6] * 20
    assert live(Calibration(), [*usual, 1.5], days=1) == live(Calibration(), [*usual, 50.0], days=1)


def test_what_passes_while_people_know_of_an_incident_says_nothing_of_quiet_days():
    calm = live(Calibration(), [0.6] * 3, days=1)
    after = calm
    for _ in range(30):
        after = after.after(passing(1.4, TRAFFIC), budget_per_day=1.0, day_windows=DAY, quiet=False)

    assert after == calm


def test_the_budget_is_kept_where_peaks_fall_off_exponentially():
    """Excursions beyond the bars come about once a day in all, as was asked for, however restless each kind is."""
    rng = np.random.default_rng(1)
    calibration, beyond, days = Calibration(), 0, 300
    for day in range(days):
        for n, excess in enumerate(rng.exponential(0.1, 40)):
            kind = np.flatnonzero(RESTLESS)[n % 5]
            height = 0.5 + excess * (1 + n % 5 / 2)
            beyond += bool(day > 20 and height > calibration.heights[kind])
            calibration = calibration.after(passing(float(height), kind), budget_per_day=1.0, day_windows=40)

    assert beyond / (days - 20) == pytest.approx(1.0, rel=0.35)
    assert max(calibration.heights) <= HIGHEST


def test_it_survives_saving():
    calibration = live(Calibration(), [0.7] * 12, days=5)

    assert Calibration.loads(calibration.dumps()) == calibration
