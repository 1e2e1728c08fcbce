"""Windows in a row that are alike are not as many pieces of evidence."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from pganomaly.detectors import echoes, supports
from pganomaly.detectors.echoes import Echo
from pganomaly.records.grid import F8

STATEMENTS, KNOWN = 60, 1500
EVERYONE = np.ones((2, STATEMENTS), dtype=np.bool_)


def wandering(alike: float, windows: int) -> NDArray[np.float64]:
    """Distances with a deviation of 1 whose neighbours are *alike*: [windows, time and work, statements]."""
    rng = np.random.default_rng(7)
    z = np.zeros((windows, 2, STATEMENTS))
    for before, now in pairwise(z):
        now[:] = alike * before + np.sqrt(1 - alike**2) * rng.standard_normal(before.shape)
    return z


def listened(z: NDArray[np.float64], *, free: NDArray[np.bool_] = EVERYONE) -> F8:
    block = np.zeros((8, STATEMENTS))
    for n, now in enumerate(z):
        block = echoes.learned(Echo.of(block), now, np.full(STATEMENTS, float(n)), free)
    return block


def drift(block: F8, windows: int) -> F8:
    return echoes.drift(Echo.of(block), np.full(STATEMENTS, float(windows)))


@pytest.mark.parametrize("alike", [0.0, 0.6, 0.9])
def test_how_alike_windows_are_is_learned_and_rather_too_little_than_too_much(alike):
    found = float(np.median(drift(listened(wandering(alike, KNOWN)), KNOWN)))

    assert 0.7 * np.arctanh(alike) <= found < np.arctanh(alike) + 0.1


def test_what_wanders_slowly_passes_the_bar_far_less_often():
    z = wandering(0.9, 2 * KNOWN)
    known = drift(listened(z[:KNOWN]), KNOWN)

    def passes(alike: F8 | float) -> int:
        support, times = np.zeros((2, STATEMENTS)), 0
        for now in z[KNOWN:]:
            before, support = support, np.maximum(support + supports.evidence(now, alike), 0.0)
            times += int(((support >= supports.BAR) & (before < supports.BAR)).sum())
        return times

    assert passes(known) < passes(0.0) / 10


def test_a_change_beyond_all_wandering_is_as_much_evidence_as_ever():
    assert supports.evidence(np.array(20.0), 1.5) == supports.evidence(np.array(20.0))
    assert supports.evidence(np.array(6.0), 1.5) > 3.0


def test_a_statement_that_is_hardly_known_is_not_excused_by_its_first_slow_hour():
    slow_from_the_tenth = np.where(np.arange(20)[:, None, None] < 10, 0.0, 6.0) * np.ones((1, 2, STATEMENTS))

    assert drift(listened(slow_from_the_tenth), 20).max() < 0.25


def test_nothing_is_learned_while_an_alarm_is_on_and_absence_changes_nothing():
    block = listened(wandering(0.6, 200))

    held = listened(np.full((50, 2, STATEMENTS), 6.0), free=~EVERYONE)
    assert drift(held, 50).max() == 0.0
    absent = echoes.learned(Echo.of(block), np.full((2, STATEMENTS), np.nan), np.full(STATEMENTS, 200.0), EVERYONE)
    np.testing.assert_array_equal(absent, block)
