"""What does not matter cannot be odd, and what matters is compared by its ratio."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pganomaly.detectors.channels import BLOCKS, CHANNELS, EXEC, PACE, READS
from pganomaly.detectors.residuals import moved, residual

amount = st.floats(0, 1e9)
times = st.floats(1.001, 1e4)


def channels(value: float) -> np.ndarray:
    return np.full((len(CHANNELS), 1), value)


@given(amount, amount)
def test_a_residual_has_the_sign_of_the_change_and_never_exceeds_it(value, usual):
    r = residual(channels(value), channels(usual))

    assert (np.sign(r) * np.sign(value - usual) >= 0).all()
    if min(value, usual) > 0:
        assert (np.abs(r) <= abs(np.log(value / usual)) + 1e-9).all()


@given(st.floats(1e3, 1e6), times)
def test_what_is_large_is_compared_by_its_ratio_whatever_its_unit(usual, ratio):
    small, large = (residual(channels(u * ratio), channels(u))[EXEC, 0] for u in (usual, usual * 1000))

    assert np.isclose(small, large, atol=1e-3)
    assert np.isclose(large, np.log(ratio), atol=1e-3)


def test_what_is_tiny_matters_little_however_often_it_doubles():
    usual = channels(0.0)
    usual[EXEC] = 0.001
    value = channels(0.0)
    value[EXEC] = 0.008

    assert residual(value, usual)[EXEC, 0] < 0.15


def test_reads_matter_less_where_many_blocks_are_touched():
    few, many = channels(1.0), channels(1.0)
    few[BLOCKS], many[BLOCKS] = 10, 10_000
    value = channels(20.0)

    assert residual(value, many)[READS, 0] < 0.1 < residual(value, few)[READS, 0]


@given(amount, st.floats(-3, 3))
def test_a_moved_level_is_as_far_away_as_it_was_moved(usual, step):
    level = channels(usual)
    there = moved(level, channels(step))
    plain = [i for i in range(len(CHANNELS)) if i not in (READS, PACE, BLOCKS, 7)]

    assert (there >= 0).all()
    away = residual(there, level)[plain]
    assert (np.isclose(away, step, atol=1e-6) | (there[plain] == 0)).all()


def test_missing_stays_missing():
    value = channels(np.nan)

    assert np.isnan(residual(value, channels(1.0))).all()
    assert np.isnan(residual(channels(1.0), value)).all()
