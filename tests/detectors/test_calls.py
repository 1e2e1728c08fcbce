"""The calls themselves: more than ever, fewer than ever, and a busy hour that is neither."""

import numpy as np
import pytest

from pganomaly.detectors import Baseline, Gate, gates
from pganomaly.detectors import calls as traffics
from pganomaly.detectors.normals import FIRST_PHI, Traffic
from pganomaly.records import KINDS, IncidentKind, Key, keys_of
from pganomaly.records.grid import F8
from tests.builders import key
from tests.detectors.windows import Server, Work

USERS = {user: [key(10 * user + n, userid=user) for n in range(10)] for user in (1, 2)}


def busy(times: float = 1.0, **of: float) -> dict[Key, Work]:
    """Twenty statements of two users, 300 calls a minute each; all *times* as many, or those of a user alone."""
    return {
        k: {"calls": round(300 * times * of.get(f"user{user}", 1.0)), "ms": 2.0}
        for user, keys in USERS.items()
        for k in keys
    }


A = USERS[1][0]


@pytest.fixture(scope="module")
def server() -> Server:
    """An hour of steady traffic."""
    rng = np.random.default_rng(3)
    server = Server()
    for _ in range(90):
        server.live({k: {**w, "calls": float(rng.poisson(w["calls"]))} for k, w in busy().items()})
    return server


def _learned(traffic: Traffic, what: traffics.Expected, calls: F8, away: float = 0.0) -> Traffic:
    everyone = np.ones(len(calls), dtype=bool)
    gaps = np.full(len(calls), away)
    return traffics.learned(traffic, what, calls, gaps, 60.0, half_life=4000, free=everyone, brief=everyone)


def test_a_burst_of_one_query_is_traffic(server):
    scores = server.score({**busy(), A: {"calls": 6000, "ms": 2.0}})

    assert scores.odd.nonzero()[0].tolist() == [0]
    assert KINDS[scores.kind[0]] is IncidentKind.TRAFFIC
    assert scores.excess_ms[0] == pytest.approx(5700 * 2.0, rel=0.02)
    strongest = scores.reasons(0)[0]
    assert strongest.feature == "calls_per_sec"
    assert strongest.value == 100.0
    assert strongest.usual == pytest.approx(5.0, rel=0.05)


def test_a_busy_hour_is_nobodys_surge_nor_is_a_quiet_one(server):
    assert not server.score(busy(times=5)).odd.any()
    assert not server.score(busy(times=0.1)).odd.any()
    assert not server.score(busy(user1=6.0)).odd.any(), "one user's busy hour"


def test_a_query_that_is_called_no_more_while_its_users_others_are_is_silent(server):
    statements = busy()
    del statements[A]
    scores = server.score(statements)

    assert scores.silent is not None
    assert [Key(*k.item()) for k in scores.silent.keys] == [A]
    assert scores.silent.odd.all()
    assert KINDS[scores.silent.kind[0]] is IncidentKind.SILENCE
    assert scores.silent.excess_ms[0] == pytest.approx(600, rel=0.05), "what its calls would have taken"


def test_where_a_user_stops_altogether_the_usual_is_what_it_was_before():
    one, other = [key(n, userid=1) for n in range(6)], [key(n, userid=2) for n in range(20, 34)]
    server = Server()
    for _ in range(90):
        server.live({k: {"calls": 300.0, "ms": 2.0} for k in (*one, *other)})
    scores = server.score({k: {"calls": 300, "ms": 2.0} for k in other})

    assert scores.silent is not None
    assert {Key(*k.item()) for k in scores.silent.keys} == set(one)
    assert scores.silent.usual[-1] == pytest.approx(np.full(6, 5.0), rel=0.05), "calls a second"


def test_a_trickle_where_there_was_a_stream_is_odd_too(server):
    scores = server.score({**busy(), A: {"calls": 6, "ms": 2.0}})

    assert scores.odd[0]
    assert scores.silent is None


