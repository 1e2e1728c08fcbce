"""The whole server is slow: told when it stays, and later where such spells pass by themselves."""

import pytest

from pganomaly.detectors import stalls
from pganomaly.detectors.stalls import Host
from pganomaly.detectors.supports import BAR, SHORT_WINDOWS

SLOW, USUAL = 1.0, 0.0
"""Common factors, as logarithms."""


def live(host: Host, factor: float, windows: int, *, bar: float = BAR) -> tuple[Host, float]:
    """Return the host after so many windows, and the largest stall that passed by itself in them."""
    largest = 0.0
    for _ in range(windows):
        after = stalls.learned(host, 1.0, factor, bar)
        largest, host = max(largest, stalls.passed(host, after)), after
    return host, largest


def test_a_slow_host_is_told_in_its_fifth_window_and_at_a_higher_bar_later():
    assert not live(Host(), SLOW, 4)[0].slow
    assert live(Host(), SLOW, 5)[0].slow
    assert not live(Host(), SLOW, 6, bar=1.5 * BAR)[0].slow
    assert live(Host(), SLOW, 8, bar=1.5 * BAR)[0].slow


def test_a_short_stall_says_at_which_height_of_the_bar_it_would_have_been_told():
    slow, none_yet = live(Host(), SLOW, 3)
    _, passed = live(slow, USUAL, 10)

    assert none_yet == 0.0
    assert passed == pytest.approx(3 * stalls.MOST_EVIDENCE / BAR)


def test_what_lasted_was_put_right_by_somebody():
    slow, _ = live(Host(), SLOW, int(SHORT_WINDOWS) + 3)

    assert live(slow, USUAL, 20)[1] == 0.0


def test_what_was_told_stays_so_when_the_bar_rises_meanwhile():
    slow, _ = live(Host(), SLOW, 6)

    assert live(slow, SLOW, 1, bar=3 * BAR)[0].slow
