"""Every statement has its own normal: what is odd by it, what is not, and what is learned."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pganomaly import errors
from pganomaly.catalog import DELTAS
from pganomaly.detectors import Baseline, modelfile
from pganomaly.detectors.channels import EXEC
from pganomaly.detectors.normals import Costs
from pganomaly.records import KINDS, IncidentKind, Key, Quality
from tests.builders import key
from tests.detectors.windows import DAY_WINDOWS, Server, Work, matrix

A, B, C = key(1), key(2), key(3)
POINT: Work = {"calls": 600, "ms": 0.8, "rows": 600, "shared_blks_hit": 2400}
REPORT: Work = {"calls": 20, "ms": 40.0, "rows": 2000, "shared_blks_hit": 40_000, "shared_blks_read": 400}
RARE: Work = {"calls": 1, "ms": 500.0, "rows": 1, "shared_blks_hit": 100_000}
USUAL: dict[Key, Work] = {A: POINT, B: REPORT, C: RARE}


@pytest.fixture(scope="module")
def server() -> Server:
    """An hour of three statements that always do the same. A test asks it, and teaches it nothing."""
    return Server().live(USUAL, minutes=60)


def usual(baseline: Baseline, which: int = 0) -> float:
    return float(Costs(*baseline.normals.costs).usual[EXEC, which])


def surprise(server: Server, name: Key, **changed: float) -> float:
    scores = server.score({**USUAL, name: {**USUAL[name], **changed}})
    return float(scores.surprise[list(USUAL).index(name)])


def test_a_query_ten_times_slower_is_odd_and_says_by_how_much(server):
    scores = server.score({**USUAL, A: {**POINT, "ms": 8.0}})

    assert scores.odd.tolist() == [True, False, False]
    first, second = scores.reasons(0)[:2]
    assert {first.feature, second.feature} == {"exec_time_per_call_ms", "exec_ms_per_block"}
    slow = next(r for r in (first, second) if r.feature == "exec_time_per_call_ms")
    assert slow.value == 8.0
    assert slow.ratio == pytest.approx(10, rel=0.05)
    assert scores.excess_ms[0] == pytest.approx(600 * 7.2, rel=0.02)
    assert KINDS[scores.kind[0]] is IncidentKind.LATENCY


def test_a_lost_index_is_odd_by_its_work(server):
    scores = server.score({**USUAL, A: {**POINT, "ms": 8.0, "shared_blks_hit": 600_000.0}})

    assert scores.odd[0]
    assert KINDS[scores.kind[0]] is IncidentKind.WORK
    assert scores.reasons(0)[0].feature == "blocks_per_call"


@settings(max_examples=50)
@given(st.floats(1.0, 1e3), st.floats(1.0, 1e3))
def test_the_slower_the_odder(server, one, other):
    slow, slower = (surprise(server, A, ms=0.8 * times) for times in sorted((one, other)))

    assert slow <= slower


def test_what_gets_better_is_not_odd(server):
    scores = server.score({**USUAL, A: {**POINT, "ms": 0.01}})

    assert not scores.odd.any()
    assert scores.calm.all()
    assert scores.z[EXEC, 0] < -4


def test_a_window_of_one_call_says_less_than_one_of_many(server):
    one, many = surprise(server, C, ms=5000.0), surprise(server, C, ms=5000.0, calls=1000.0, exec_m2=0.0)

    assert one < many


def test_tenths_of_milliseconds_more_are_nobodys_business():
    server = Server().live({A: {"calls": 1000, "ms": 0.004}}, minutes=60)

    assert not server.score({A: {"calls": 1000, "ms": 0.03}}).odd.any()


def test_a_read_only_statement_is_not_odd_by_the_hint_bits_it_sets(server):
    scores = server.score({**USUAL, B: {**REPORT, "shared_blks_dirtied": 20_000.0, "wal_bytes": 20 * 8192.0}})

    assert not scores.odd.any()


def test_the_order_of_statements_does_not_matter(server):
    window = {**USUAL, A: {**POINT, "ms": 8.0}}
    backwards = dict(reversed(window.items()))
    scores, again = server.score(window), server.score(backwards)

    assert np.array_equal(scores.z, again.z[:, ::-1], equal_nan=True)
    learned, relearned = (server.baseline.learn(matrix(99, w), s) for w, s in ((window, scores), (backwards, again)))
    assert np.array_equal(learned.normals.costs, relearned.normals.costs, equal_nan=True)


@settings(max_examples=30)
@given(st.floats(10, 1e6))
def test_one_wild_window_moves_a_baseline_by_next_to_nothing(server, times):
    """By 1.5 spreads at most, however wild; by nothing where it is wild enough to be suspected."""
    window = matrix(61, {**USUAL, A: {**POINT, "ms": 0.8 * times}})
    moved = usual(server.baseline.learn(window, server.baseline.score(window)))

    assert usual(server.baseline) <= moved < 1.02 * usual(server.baseline)


def test_a_level_that_stays_is_learned_within_days_not_hours():
    server = Server(baseline=Baseline.empty(day_windows=50.0)).live(USUAL, minutes=300)
    for _ in range(10):
        window = matrix(0, {**USUAL, A: {**POINT, "ms": 1.1}})
        server.baseline = server.baseline.learn(window, server.baseline.score(window))
    hours = usual(server.baseline)
    for _ in range(400):
        server.baseline = server.baseline.learn(window, server.baseline.score(window))

    assert hours < 0.85
    assert usual(server.baseline) == pytest.approx(1.1, rel=0.05)


def test_the_first_window_is_judged_by_the_entrys_own_life():
    """pg_stat_statements knows mean and deviation since the entry began: the first baseline costs nothing."""
    life = {"calls": 1e5, "total_exec_time": 1e5, "stddev_exec_time": 0.5}
    slow, usual_, unknown = (
        Baseline.empty(DAY_WINDOWS).score(matrix(1, {A: {"calls": 300, "ms": ms}}, before=before))
        for ms, before in ((80.0, {A: life}), (1.3, {A: life}), (80.0, {A: {"calls": np.nan}}))
    )

    assert slow.odd[0]
    assert slow.usual[EXEC, 0] == pytest.approx(1.0)
    assert usual_.calm[0]
    assert np.isnan(unknown.surprise[0])


def test_a_counter_that_the_server_does_not_have_is_not_judged(server):
    scores = server.score({**USUAL, A: {**POINT, "shared_blks_hit": np.nan}})
    blocks = scores.channels.index("blocks_per_call")

    assert np.isnan(scores.z[blocks, 0])
    assert np.isfinite(scores.surprise[0])
    assert "blocks_per_call" not in [r.feature for r in scores.reasons(0)]


HOSTILE = st.sampled_from([0.0, 1e-9, 1.0, 1e3, 1e9, 1e18, np.nan])


@settings(max_examples=100)
@given(st.lists(st.dictionaries(st.sampled_from(DELTAS[1:]), HOSTILE), min_size=3, max_size=6), st.booleans())
def test_whatever_counters_say_figures_are_finite_or_missing(histories, in_doubt):
    """And no warning of numpy passes, because tests turn warnings into errors."""
    server = Server(judges_newcomers_after=1)
    for minute, counters in enumerate(histories):
        work = {"calls": 10.0**minute, "ms": counters.get("total_exec_time", 1.0), **counters}
        before = {A: {"calls": 3.0, "total_exec_time": 0.0}}
        scores = server.see(
            matrix(minute, {**USUAL, A: work}, before=before if minute else None, doubtful=(A,) if in_doubt else ())
        )
        for figures in (scores.z, scores.residual, scores.spread, scores.surprise, scores.excess_ms):
            assert not np.isinf(figures).any()
    normals = server.baseline.normals
    assert not np.isinf(normals.costs).any()
    assert np.isfinite(normals.traffic).all()
    assert np.isfinite(Costs(*normals.costs)[1:]).all()


def test_an_entry_in_doubt_is_judged_where_both_ends_agree(server):
    """Evicted and back, unseen: the truth lies between what the window shows and all that the entry ever did."""
    slow = {**USUAL, A: {**POINT, "ms": 8.0}}
    before = {"calls": 600.0, "shared_blks_hit": 2400.0, "rows": 600.0}
    agreed, denied = (
        server.baseline.score(matrix(61, slow, before={A: {**before, "total_exec_time": ms}}, doubtful=(A,)))
        for ms in (600 * 8.0, 600 * 0.01)
    )
    exactly = server.score(slow)

    assert agreed.odd[0]
    assert agreed.surprise[0] <= exactly.surprise[0]
    assert denied.z[EXEC, 0] < exactly.z[EXEC, 0]


def test_nothing_is_learned_from_an_entry_in_doubt(server):
    window = matrix(61, USUAL, before={A: {"calls": 600, "total_exec_time": 480}}, doubtful=(A,))
    after = server.baseline.learn(window, server.baseline.score(window))
    there, here = (Costs(*b.normals.costs) for b in (after, server.baseline))

    assert np.array_equal(there.usual[:, 0], here.usual[:, 0])
    assert there.weight[EXEC, 1] != here.weight[EXEC, 1]


def test_a_gap_says_nothing_about_latency(server):
    scores = server.score({**USUAL, A: {**POINT, "ms": 80.0}}, quality=Quality.GAP)

    assert not scores.odd.any()
    assert np.isnan(scores.z[EXEC]).all()


def test_a_stall_of_the_host_is_not_a_hundred_slow_statements():
    statements = {key(n): {**POINT, "ms": 1.0 + n / 10} for n in range(1, 101)}
    server = Server().live(statements, minutes=60)
    stalled = {k: {**w, "ms": 4 * w["ms"]} for k, w in statements.items()}
    one_worse = {**stalled, A: {**stalled[A], "ms": 400.0}}

    assert not server.score(stalled).odd.any()
    assert server.score(one_worse).odd.nonzero()[0].tolist() == [0]


def test_what_is_held_keeps_its_baseline_and_what_is_accepted_moves_there(server):
    baseline, slow = server.baseline, {**USUAL, A: {**POINT, "ms": 8.0}}
    held = matrix(61, slow).window.keys[:1]
    for _ in range(60):
        window = matrix(61, slow)
        scores = baseline.score(window)
        baseline = baseline.learn(window, scores, held_costs=held, held_calls=held)
    assert usual(baseline) == usual(server.baseline)
    assert scores.odd[0]

    baseline = baseline.learn(window, scores, accepted=held)
    assert usual(baseline) == pytest.approx(8.0, rel=0.05)
    assert not baseline.score(window).odd.any()


def test_learning_leaves_the_old_baseline_whole(server):
    before = server.baseline.dumps()
    window = matrix(61, {**USUAL, key(9): RARE})
    after = server.baseline.learn(window, server.baseline.score(window))

    assert server.baseline.dumps() == before
    assert len(after) == len(server.baseline) + 1


def test_a_window_that_may_not_be_judged_teaches_nothing(server):
    window = matrix(61, {**USUAL, A: {**POINT, "ms": 80.0}}, quality=Quality.RESTARTED)

    assert server.baseline.learn(window, server.baseline.score(window)) is server.baseline


def test_what_is_unused_for_long_is_forgotten():
    server = Server(baseline=Baseline.empty(day_windows=10.0)).live(USUAL, minutes=150).live({key(9): RARE})
    server.live({B: REPORT}, minutes=40)
    assert len(server.baseline) == 3, "seen once, three days ago"
    server.live({B: REPORT}, minutes=110)
    assert len(server.baseline) == 1, "unused for two weeks"


def test_a_statement_takes_less_than_a_kilobyte(server):
    n = server.baseline.normals

    assert sum(a.nbytes for a in (n.keys, n.costs, n.traffic, n.life, n.suspicion)) / len(n) < 1000


def test_what_another_version_saved_is_refused(server):
    manifest, arrays = modelfile.unpack(server.baseline.dumps(), "baseline")
    facts = {k: manifest[k] for k in ("day_windows", "windows")}
    fewer = modelfile.pack("baseline", facts, {**arrays, "costs": arrays["costs"][:, :-1]})

    with pytest.raises(errors.ModelFileOutdated):
        Baseline.loads(fewer)


def test_nothing_is_learned_of_scores_that_another_engine_gave(server):
    window = matrix(1000, {key(1): {"calls": 10, "ms": 1.0}})
    scores = replace(server.baseline.score(window), workings=None)

    with pytest.raises(ValueError, match="without their workings"):
        server.baseline.learn(window, scores)
