"""What is remembered of texts: never asked twice for what was read, with growing pauses for what was not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pganomaly.collect import KnownTexts
from pganomaly.collect.known import LONGEST_RETRY_S, RETRY_S
from pganomaly.records import Key, Text, TextState, keys_of

A, B = Key(5, 10, 1), Key(5, 10, 2)


def test_what_was_read_is_never_asked_for_again() -> None:
    known = KnownTexts()
    assert known.wanted(keys_of([A, B]), 0.0).all()
    known.note([Text(A, TextState.READ, "SELECT 1")], 0.0)
    assert [False, True] == known.wanted(keys_of([A, B]), 1e9).tolist()


def test_toplevel_alone_makes_another_statement() -> None:
    known = KnownTexts()
    known.note([Text(A, TextState.READ, "SELECT 1")], 0.0)
    assert known.wanted(keys_of([A._replace(toplevel=False)]), 0.0).all()


def test_each_failure_doubles_the_pause_and_success_ends_it() -> None:
    known, at_s, pauses = KnownTexts(), 0.0, []
    for _ in range(10):
        known.note([Text(A, TextState.UNREADABLE)], at_s)
        start_s = at_s
        while not known.wanted(keys_of([A]), at_s).any():
            at_s += RETRY_S / 2
        pauses.append(at_s - start_s)
    assert [RETRY_S, 2 * RETRY_S, 4 * RETRY_S] == pauses[:3]
    assert LONGEST_RETRY_S == pauses[-1]

    known.note([Text(A, TextState.READ, "SELECT 1")], at_s)
    assert not known.wanted(keys_of([A]), 1e9).any()


def test_what_was_lost_is_asked_for_again() -> None:
    known = KnownTexts(keys_of([A, B]))
    known.forget(keys_of([A]))
    assert [True, False] == known.wanted(keys_of([A, B]), 0.0).tolist()


def test_memory_is_bounded_by_what_the_server_has() -> None:
    """Temporary tables make endless new queryids on 17 and before."""
    known, current = KnownTexts(), keys_of([A, B])
    for turn in range(100):
        churn = [Key(5, 10, turn * 1000 + n) for n in range(100, 200)]
        known.note([Text(key, TextState.READ, "") for key in [A, B, *churn]], 0.0)
        known.shrink(current)
    assert len(known) < 2000
    assert not known.wanted(current, 0.0).any()


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from(TextState)), max_size=30))
def test_it_agrees_with_a_plain_dictionary(events: list[tuple[int, TextState]]) -> None:
    known, model = KnownTexts(), dict[int, tuple[float, int]]()
    for at, (queryid, state) in enumerate(events):
        at_s = 100.0 * at
        known.note([Text(Key(5, 10, queryid), state)], at_s)
        failures = 0 if state is TextState.READ else model.get(queryid, (0.0, 0))[1] + 1
        pause_s = min(RETRY_S * 2.0 ** (failures - 1), LONGEST_RETRY_S)
        model[queryid] = (np.inf if state is TextState.READ else at_s + pause_s, failures)
    now_s = 100.0 * len(events)
    expected = [queryid not in model or model[queryid][0] <= now_s for queryid in range(1, 10)]
    assert expected == known.wanted(keys_of(Key(5, 10, queryid) for queryid in range(1, 10)), now_s).tolist()
