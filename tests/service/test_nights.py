"""When a self-test begins: as soon as there is enough to test with, then every night; and when a model is trained."""

from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from pganomaly import errors, selftest
from pganomaly.service.learner import Learner, Trained
from pganomaly.service.plan import Plan
from pganomaly.service.selftests import AGAIN_S, Nights

ENOUGH = selftest.NEEDED


class Clock:
    """A clock that a test moves by hand. Its days begin at local midnight, as nights do."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 12, 0).astimezone()

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)

    def monotonic_s(self) -> float:
        return self.moment.timestamp()

    def wait(self, seconds: float, wake: Event) -> bool:
        self.pass_by(seconds)
        return wake.is_set()

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def at_hour(self, hour: int) -> None:
        """Go on to the next time that it is so late."""
        while self.moment.hour != hour:
            self.pass_by(3600)


class AtOnce(Executor):
    """Does in the call what others do in a thread."""

    def submit(self, fn, /, *args, **kwargs):
        done: Future[object] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - handed on, as any executor does
            done.set_exception(error)
        return done


class Made:
    """What a store would know of self-tests."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.moments: list[datetime] = []
        self.broken = False

    def run(self) -> None:
        if self.broken:
            raise errors.SelfTestFailed(said="no answer")
        self.moments.append(self.clock.now())

    def newest(self) -> datetime | None:
        return self.moments[-1] if self.moments else None


def test_the_first_self_test_comes_with_enough_windows_the_next_ones_by_night():
    clock = Clock()
    done = Made(clock)
    nights = Nights(done.run, AtOnce(), clock, last=None)

    assert not nights.step(done.newest, windows=ENOUGH - 1)
    assert done.moments == []
    assert not nights.step(done.newest, windows=ENOUGH), "begun"
    assert nights.step(done.newest, windows=ENOUGH), "ended"
    assert len(done.moments) == 1

    clock.pass_by(7200)
    nights.step(done.newest, windows=ENOUGH)
    assert len(done.moments) == 1, "it is day, and the last one is fresh"
    for count in (2, 3, 4):
        clock.pass_by(8 * 3600)
        clock.at_hour(2)
        nights.step(done.newest, windows=ENOUGH)
        assert nights.step(done.newest, windows=ENOUGH)
        nights.step(done.newest, windows=ENOUGH)
        assert len(done.moments) == count, "once a night"


def test_a_self_test_that_fails_is_tried_again_after_a_while():
    clock = Clock()
    done = Made(clock)
    done.broken = True
    nights = Nights(done.run, AtOnce(), clock, last=None)
    nights.step(done.newest, windows=ENOUGH)
    assert not nights.step(done.newest, windows=ENOUGH)

    done.broken = False
    clock.pass_by(AGAIN_S - 1)
    assert not nights.step(done.newest, windows=ENOUGH)
    assert done.moments == []
    clock.pass_by(2)
    nights.step(done.newest, windows=ENOUGH)
    assert len(done.moments) == 1


def test_confirmed_drift_trains_before_its_time_and_a_kept_out_model_waits_for_the_next():
    clock, trainings = Clock(), []

    def train() -> Trained:
        trainings.append(clock.now())
        return Trained(None, (), kept_out=True)

    plan = Plan()
    learner = Learner(train, AtOnce(), clock, plan, trained_ago_s=0.0)
    learner.step(windows=500)
    assert trainings == []
    learner.step(windows=500, drifted=True)
    assert len(trainings) == 1
    ended = learner.step(windows=500)
    assert ended is not None
    assert ended.kept_out
    assert learner.tries == 0

    clock.pass_by(7200)
    learner.step(windows=500)
    assert len(trainings) == 1, "it is not tried hourly"
    clock.pass_by(plan.retrain_interval_s)
    learner.step(windows=500)
    assert len(trainings) == 2


@pytest.mark.parametrize(("limit", "tries"), [(3, 3), (1, 1), (0, 1)])
def test_after_so_many_trainings_without_enough_data_the_next_one_is_in_an_hour(limit: int, tries: int):
    clock, trainings = Clock(), []

    def train() -> Trained:
        trainings.append(clock.now())
        return Trained(None, ())

    plan = Plan(retry_limit=limit, baseline_windows=2, baseline_interval_s=10.0)
    learner = Learner(train, AtOnce(), clock, plan, trained_ago_s=None)
    for _ in range(100):
        learner.step(windows=2)
        clock.pass_by(10)

    assert len(trainings) == tries
    assert learner.gave_up
    clock.pass_by(3600)
    learner.step(windows=2)
    assert len(trainings) == tries + 1
