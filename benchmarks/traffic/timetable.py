"""When what is injected: every fault and every benign event at least once, with quiet time in between."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from benchmarks.traffic.benign import BENIGN, restart
from benchmarks.traffic.events import Event, NoTargetError, Scene
from benchmarks.traffic.faults import FAULTS, slow_drift, table_lock
from benchmarks.traffic.workload import F8, Workload

FIRST_GAP = 18
GAPS = (16, 30)
LENGTHS = (9, 20)
DRIFT_WINDOWS = 30


Make = Callable[[Scene], Event]


def plan(workload: Workload, rhythm: F8, rng: Generator, *, more: tuple[Make, ...] = ()) -> tuple[Event, ...]:
    """Return what happens after the profile's training windows, in order of time; *more* are further faults."""
    p = workload.profile
    events: list[Event] = []
    used: set[int] = set()
    at = p.train_windows + FIRST_GAP
    for make, length in _order(rng, (*FAULTS, *more)):
        if at + length + LENGTHS[0] > p.windows:
            break
        try:
            event = make(_scene(workload, rhythm, rng, at, length, used))
        except NoTargetError:
            continue
        events.append(event)
        at = event.last + 1 + int(rng.integers(*GAPS))
    return tuple(events)


def calm(workload: Workload, rhythm: F8, rng: Generator) -> tuple[Event, ...]:
    """Return what people do to a server in quiet weeks: everything benign, one thing a day, around noon."""
    p = workload.profile
    used: set[int] = set()
    kinds = [one for one in BENIGN if one[0] is not restart]
    made = []
    for day, i in enumerate(rng.permutation(len(kinds))):
        make, length = kinds[i]
        at = int((day + rng.uniform(0.4, 0.6)) * p.day_windows)
        if at + length > p.windows:
            break
        made.append(make(_scene(workload, rhythm, rng, at, length, used)))
    return tuple(made)


def _order(rng: Generator, faults: tuple[Make, ...]) -> list[tuple[Make, int]]:
    """Return everything once in a random order, then faults over and over."""

    def length(make: object) -> int:
        return DRIFT_WINDOWS if make is slow_drift else int(rng.integers(*LENGTHS))

    first = [(make, length(make)) for make in (*faults, table_lock)] + list(BENIGN)
    order = [first[i] for i in rng.permutation(len(first))]
    order.sort(key=lambda one: one[0] is restart)  # a restart last: what it cools down stays cold for a while
    more = [faults[i] for _ in range(3) for i in rng.permutation(len(faults))]
    return order + [(make, length(make)) for make in more]


def _scene(workload: Workload, rhythm: F8, rng: Generator, first: int, windows: int, used: set[int]) -> Scene:
    level = rhythm[:, first : first + windows].mean(axis=1)
    role = np.array([s.role for s in workload.statements])
    calls = workload.usual_calls() * np.where(role < 0, 1.0, level[np.maximum(role, 0)])
    return Scene(workload, rng, calls, workload.usual_ms(), first, windows, used)
