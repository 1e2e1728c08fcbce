"""Statements that run now and then: evidence comes by the call, and waits for the next one."""

import numpy as np

from pganomaly.detectors import calls as traffics
from pganomaly.records import IncidentKind
from tests.builders import key
from tests.detectors.windows import Server

REPORT, OTHERS = key(1), [key(n) for n in range(2, 14)]
EVERY = 12


def live_an_hour(server: Server, rng: np.random.Generator, ms: float) -> None:
    """Let pages run all the time, and a report of so many milliseconds a call in the last window."""
    for n in range(EVERY):
        window = {k: {"calls": float(rng.poisson(200)), "ms": 2.0 * rng.lognormal(0, 0.05)} for k in OTHERS}
        slow = {REPORT: {"calls": 30.0, "ms": ms * rng.lognormal(0, 0.05)}} if n == EVERY - 1 else {}
        server.live(window | slow)


def test_a_report_that_became_slow_is_found_though_it_hardly_runs():
    """Between two runs nothing is seen of it, and nothing that was seen is forgotten."""
    server, rng = Server(), np.random.default_rng(2)

    for _ in range(12):
        live_an_hour(server, rng, 5.0)
    assert not server.opened

    for _ in range(4):
        live_an_hour(server, rng, 40.0)
    (incident,) = server.opened
    assert incident.key == REPORT
    assert incident.kind is IncidentKind.LATENCY


def test_a_report_is_told_in_its_first_run_that_is_far_off():
    """Forty times slower, and a good part of what the server does: nobody waits for an hour to see it again."""
    server, rng = Server(), np.random.default_rng(3)

    for _ in range(40):
        live_an_hour(server, rng, 5.0)
    assert not server.opened

    live_an_hour(server, rng, 200.0)
    assert [incident.key for incident in server.opened] == [REPORT]


def test_what_was_expected_follows_a_slow_rise_and_not_a_sudden_one():
    """Six per cent a window at most: a surge that lasts does not become what was to be expected while it is judged."""
    slow, sudden, nobody = np.array([100.0]), np.array([100.0]), np.zeros(1, dtype=np.bool_)
    for window in range(30):
        slow = traffics.followed(slow, 100.0 * 1.03 ** np.array([window]), 3.0, nobody)
        sudden = traffics.followed(sudden, np.array([1000.0]), 3.0, nobody)
        if window == 3:
            assert sudden[0] < 140.0

    assert slow[0] > 0.8 * 100.0 * 1.03**29
