"""Who takes processors away slows down those that compute for long: they have that in common, and not with the rest."""

from dataclasses import replace
from math import isnan, log

import numpy as np
import pytest

from pganomaly.explain import Case, clues
from pganomaly.explain.fellows import of_fellows
from pganomaly.explain.sums import BLOCKS, EXEC, PACE, READS, TEMP, Sum, Tally
from pganomaly.explain.surroundings import Mean
from pganomaly.records import IncidentKind, Key, Scores, Shapes
from tests.explain.test_cases import matrix
from tests.incidents.scores import WELL, end_of, scores

SHORT = [Key(5, 10, n) for n in range(1, 21)]
LONG = [Key(5, 10, n) for n in range(21, 27)]
CHANNELS = (EXEC, BLOCKS, PACE, READS, TEMP)
SLOWER = log(2.5)


def seen(slow: set[Key], *, working: set[Key] | frozenset[Key] = frozenset()) -> Scores:
    """Return a window in which some take 2.5 times as long as ever, and some do ten times the work."""
    told = scores(1, dict.fromkeys([*SHORT, *LONG], WELL))
    keys = [Key(*row) for row in told.keys.tolist()]
    usual = np.zeros((len(CHANNELS), len(keys)))
    usual[0] = [8.0 if k in LONG else 0.1 for k in keys]
    residual = np.zeros_like(usual)
    residual[1] = [log(10.0) if k in working else 0.0 for k in keys]
    residual[2] = [SLOWER if k in slow else 0.0 for k in keys]
    return replace(
        told, channels=CHANNELS, usual=usual, residual=residual, spread=np.full_like(usual, 0.2), value=usual
    )


def fellows(window: Scores, key: Key) -> float:
    return of_fellows(window, matrix(window), [(key, 1.0)])["fellows"]


def test_those_that_take_as_long_are_as_slow_where_processors_are_taken():
    window = seen(set(LONG))

    assert fellows(window, LONG[0]) == pytest.approx(SLOWER)
    assert fellows(window, SHORT[0]) == 0.0, "most of all statements are short"


def test_who_is_slow_alone_has_nothing_in_common_with_anybody():
    assert fellows(seen({LONG[0]}), LONG[0]) == 0.0


def test_who_does_more_work_is_slow_for_that():
    assert isnan(fellows(seen(set(LONG), working=set(LONG[1:])), LONG[0])), "nobody is left to compare with"


def test_what_fellows_share_is_no_pace_of_its_own():
    slow = Tally(
        LONG[0], IncidentKind.LATENCY, 0.1, windows=1, seconds=60.0, calls=10.0,
        sums={PACE: Sum().plus(10.0, 0.05, 0.02, SLOWER, 0.1)},
    )  # fmt: skip

    def told(**around: float) -> dict[str, float]:
        return clues.seen(Case("i1", end_of(0), 1, (slow,), {n: Mean().plus(x) for n, x in around.items()}), Shapes())

    assert told(pace=0.0)["pace_up"] > 0.4
    assert told(pace=0.0, fellows=SLOWER)["pace_up"] == 0.0
    assert told(pace=0.0, fellows=SLOWER)["crowd_slow"] > 1.0 > told(pace=0.0)["crowd_slow"]
