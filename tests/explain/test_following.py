"""A page that asks for every row by itself does so as often as it is asked for; a scraper comes as he likes."""

from dataclasses import replace
from math import isnan

import numpy as np
from numpy.random import default_rng

from pganomaly.catalog import DELTAS
from pganomaly.explain import Case, dumps, loads
from pganomaly.explain.following import WINDOWS, Trail, after
from pganomaly.records import Deltas, Key
from tests.explain.test_cases import matrix
from tests.incidents.scores import ODD, WELL, end_of, scores

CHILD, LIST, *OTHERS = (Key(5, 10, n) for n in range(1, 9))
STRANGER = Key(5, 11, 1)
USUAL = 20.0
"""Calls of each in a minute."""


def watched(
    windows: int, *, of_each: int = 0, scraped: int = 0, rows: bool = False, page: bool = False
) -> Trail | None:
    """
    Return the trail of some windows in which each page that is asked for looks up so many rows, or somebody scrapes.

    rows  pages have now few rows, now many, and look up each
    page  somebody scrapes all that a page asks for
    """
    rng, trail = default_rng(4), None
    for minute in range(windows):
        calls = {key: int(rng.poisson(USUAL)) + 5 for key in (CHILD, LIST, *OTHERS, STRANGER)}
        listed = int(rng.integers(1, 2 * of_each, calls[LIST]).sum()) if rows else of_each * calls[LIST]
        visits = int(rng.poisson(scraped)) if scraped else 0
        calls[CHILD] += listed + visits
        calls[OTHERS[0]] += visits if page else 0
        told = scores(minute + 1, {CHILD: ODD, **dict.fromkeys((LIST, *OTHERS, STRANGER), WELL)})
        counts = np.ones((len(DELTAS), len(told)))
        keys = [Key(*row) for row in told.keys.tolist()]
        counts[DELTAS.index("calls")] = [calls[key] for key in keys]
        counts[DELTAS.index("rows")] = [listed if key == LIST else calls[key] for key in keys]
        told = replace(
            told,
            window=replace(told.window, deltas=Deltas(DELTAS, counts)),
            channels=("calls_per_sec", "rows_per_call"),
            usual=np.full((2, len(keys)), (USUAL + 5) / told.window.length_s),
        )
        trail = after(trail, told, matrix(told), [CHILD])
    return trail


def follows(windows: int = 12, *, of_each: int = 0, scraped: int = 0, rows: bool = False) -> float:
    trail = watched(windows, of_each=of_each, scraped=scraped, rows=rows)
    assert trail is not None
    return trail.follows


def test_whoever_asks_for_each_row_of_a_list_follows_the_list():
    assert follows(of_each=20) > 0.9


def test_pages_of_few_rows_and_of_many_are_followed_by_their_rows():
    assert follows(of_each=20, rows=True) > 0.9


def test_whoever_scrapes_follows_nobody():
    assert follows(scraped=400) < 0.5


def test_what_is_asked_for_on_one_page_is_asked_for_as_often():
    def company(trail: Trail | None) -> int:
        assert trail is not None
        return trail.company

    assert company(watched(1, scraped=400, page=True)) == 2
    assert company(watched(1, scraped=400)) == 1
    assert company(watched(1, of_each=20)) == 1, "a list is asked for as ever"


def test_it_takes_some_windows_to_be_told():
    assert isnan(follows(WINDOWS - 1, of_each=20))
    assert follows(WINDOWS, of_each=20) > 0.9


def test_nobody_follows_who_is_called_as_ever():
    assert watched(3) is None


def test_a_trail_survives_a_checkpoint():
    trail = watched(6, of_each=20)
    (again,) = loads(dumps((Case("i1", end_of(0), trail=trail),)))

    assert again.trail == trail
