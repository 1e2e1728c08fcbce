"""When a delta is true: the entry's own work between two moments, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pganomaly import deltas
from pganomaly.records import Quality, Window
from tests.builders import SERVER, at, key, reset, restarted, snapshot

A, B, NEW = key(1), key(2), key(3)


def calls_of(window: Window) -> dict[int, float]:
    return dict(zip(window.keys["queryid"].tolist(), window.deltas["calls"].tolist(), strict=True))


def test_only_statements_that_ran_are_in_a_window():
    older = snapshot(0, {A: {"calls": 10, "total_exec_time": 5.0}, B: {"calls": 7}})
    newer = snapshot(60, {A: {"calls": 13, "total_exec_time": 8.5}, B: {"calls": 7}})

    window = deltas.between(older, newer)

    assert calls_of(window) == {1: 3}
    assert window.deltas["total_exec_time"].tolist() == [3.5]
    assert window.before["calls"].tolist() == [10]
    assert (window.start, window.end, window.length_s, window.quality) == (at(0), at(60), 60.0, Quality.OK)


def test_two_entries_may_differ_in_toplevel_alone():
    nested = key(1, toplevel=False)
    older = snapshot(0, {A: {"calls": 1}, nested: {"calls": 1}})
    newer = snapshot(60, {nested: {"calls": 9}, A: {"calls": 2}})

    window = deltas.between(older, newer)

    assert sorted(zip(window.keys["toplevel"].tolist(), window.deltas["calls"].tolist(), strict=True)) == [
        (False, 8.0),
        (True, 1.0),
    ]


def test_what_moved_without_a_call_waits_for_the_next_call():
    first = snapshot(0, {A: {"calls": 5, "plans": 5}})
    failed_plan = snapshot(60, {A: {"calls": 5, "plans": 6}})
    ran = snapshot(120, {A: {"calls": 6, "plans": 7}})

    kept = deltas.reference(first, failed_plan)

    assert len(deltas.between(first, failed_plan)) == 0
    assert deltas.moved(first, failed_plan).tolist() == [True]
    window = deltas.between(kept, ran)
    assert calls_of(window) == {1: 1}
    assert window.deltas["plans"].tolist() == [2]
    assert window.start == at(60)


def test_a_step_is_a_window_and_what_the_next_one_counts_from():
    first = snapshot(0, {A: {"calls": 5, "plans": 5}, B: {"calls": 1}})
    second = snapshot(60, {A: {"calls": 5, "plans": 6}, B: {"calls": 4}})

    window, kept = deltas.step(first, second)

    assert window is not None
    assert np.array_equal(window.deltas.values, deltas.between(first, second).deltas.values, equal_nan=True)
    assert np.array_equal(kept.counters.values, deltas.reference(first, second).counters.values, equal_nan=True)
    assert deltas.step(None, second) == (None, second)


def test_a_new_entry_counts_from_zero():
    older = snapshot(0, {A: {"calls": 5}})
    newer = snapshot(60, {A: {"calls": 5}, NEW: {"calls": 4}})

    window = deltas.between(older, newer)

    assert calls_of(window) == {3: 4}
    assert window.before["calls"].tolist() == [0]


def test_a_new_entry_gives_no_delta_while_some_entries_were_hidden():
    """Somebody granted us pg_monitor: what we see for the first time may be old."""
    older = snapshot(0, {A: {"calls": 5}}, hidden=3)
    newer = snapshot(60, {A: {"calls": 5}, NEW: {"calls": 4000}})

    assert calls_of(deltas.between(older, newer)) == {}


def test_stats_since_proves_that_an_entry_is_old_though_we_never_saw_it():
    older = snapshot(0, {A: {"calls": 5}}, since={A: -100}, hidden=3)
    newer = snapshot(60, {A: {"calls": 5}, NEW: {"calls": 4000}, B: {"calls": 2}}, since={A: -100, NEW: -50, B: 30})

    assert calls_of(deltas.between(older, newer)) == {2: 2}


def test_a_first_call_that_began_before_the_window_and_ended_in_it_counts():
    """An entry carries the moment when its first call began, and is shown when that call ended: pg_sleep(5)."""
    older = snapshot(0, {A: {"calls": 5}}, since={A: -100})
    newer = snapshot(1, {A: {"calls": 5}, NEW: {"calls": 1}}, since={A: -100, NEW: -4})

    window = deltas.between(older, newer)

    assert calls_of(window) == {3: 1}
    assert window.before["calls"].tolist() == [0]


def test_an_old_entry_of_another_server_is_not_new():
    older = snapshot(0, {A: {"calls": 5}}, since={A: -100})
    newer = snapshot(
        60, {A: {"calls": 9}, NEW: {"calls": 4000}}, since={A: -90, NEW: -50}, epoch=replace(SERVER, timeline=2)
    )

    assert calls_of(deltas.between(older, newer)) == {}


def test_evicted_and_back_is_a_new_entry_where_the_server_dates_entries():
    """calls 1, evicted, back with 5: the naive delta says 4, the truth is 5, nothing is negative."""
    older = snapshot(0, {A: {"calls": 1}}, since={A: -100})
    newer = snapshot(60, {A: {"calls": 5}}, since={A: 20}, dealloc=1)

    window = deltas.between(older, newer)

    assert calls_of(window) == {1: 5}
    assert not window.doubtful.any()


def test_evicted_and_back_is_doubtful_where_entries_have_no_date():
    busy = {key(100 + n): {"calls": 1000 + n} for n in range(30)}
    older = snapshot(0, {A: {"calls": 1}, **busy})
    newer = snapshot(60, {A: {"calls": 5}, **{k: {"calls": v["calls"] + 50} for k, v in busy.items()}}, dealloc=1)

    window = deltas.between(older, newer)

    doubtful = {q for q, doubt in zip(window.keys["queryid"].tolist(), window.doubtful, strict=True) if doubt}
    assert 1 in doubtful
    assert key(129).queryid not in doubtful
    first = window.keys["queryid"].tolist().index(1)
    assert (window.deltas["calls"][first], (window.before["calls"] + window.deltas["calls"])[first]) == (4, 5)


@pytest.mark.parametrize("counter", ["calls", "rows", "shared_blks_hit", "wal_bytes", "total_plan_time"])
def test_a_counter_that_went_back_gives_no_delta(counter):
    numbers = {"calls": 5, counter: 50}
    older = snapshot(0, {A: numbers, B: {"calls": 1}})
    newer = snapshot(60, {A: {"calls": 9, counter: 3}, B: {"calls": 2}})

    assert calls_of(deltas.between(older, newer)) == {2: 1}


def test_a_slowest_call_that_became_faster_is_another_entry_on_old_extensions():
    older = snapshot(0, {A: {"calls": 5, "max_exec_time": 9.0}, B: {"calls": 1}})
    newer = snapshot(60, {A: {"calls": 9, "max_exec_time": 2.0}, B: {"calls": 2}})

    assert calls_of(deltas.between(older, newer)) == {2: 1}


def test_a_reset_of_extremes_alone_loses_nothing_where_entries_are_dated():
    older = snapshot(0, {A: {"calls": 5, "max_exec_time": 9.0}}, since={A: -100})
    newer = snapshot(60, {A: {"calls": 9, "max_exec_time": 2.0}}, since={A: -100})

    assert calls_of(deltas.between(older, newer)) == {1: 4}


def test_a_reset_of_everything_silences_the_window_and_loses_no_later_call():
    older = snapshot(0, {A: {"calls": 500}, B: {"calls": 9}})
    newer = snapshot(60, {A: {"calls": 3}, B: {"calls": 12}}, epoch=reset(SERVER, 30))

    window = deltas.between(older, newer)

    assert window.quality is Quality.RESET
    assert window.quality.silent
    assert calls_of(window) == {1: 3, 2: 12}


def test_a_reset_that_the_server_does_not_tell_of_is_seen_in_the_entries():
    """Extension 1.8 has no stats_reset: most entries gone or fallen is a reset."""
    untold = replace(SERVER, stats_reset=None)
    older = snapshot(0, {A: {"calls": 500}, B: {"calls": 9}, NEW: {"calls": 4}}, epoch=untold, dealloc=None)
    newer = snapshot(60, {A: {"calls": 3}, NEW: {"calls": 10}}, epoch=untold, dealloc=None)

    window = deltas.between(older, newer)

    assert window.quality is Quality.RESET
    assert calls_of(window) == {}


def test_a_clean_restart_keeps_counters_and_silences_the_window():
    older = snapshot(0, {A: {"calls": 5}})
    newer = snapshot(60, {A: {"calls": 9}}, epoch=restarted(SERVER, 30))

    window = deltas.between(older, newer)

    assert window.quality is Quality.RESTARTED
    assert calls_of(window) == {1: 4}


def test_a_restart_proves_nothing_where_the_server_does_not_tell_of_resets():
    untold = replace(SERVER, stats_reset=None)
    older = snapshot(0, {A: {"calls": 3}}, epoch=untold, dealloc=None)
    newer = snapshot(60, {A: {"calls": 10}}, epoch=restarted(untold, 30), dealloc=None)

    assert calls_of(deltas.between(older, newer)) == {}


def test_another_server_behind_the_same_address_gives_no_delta():
    older = snapshot(0, {A: {"calls": 3}})
    newer = snapshot(60, {A: {"calls": 10}}, epoch=replace(SERVER, system_identifier=8, stats_reset=at(-7000)))

    window = deltas.between(older, newer)

    assert window.quality is Quality.FAILED_OVER
    assert calls_of(window) == {}


def test_a_promoted_standby_is_silent_for_one_window():
    older = snapshot(0, {A: {"calls": 3}}, epoch=replace(SERVER, in_recovery=True))
    newer = snapshot(60, {A: {"calls": 10}}, epoch=replace(SERVER, timeline=2))

    window = deltas.between(older, newer)

    assert window.quality is Quality.FAILED_OVER
    assert calls_of(window) == {1: 7}


def test_a_window_much_longer_than_the_interval_is_a_gap_with_true_deltas():
    older = snapshot(0, {A: {"calls": 3}})
    newer = snapshot(600, {A: {"calls": 10}})

    window = deltas.between(older, newer)

    assert window.quality is Quality.GAP
    assert not window.quality.silent
    assert calls_of(window) == {1: 7}
    assert deltas.between(older, newer, usual_s=300).quality is Quality.OK


def test_a_clock_that_jumps_forward_is_not_believed():
    older = snapshot(0, {A: {"calls": 3}})
    newer = snapshot(3660, {A: {"calls": 10}}, monotonic_s=60)

    window = deltas.between(older, newer)

    assert (window.quality, window.length_s) == (Quality.CLOCK, 60.0)


def test_bounds_never_go_back_and_the_next_window_is_judged_again():
    first = snapshot(0, {A: {"calls": 3}})
    jumped = deltas.steady(first, snapshot(-3540, {A: {"calls": 4}}, monotonic_s=60))
    after = deltas.steady(jumped, snapshot(-3480, {A: {"calls": 5}}, monotonic_s=120))

    during, next_one = deltas.between(first, jumped), deltas.between(jumped, after)

    assert (during.start, during.end, during.quality) == (at(0), at(60), Quality.CLOCK)
    assert (next_one.start, next_one.end, next_one.quality) == (at(60), at(120), Quality.OK)
    assert next_one.length_s == 60.0


def test_a_counter_that_the_server_does_not_have_stays_unknown():
    older, newer = snapshot(0, {A: {"calls": 3}}), snapshot(60, {A: {"calls": 4}})
    newer.counters["jit_ms"][:] = np.nan

    window = deltas.between(older, newer)

    assert np.isnan(window.deltas["jit_ms"]).all()
    assert window.deltas["rows"].tolist() == [0]


times = st.lists(st.floats(0.001, 1e5), min_size=1, max_size=40)


def entry(executions: list[float]) -> dict[str, float]:
    """What PostgreSQL would hold after these executions."""
    return {
        "calls": len(executions),
        "total_exec_time": float(np.sum(executions)),
        "stddev_exec_time": float(np.std(executions)) if executions else 0.0,
        "min_exec_time": min(executions, default=0.0),
        "max_exec_time": max(executions, default=0.0),
    }


@given(times, times)
def test_the_spread_within_a_window_is_recovered(past, now):
    window = deltas.between(snapshot(0, {A: entry(past)}), snapshot(60, {A: entry(past + now)}))

    expected = float(np.var(now) * len(now))
    scale = float(np.sum(np.square(past + now)))
    assert window.deltas["exec_m2"][0] == pytest.approx(expected, abs=1e-9 * scale + 1e-9)


@given(times, times, times)
def test_two_windows_add_up_to_the_long_one(past, first, second):
    a, b, c = (snapshot(60 * i, {A: entry(x)}) for i, x in enumerate([past, past + first, past + first + second]))

    short = [deltas.between(a, b), deltas.between(b, c)]
    long = deltas.between(a, c)

    for name in ("calls", "rows", "total_exec_time"):
        assert sum(w.deltas[name][0] for w in short) == pytest.approx(long.deltas[name][0], rel=1e-9)
