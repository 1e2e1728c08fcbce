"""Others notice that we are dead, and a dead address does us no harm."""

import logging

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from pganomaly.notify import Heartbeat
from tests.notify.clock import HandClock
from tests.notify.conftest import nobody_listens
from tests.notify.receiver import Answer, Receiver

SECRET = "/ping/6f1c-secret"


def test_good_ticks_are_told_at_most_once_each_interval(receiver: Receiver, clock: HandClock):
    heart = Heartbeat(SecretStr(receiver.url + SECRET), interval_s=60, clock=clock)
    told = []
    for seconds in (0, 1, 59, 60, 61, 120):
        clock.passed_s = seconds
        told.append(heart.beat())
    assert told == [True, False, False, True, False, True]
    assert receiver.asked == [(SECRET, {})] * 3


@pytest.mark.parametrize("failure", ["error", "absent", "nonsense"])
def test_failures_are_logged_without_the_address(
    failure: str,
    receiver: Receiver,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
):
    receiver.prepared.append(Answer(500, "no"))
    url = {"error": receiver.url, "absent": nobody_listens(), "nonsense": "http://[nonsense"}[failure]
    with caplog.at_level(logging.DEBUG), capture_logs() as events:
        assert Heartbeat(SecretStr(url + SECRET), interval_s=60, clock=clock).beat() is False
    assert [event["event"] for event in events] == ["heartbeat.failed"]
    assert "6f1c-secret" not in caplog.text + str(events)
