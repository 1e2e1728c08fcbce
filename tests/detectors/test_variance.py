"""How far a statement may wander by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pganomaly.detectors import variance
from pganomaly.detectors.channels import CHANNELS, EXEC
from pganomaly.detectors.normals import Costs


def costs(*, usual: float = 10.0, tau2: float = 0.04, cv2: float = 1.0, weight: float = 100.0) -> Costs:
    shape = (len(CHANNELS), 1)
    return Costs(*(np.full(shape, x) for x in (usual, tau2, cv2, weight, 0.0)))


def spread(calls: float, measured: float = np.nan, **of: float) -> float:
    v = variance.predictive(costs(**of), np.array([calls]), np.array([measured]))
    return float(np.sqrt(v[EXEC, 0]))


@given(st.integers(1, 10**6), st.integers(2, 100))
def test_the_more_calls_the_more_a_window_says(calls, times):
    assert spread(calls * times) < spread(calls)


def test_one_call_says_little_and_ten_thousand_say_much():
    assert spread(1) > 1.0
    assert spread(10_000) == pytest.approx(np.sqrt(0.04 * 1.01 + 0.0001 + 0.01))


@given(st.integers(1, 10**9), st.floats(1e-4, 1), st.floats(1e-3, 9))
def test_no_spread_is_believed_to_be_below_the_floor(calls, tau2, cv2):
    assert spread(calls, tau2=tau2, cv2=cv2) >= 0.1


def test_without_history_nothing_can_be_said():
    assert np.isnan(spread(100, weight=0.0))


def test_one_call_of_many_that_waited_explains_their_mean():
    """A hundred calls of 10 ms of which one took a second: their own deviation says so, and their mean means less."""
    ms = np.array([10.0] * 99 + [1000.0])
    measured = ms.var(ddof=1) / ms.mean() ** 2

    assert spread(100, measured) > 2 * spread(100, 0.1)


@pytest.mark.parametrize(("tau", "cv"), [(0.4, 0.5), (0.05, 2.0), (0.2, 1.0)])
def test_what_windows_differ_by_and_what_calls_differ_by_are_told_apart(tau, cv):
    """From 4,000 windows of 1 to 1,000 calls, by nothing but their means."""
    rng = np.random.default_rng(5)
    tau2, cv2 = np.array([0.09]), np.array([1.0])
    for _ in range(4000):
        calls = np.array([float(rng.integers(1, 1000)) if rng.random() < 0.5 else float(rng.integers(1, 10))])
        r2 = rng.normal(0, np.sqrt(tau**2 + cv**2 / calls)) ** 2
        tau2, cv2 = variance.split(tau2, cv2, calls, r2, np.array([0.003]))

    for n in (1, 3, 10, 100, 1000):
        believed, true = np.sqrt(tau2[0] + cv2[0] / n), np.sqrt(tau**2 + cv**2 / n)
        assert believed == pytest.approx(true, rel=0.25, abs=0.05)


@given(st.floats(1e-4, 4), st.floats(1e-3, 100), st.integers(1, 10**6), st.floats(0, 1e3), st.floats(0, 0.1))
def test_variances_stay_above_zero(tau2, cv2, calls, residual2, gain):
    after = variance.split(*(np.array([x]) for x in (tau2, cv2, float(calls), residual2, gain)))

    assert after.tau2[0] > 0
    assert after.cv2[0] > 0
    assert np.isfinite(after).all()
