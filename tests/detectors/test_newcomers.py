"""A statement without a past is measured by what calls usually take on this server."""

from dataclasses import replace

import numpy as np
import pytest

from pganomaly.detectors import newcomers
from pganomaly.detectors.channels import EXEC
from pganomaly.records import KINDS, IncidentKind, Key, Quality
from tests.builders import key
from tests.detectors.windows import Server, Work, matrix

USUAL: dict[Key, Work] = {key(n): {"calls": 100.0, "ms": 2.0 * n} for n in range(1, 101)}
SLEEP: dict[Key, Work] = {key(500): {"calls": 1, "ms": 5001.0}}
"""SELECT pg_sleep(5) on a server whose calls stay below 250 ms."""


@pytest.fixture(scope="module")
def server() -> Server:
    return Server().live(USUAL, minutes=20)


def last(server: Server, statements: dict[Key, Work], *, quality: Quality = Quality.OK) -> tuple[bool, str | None]:
    scores = server.score({**USUAL, **statements}, quality=quality)
    return bool(scores.odd[-1]), KINDS[scores.kind[-1]] if scores.newcomer[-1] else None


def test_the_check_that_everybody_makes(server):
    assert last(server, SLEEP) == (True, IncidentKind.NEW_HEAVY)

    scores = server.score({**USUAL, **SLEEP})
    assert scores.value[EXEC, -1] == 5001.0
    assert np.isnan(scores.usual[EXEC, -1])
    assert scores.surprise[-1] > 3
    assert scores.reasons(100)[0].usual is None


@pytest.mark.parametrize("ms", [900.0, 3000.0])
def test_what_others_take_is_not_news(server, ms):
    """The slowest percent takes 200 ms: the bar is at 4 s, and never below 1 s."""
    assert last(server, {key(500): {"calls": 1, "ms": ms}}) == (False, None)


def test_before_the_baseline_is_complete_every_statement_is_new():
    server = Server(judges_newcomers_after=30).live(USUAL, minutes=20)

    server.live({**USUAL, **SLEEP})
    assert server.opened == []


def test_a_statement_with_a_past_is_no_newcomer(server):
    seen = Server(baseline=server.baseline, minute=20).live({**USUAL, **SLEEP})
    (incident,) = seen.opened
    assert incident.kind is IncidentKind.NEW_HEAVY

    seen.live(USUAL, minutes=30)
    assert [i.incident_id for i in seen.resolved] == [incident.incident_id]
    seen.live({**USUAL, **SLEEP})
    assert len(seen.opened) == 1, "told once: now it has a past, and this is what it takes"


def test_a_call_that_is_too_long_for_this_server_is_news_in_a_gap_too(server):
    """How often and how much then cannot be compared; that the call was made, and took so long, is certain."""
    assert last(server, SLEEP, quality=Quality.GAP) == (True, IncidentKind.NEW_HEAVY)
    assert last(server, {key(500): {"calls": 1, "ms": 900.0}}, quality=Quality.GAP) == (False, None)
    assert last(server, SLEEP, quality=Quality.CLOCK) == (False, None)

    seen = Server(baseline=server.baseline, minute=20).live({**USUAL, **SLEEP}, quality=Quality.GAP)
    (incident,) = seen.opened
    seen.live(USUAL, minutes=30)
    assert [i.incident_id for i in seen.resolved] == [incident.incident_id]
    seen.live({**USUAL, **SLEEP})
    seen.live({**USUAL, **SLEEP}, quality=Quality.GAP)
    assert len(seen.opened) == 1, "told once: now it has a past, and this is what it takes"


def test_what_was_heavy_in_a_gap_is_no_news_by_its_share(server):
    """A gap may be long: half of what the server did in it was perhaps done in a minute."""
    seen = Server(baseline=server.baseline, minute=20)
    seen.live({**USUAL, key(500): {"calls": 1e5, "ms": 200.0}}, minutes=3, quality=Quality.GAP)

    assert seen.opened == []


@pytest.mark.parametrize("quality", [Quality.GAP, Quality.CLOCK, Quality.RESTARTED])
def test_who_was_never_judged_has_no_past(server, quality):
    """What a statement did in windows that nobody could judge is not its usual: the first that may be judged says."""
    seen = Server(baseline=server.baseline, minute=20, judges_newcomers_after=21)
    seen.live({**USUAL, **SLEEP}, quality=quality)
    assert seen.opened == []

    seen.minute = 22
    again = matrix(22, {**USUAL, **SLEEP}, before={key(500): {"calls": 1, "total_exec_time": 5001.0}})
    assert seen.see(again).newcomer[-1]
    assert [i.kind for i in seen.opened] == [IncidentKind.NEW_HEAVY]


def test_who_was_there_before_us_has_a_past(server):
    """An entry that is met for the first time after it has been called brings its usual along."""
    seen = Server(baseline=server.baseline, minute=20).live(USUAL, quality=Quality.CLOCK)

    seen.minute = 22
    again = matrix(22, {**USUAL, **SLEEP}, before={key(500): {"calls": 9, "total_exec_time": 9 * 5001.0}})
    assert not seen.see(again).newcomer[-1]
    assert seen.opened == []


def test_what_is_nobodys_news_while_it_runs_is_none_when_it_is_over(server):
    """Maintenance that takes half the server for some minutes is not judged; nor is that it has ended."""
    seen = Server(baseline=server.baseline, minute=20)
    for minute in (21, 22, 23):
        seen.minute = minute
        window = matrix(minute, {**USUAL, key(500): {"calls": 1e5, "ms": 10.0}})
        maintenance = window.window.keys["queryid"] == 500
        seen.see(replace(window, system=maintenance))
    seen.live(USUAL, minutes=5)

    assert seen.opened == []


def test_the_bar_is_at_twenty_times_the_99_percent_quantile_but_not_below_a_second():
    fast, slow = (
        newcomers.counted(newcomers.empty(), np.array([1.0, ms]), np.array([985.0, 15.0]), fade=1.0)
        for ms in (5.0, 240.0)
    )

    assert newcomers.bar_ms(newcomers.empty()) == 1000
    assert newcomers.bar_ms(fast) == 1000
    assert newcomers.bar_ms(slow) == pytest.approx(20 * 240, rel=0.04)


def test_quantiles_are_weighted_by_calls_and_fade():
    histogram = newcomers.counted(newcomers.empty(), np.array([1.0, 100.0]), np.array([90.0, 10.0]), fade=1.0)
    assert newcomers.quantile_ms(histogram, 0.5) == pytest.approx(1.0, rel=0.04)
    assert newcomers.quantile_ms(histogram, 0.95) == pytest.approx(100.0, rel=0.04)

    later = newcomers.counted(histogram, np.array([10.0]), np.array([1000.0]), fade=0.01)
    assert newcomers.quantile_ms(later, 0.99) == pytest.approx(10.0, rel=0.04)
    assert np.isnan(newcomers.quantile_ms(newcomers.empty(), 0.5))
