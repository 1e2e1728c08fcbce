"""A statement's time is the product of its factors, and what is missing stays missing."""

from math import isclose, log, nan

from hypothesis import given
from hypothesis import strategies as st

from pganomaly.explain.arithmetic import taken_apart
from pganomaly.explain.sums import BLOCKS, COSTS, EXEC, READS, ROWS, TEMP, WAL, Sum, Tally
from pganomaly.records import IncidentKind, Key

KEY = Key(1, 2, 3)
amounts = st.floats(0.0, 1e7)
times = st.floats(1e-3, 1e7)


def channel(calls: float, value: float, usual: float, residual: float = 0.0, spread: float = 0.1) -> Sum:
    return Sum().plus(calls, value, usual, residual, spread)


def tally(calls: float, expected: float, **channels: Sum) -> Tally:
    return Tally(
        KEY, IncidentKind.WORK, 1.0, windows=1, seconds=60.0, calls=calls, judged_s=60.0, judged=calls,
        expected=expected, calls_spread2=60.0 * 0.04, server_ms=1e6, sums=channels,
    )  # fmt: skip


@given(
    calls=st.integers(1, 10**6), expected=st.floats(0.1, 1e6), ms=times, usual_ms=times, blocks=amounts,
    usual_blocks=amounts, temp=amounts, usual_temp=amounts,
)  # fmt: skip
def test_the_factors_multiply_to_the_whole(calls, expected, ms, usual_ms, blocks, usual_blocks, temp, usual_temp):
    parts = taken_apart(
        tally(
            calls, expected,
            **{EXEC: channel(calls, ms, usual_ms), BLOCKS: channel(calls, blocks, usual_blocks),
               TEMP: channel(calls, temp, usual_temp)},
        )
    )  # fmt: skip

    product = 1.0
    for factor in parts.factors:
        assert factor.factor is not None
        product *= factor.factor
    assert parts.total.factor is not None
    assert isclose(product, parts.total.factor, rel_tol=1e-9)
    assert isclose(parts.total.value or 0, calls / 60.0 * ms, rel_tol=1e-9)


@given(
    windows=st.lists(st.tuples(st.integers(1, 1000), st.floats(0.1, 1e4)), min_size=1, max_size=10),
    usual=st.floats(0.1, 1e4),
    material=st.floats(0.0, 10.0),
)
def test_windows_add_up_to_the_long_one(windows, usual, material):
    """The residual of a sum of windows is that of one window with all of their calls."""
    added = Sum()
    for calls, value in windows:
        added = added.plus(calls, value, usual, log((value + material) / (usual + material)), 0.1)

    calls = sum(n for n, _ in windows)
    mean = sum(n * value for n, value in windows) / calls
    assert isclose(added.value, mean, rel_tol=1e-9)
    assert isclose(added.residual, log((mean + material) / (usual + material)), rel_tol=1e-6, abs_tol=1e-9)


def test_a_dropped_index_is_more_work_and_nothing_else():
    """Thirty times the blocks for the same rows, at the same pace."""
    parts = taken_apart(
        tally(
            600, 600,
            **{EXEC: channel(600, 3.1, 0.11, 3.3), BLOCKS: channel(600, 309.0, 9.0, 3.3), ROWS: channel(600, 1.0, 1.0)},
        )
    )  # fmt: skip
    calls, work, pace = parts.factors
    rows = parts.parts[0]

    assert calls.factor == 1.0
    assert work.factor == 31.0
    assert 0.8 < (pace.factor or 0) < 1.0
    assert rows.factor == 1.0
    assert (work.certainty or 0) > 0.999
    assert (rows.certainty or 0) < 0.001
    assert work.low is not None
    assert work.high is not None
    assert work.low < 9.0 < work.high < 20.0


def test_what_was_never_seen_cannot_be_said():
    """A new statement has values, and no factor of anything."""
    parts = taken_apart(
        Tally(KEY, IncidentKind.NEW_HEAVY, 1.0, windows=1, seconds=60.0, calls=5.0,
              sums={EXEC: channel(5, 400.0, nan, nan, nan), BLOCKS: channel(5, 1e4, nan, nan, nan)})
    )  # fmt: skip

    for factor in (parts.total, *parts.factors, *parts.parts):
        assert factor.factor is None
        assert factor.usual is None
        assert factor.certainty is None
    assert parts.factors[1].value == 1e4


def test_a_statement_that_fell_silent_has_calls_only():
    parts = taken_apart(tally(0, 600))

    calls, work, pace = parts.factors
    assert calls.factor == 0.0
    assert (work.value, pace.value) == (None, None)
    assert parts.total.value == 0.0


def test_parts_are_each_against_their_own_usual():
    channels = {name: channel(10, 0.0, 0.0) for name in COSTS}
    channels |= {
        BLOCKS: channel(10, 100.0, 100.0),
        READS: channel(10, 90.0, 10.0, 2.0),
        WAL: channel(10, 5e4, 1e3, 3.0),
    }
    rows, hits, reads, temp, wal = taken_apart(tally(10, 10, **channels)).parts

    assert (hits.value, hits.usual) == (10.0, 90.0)
    assert (reads.factor, wal.factor) == (9.0, 50.0)
    assert (rows.factor, temp.factor) == (None, None)
