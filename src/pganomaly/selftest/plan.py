"""Which statements become how much slower, and when: by lot, each as often as every other."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pganomaly.records import KeyArray
from pganomaly.records.grid import F8
from pganomaly.selftest.changes import SIZES

MOST_STATEMENTS = 200
"""Of more the dearest half of so many is tried, and for the other half any of the rest, by lot."""
LEAST_COPIES = 100
"""Of few statements there are several copies each, so that many changes can be tried at one moment."""
MOST_AT_ONCE = 100
"""Copies that are changed at one moment, and never more than half of them: news of 200 statements is cut."""


class Group(NamedTuple):
    """Copies that are changed at one moment, and the times slower that each becomes."""

    copies: NDArray[np.intp]
    sizes: F8


Plan = dict[int, list[Group]]
"""What is changed, by the number of the window in which that begins."""


def chosen(dearest_first: KeyArray, rng: Generator) -> KeyArray:
    """Return the statements that are tried."""
    dearest, others = dearest_first[: MOST_STATEMENTS // 2], dearest_first[MOST_STATEMENTS // 2 :]
    return np.concatenate([dearest, rng.permutation(others)[: MOST_STATEMENTS // 2]])


def copies_each(statements: int) -> int:
    """Return how many copies there are of each of so many statements."""
    return -(-LEAST_COPIES // statements)


def planned(copies: int, trials: int, rng: Generator, *, first: int, last: int) -> Plan:
    """
    Return what is tried at which windows from *first* to before *last*: each size *trials* times at least.

    In six rounds every copy is tried with every size, in an order of its own.
    """
    plan: Plan = defaultdict(list)
    sizes, begin = np.array(SIZES), rng.integers(len(SIZES), size=copies)
    groups = -(-copies // min(max(copies // 2, 1), MOST_AT_ONCE))
    for number in range(len(SIZES) * -(-trials // copies)):
        for group in np.array_split(rng.permutation(copies), groups):
            plan[int(rng.integers(first, last))].append(Group(group, sizes[(begin[group] + number) % len(SIZES)]))
    return plan