def windows_until_missed(calls_a_window: float, share: float, others: int = 19, most: int = 14) -> float:
    """
    Return the windows until A is news that was called so often, in so large a *share* of windows, and no more.

    Around it there are *others* statements that run often, and no more than that.
    """
    rng = np.random.default_rng(5)
    server = Server()
    frequent = [k for k in busy() if k != A][:others]

    def around() -> dict[Key, Work]:
        return {k: {"calls": float(rng.poisson(15.0)), "ms": 2.0} for k in frequent}

    for _ in range(300):
        calls = float(rng.poisson(calls_a_window / share)) if rng.random() < share else 0.0
        server.live(around() | ({A: {"calls": calls, "ms": 2.0}} if calls else {}))
    for number in range(1, most + 1):
        now = around()
        scores = server.score(now)
        if scores.silent is not None and scores.silent.alarm.any():
            return number
        server.live(now)
    return float("inf")


def test_a_page_called_a_few_times_a_window_is_missed_before_it_is_forgotten():
    assert 3 <= windows_until_missed(7.0, share=1.0) <= 8
    assert 3 <= windows_until_missed(7.0, share=1.0, others=6) <= 10, "on a server with hardly any traffic else"
    assert windows_until_missed(7.0, share=0.9) <= 14
    assert windows_until_missed(0.5, share=0.5) == float("inf"), "who runs now and then"


def test_a_batch_that_runs_far_more_often_than_ever_is_news_though_it_hardly_ever_runs():
    rng = np.random.default_rng(6)
    server = Server()
    for number in range(300):
        once = {A: {"calls": 1, "ms": 20.0}} if number % 60 == 0 else {}
        server.live({k: w for k, w in busy().items() if k != A} | once)
    alarms = []
    for _ in range(4):
        now = {A: {"calls": float(rng.poisson(30)), "ms": 20.0}, **{k: w for k, w in busy().items() if k != A}}
        alarms.append(server.score(now).alarm[0])
        server.live(now)

    assert any(alarms)


def test_whoever_runs_now_and_then_is_not_missed():
    server = Server()
    for minute in range(120):
        server.live({**busy(), key(99): {"calls": 500, "ms": 1.0}} if minute % 10 == 0 else busy())

    assert server.score(busy()).silent is None
    assert not server.score({**busy(), key(99): {"calls": 500, "ms": 1.0}}).odd.any()


def test_a_peak_that_comes_every_day_is_no_news():
    """The largest calm rate of the last days stands against the next one."""
    server = Server()
    for _ in range(4):
        server.live(busy(), minutes=40).live({**busy(), A: {"calls": 700, "ms": 2.0}}, minutes=20)
    surge = server.score({**busy(), A: {"calls": 800, "ms": 2.0}})

    assert not surge.odd.any()


def test_a_burst_that_comes_again_and_again_is_news_at_most_once():
    """A few minutes of many calls, every hour: then it is how this statement runs; a surge that stays is news still."""
    rng = np.random.default_rng(5)
    server = Server()

    def minutes(count: int, calls: float) -> None:
        for _ in range(count):
            server.live({k: {**w, "calls": float(rng.poisson(calls if k == A else 300))} for k, w in busy().items()})

    minutes(200, 300)
    for _ in range(8):
        minutes(3, 2000)
        minutes(40, 300)
    assert len(server.opened) <= 1

    minutes(9, 6000)
    assert [i.key for i in server.desk.open] == [A]


def test_the_windows_of_a_burst_are_one_piece_of_evidence_where_bursts_are_usual():
    """Whose bursts go on in every second window is not believed more because one does; who never had one is."""
    keys = keys_of([key(1), key(2)])
    traffic = Traffic(*np.zeros((len(Traffic._fields), 2)))._replace(tau2=np.full(2, 0.09), phi=np.full(2, FIRST_PHI))
    rng = np.random.default_rng(8)

    def window(calls: list[float]) -> traffics.Expected:
        nonlocal traffic
        what = traffics.expected(traffic, keys, np.array(calls), 60.0)
        traffic = _learned(traffic, what, np.array(calls))
        return what

    burst = 1.0
    for _ in range(1500):
        burst = (1.0 if rng.random() < 0.5 else burst) if burst > 1 else (4.0 if rng.random() < 1 / 40 else 1.0)
        window([600 * burst, 600])
    window([600, 600])
    first, second = window([3600, 1500]), window([3600, 1500])

    assert first.up.min() > 3.0, "the first window of a surge is one for both"
    assert second.up[0] == pytest.approx(np.log(2), abs=0.25)
    assert second.up[1] > 1.5 * second.up[0]
    assert window([12_000, 1500]).up[0] > 3.0, "far more than any burst of the last days"


