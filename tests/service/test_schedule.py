"""Ticks that do not drift, retries that back off."""

from datetime import UTC, datetime
from threading import Event

from hypothesis import given
from hypothesis import strategies as st

from pganomaly.service.plan import SAMPLE_S, sample_every_s
from pganomaly.service.schedule import Backoff, Schedule, staggered, wait_looking

seconds = st.floats(0, 1e6)


@given(st.floats(0.5, 3600), seconds, seconds)
def test_a_moment_is_never_in_the_past_and_never_more_than_an_interval_away(interval_s, start_s, later_s):
    schedule = Schedule(start_s, interval_s)
    now_s = start_s + later_s

    upcoming = schedule.next_after(now_s)

    assert now_s < upcoming + 1e-6 * max(now_s, 1)
    assert upcoming - now_s <= interval_s * (1 + 1e-6) + 1e-6 * max(now_s, 1)


def test_slow_ticks_skip_moments_and_stay_on_the_grid():
    schedule = Schedule(start_s=100.0, interval_s=60.0)

    assert schedule.next_after(40) == 100
    assert schedule.next_after(100) == 160
    assert schedule.next_after(101.5) == 160
    assert schedule.next_after(100 + 60 * 7 + 3) == 100 + 60 * 8


class HandClock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at_s, UTC)

    def monotonic_s(self) -> float:
        return self.at_s

    def wait(self, seconds: float, wake: Event) -> bool:
        self.at_s += seconds
        return wake.is_set()


def test_between_two_ticks_somebody_looks_who_is_at_work():
    clock, seen = HandClock(), []

    stopped = wait_looking(clock, 60.0, Event(), lambda: seen.append(clock.at_s), every_s=10.0)

    assert (stopped, clock.at_s, seen) == (False, 60.0, [10.0, 20.0, 30.0, 40.0, 50.0])


@given(st.floats(0.5, 3600))
def test_whoever_waits_is_looked_for_twice_in_every_interval_however_short(interval_s):
    clock, seen = HandClock(), []

    wait_looking(clock, interval_s, Event(), lambda: seen.append(clock.at_s), every_s=sample_every_s(interval_s))

    assert len(seen) >= 2
    assert sample_every_s(interval_s) <= SAMPLE_S


def test_short_windows_need_no_looks_and_a_stop_ends_the_waiting():
    clock, stop, seen = HandClock(), Event(), []
    assert not wait_looking(clock, 2.0, stop, lambda: seen.append(clock.at_s), every_s=10.0)

    stop.set()

    assert wait_looking(clock, 600.0, stop, lambda: seen.append(clock.at_s), every_s=10.0)
    assert seen == []


def test_servers_are_spread_over_the_interval():
    assert [staggered(i, 4, 60.0) for i in range(4)] == [0, 15, 30, 45]


def test_waiting_doubles_up_to_a_limit_and_is_forgotten_on_success():
    backoff = Backoff(first_s=1.0, most_s=10.0)

    waits = []
    for _ in range(6):
        backoff = backoff.failed()
        waits.append(backoff.wait_s)

    assert waits == [1, 2, 4, 8, 10, 10]
    assert backoff.succeeded().wait_s == 0
