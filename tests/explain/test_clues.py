"""Clues that tell kin apart: what is begun and not committed, what is silent while others are not, equal blocks."""

from dataclasses import replace
from math import isnan, log

import numpy as np
import pytest

from pganomaly import lexical
from pganomaly.catalog import DELTAS
from pganomaly.explain import Case, clues
from pganomaly.explain.sums import BLOCKS, ROWS, Sum, Tally
from pganomaly.explain.surroundings import Mean, of_transactions
from pganomaly.records import Deltas, IncidentKind, Key, Shapes
from tests.incidents.scores import ODD, WELL, end_of, scores

SLOW, OTHER, BEGIN, COMMIT, COUNT, SORTED = (Key(5, 10, n) for n in range(1, 7))
USUAL_PER_S = 0.5
SHAPES = Shapes() | {
    SLOW: lexical.describe("SELECT 1 FROM goods"),
    BEGIN: lexical.describe("BEGIN"),
    COMMIT: lexical.describe("COMMIT"),
    COUNT: lexical.describe("SELECT count(*) FROM reviews WHERE product_id = $1"),
    SORTED: lexical.describe("SELECT words FROM reviews WHERE product_id = $1 ORDER BY at LIMIT 20"),
}


def unfinished(begun: int, committed: int) -> float:
    return transactions(begun, committed)["unfinished"]


def transactions(begun: int, committed: int, *, looked_up: int = 30) -> dict[str, float]:
    """Return how a minute looks in which a role does each so often, usually 30 times each."""
    seen = scores(1, {SLOW: ODD, BEGIN: WELL, COMMIT: WELL})
    counts = np.ones((len(DELTAS), 3))
    calls = {SLOW: looked_up, BEGIN: begun, COMMIT: committed}
    counts[DELTAS.index("calls")] = [calls[Key(*row)] for row in seen.keys.tolist()]
    window = replace(seen.window, deltas=Deltas(DELTAS, counts))
    usual = np.full((1, 3), USUAL_PER_S)
    told = replace(seen, window=window, channels=("calls_per_sec",), usual=usual)
    return of_transactions(told, SHAPES, [SLOW])


@pytest.mark.parametrize(("begun", "committed"), [(30, 30), (300, 300), (0, 0)])
def test_what_is_begun_and_committed_is_finished(begun: int, committed: int):
    assert unfinished(begun, committed) == pytest.approx(0.0)


def test_what_is_begun_again_and_again_and_never_committed_is_not():
    assert unfinished(300, 30) == pytest.approx(log(303 / 33))
    assert unfinished(300, 0) > unfinished(300, 30) > unfinished(60, 30) > 0


def test_what_is_asked_for_more_often_is_tried_again_only_where_transactions_are_lost():
    assert transactions(330, 30, looked_up=330)["tried"] == pytest.approx(1.0)
    assert transactions(330, 330, looked_up=330)["tried"] == pytest.approx(0.0), "more visitors"
    assert transactions(30, 30, looked_up=630)["tried"] == pytest.approx(0.0), "more of one page"
    assert isnan(transactions(30, 30)["tried"]), "nothing is asked for more often"


def member(key: Key, kind: IncidentKind = IncidentKind.WORK, *, blocks: float = 1.0, usual: float = 1.0) -> Tally:
    sums = {
        BLOCKS: Sum().plus(10.0, blocks, usual, log(blocks / usual), 0.1),
        ROWS: Sum().plus(10.0, 1.0, 1.0, 0.0, 0.1),
    }
    return Tally(key, kind, 0.1, windows=1, seconds=60.0, calls=10.0, sums=sums)


def seen(*members: Tally, **around: float) -> dict[str, float]:
    means = {name: Mean().plus(figure) for name, figure in around.items()}
    return clues.seen(Case("i1", end_of(0), 1, members, means), SHAPES)


def test_a_lost_index_makes_unequal_statements_equal_and_dead_rows_do_not():
    lookup = member(SLOW, blocks=5000.0, usual=4.0)
    assert seen(lookup, member(OTHER, blocks=5000.0, usual=400.0))["levelled"] > 0.5
    swollen = member(OTHER, blocks=4000.0, usual=400.0)
    assert seen(member(SLOW, blocks=40.0, usual=4.0), swollen)["levelled"] < -0.5
    assert seen(lookup)["levelled"] == 0.0, "one alone says nothing"


def test_one_by_one_is_one_statement_that_looks_something_up():
    def called(key: Key) -> Tally:
        return replace(member(key, IncidentKind.TRAFFIC), judged_s=60.0, judged=600.0, expected=30.0)

    assert seen(called(COUNT))["one_by_one"] == 1.0
    assert seen(called(SORTED))["one_by_one"] == 0.0, "a list is no lookup"
    assert seen(called(COUNT), called(SORTED))["one_by_one"] == 0.0, "a page with all that it asks for"


def test_who_falls_silent_while_others_of_his_role_do_not_was_given_up():
    silent = member(SLOW, IncidentKind.SILENCE)
    assert seen(silent, others_up=0.3)["instead"] > 1.0
    assert seen(silent, others_up=0.0)["instead"] == 0.0
    assert seen(member(SLOW), others_up=0.3)["instead"] == 0.0


def test_a_trend_takes_some_windows_to_be_seen():
    early, late = (
        Case("i1", end_of(0), 9, (member(SLOW),), {}, levels) for levels in ((1.0, 2.0), (0.5,) * 3 + (2.0,) * 3)
    )
    assert np.isnan(clues.seen(early, SHAPES)["growth"])
    assert clues.seen(late, SHAPES)["growth"] > 1.0
    assert clues.seen(late, SHAPES)["fade"] == 0.0