def test_a_surge_is_no_excuse_for_itself():
    """That each of its windows follows another does not say that this statement's bursts last: it is not over yet."""
    keys = keys_of([key(1)])
    traffic = Traffic(*np.zeros((len(Traffic._fields), 1)))._replace(tau2=np.full(1, 0.09), phi=np.full(1, FIRST_PHI))

    def up(calls: float) -> float:
        nonlocal traffic
        what = traffics.expected(traffic, keys, np.array([calls]), 60.0)
        now = np.array([calls])
        traffic = _learned(traffic, what, now)
        return float(what.up[0])

    for _ in range(200):
        up(600)
    traffic = traffic._replace(peak=np.full(1, 50.0))  # per second, on another day
    surge = [up(4000) for _ in range(8)]

    assert min(surge) >= -0.99 * np.log(traffics.USUALLY_LASTS)


def test_dispersion_is_learned_apart_from_what_windows_differ_by():
    """Calls that come in bursts of ten are expected to vary more than calls that come one by one."""
    rng = np.random.default_rng(4)
    keys = keys_of([key(1), key(2)])
    traffic = Traffic(*np.zeros((len(Traffic._fields), 2)))._replace(tau2=np.full(2, 0.09), phi=np.full(2, FIRST_PHI))
    for _ in range(3000):
        calls = np.array([rng.poisson(40), 10 * rng.poisson(4)], dtype=float)
        what = traffics.expected(traffic, keys, calls, 60.0)
        traffic = _learned(traffic, what, calls)

    assert traffic.rate * 60 == pytest.approx(40, rel=0.1)
    spread = traffics.expected(traffic, keys, calls, 60.0).spread
    assert spread[1] > 1.8 * spread[0]


def test_a_dozen_missed_calls_are_noticed_on_a_small_server_not_among_a_million():
    def impact(calls_of_all: float) -> float:
        server = gates.Totals(1e4, np.array([0.0] * len(gates.RESOURCES) + [calls_of_all]))
        lost = gates.of_calls(
            np.array([12.0]), np.array([0.01]), np.array([1.0]), 60.0, server, Gate(), missing=np.array([True])
        )
        return float(lost.calls[0])

    assert impact(10_000) == pytest.approx(12 / gates.MISSED_CALLS)
    assert impact(1_000_000) < 1.0


def test_a_silence_is_no_excuse_for_itself():
    """How often one pauses is learned when a pause is over; else who has stopped for good would soon be missed less."""
    keys = keys_of([key(1)])
    traffic = Traffic(*np.zeros((len(Traffic._fields), 1)))._replace(tau2=np.full(1, 0.09), phi=np.full(1, FIRST_PHI))

    def window(calls: float, away: float = 0.0) -> None:
        nonlocal traffic
        what = traffics.expected(traffic, keys, np.array([calls]), 60.0)
        traffic = _learned(traffic, what, np.array([calls]), away)

    for _ in range(200):
        window(60)
    always = float(traffic.regular[0])
    for away in range(8):
        window(0, away)
    assert traffic.regular[0] == always

    window(60, 8)
    assert traffic.regular[0] == pytest.approx(1 - 0.08, abs=0.01)

    for away in range(60):
        window(0, away)
    assert traffic.regular[0] < traffics.RUNS_USUALLY, "whoever stays away is not missed for ever"


def test_a_feature_that_is_switched_off_soon_after_its_users_waited_for_a_lock_is_missed():
    """On a server watched for minutes: the silence of the lock came and went, and this one does not go."""
    rng, server = np.random.default_rng(1), Server(baseline=Baseline.empty(28_800.0))

    def live(windows: int, *silent: Key) -> None:
        for _ in range(windows):
            calls = {k: float(rng.poisson(24)) for keys in USERS.values() for k in keys if k not in silent}
            server.live({k: {"calls": n, "ms": 0.3} for k, n in calls.items() if n})

    live(110)
    live(7, *USERS[1])
    live(14)
    before = len(server.changes)
    live(16, *USERS[1][:3])

    told = [c.incident for c in server.changes[before:] if c.incident.told]
    assert {i.kind for i in told} == {IncidentKind.SILENCE}
