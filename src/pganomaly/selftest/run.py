"""
The past, judged once as it was, and at many moments once more as it would have been.

A Judgement is a value: at any moment of the replay it can be taken aside, shown a future in which some statements are
slower, and forgotten. What was tried at one moment leaves no trace at the next.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.random import Generator

from pganomaly import features, pipeline
from pganomaly.detectors import Forest
from pganomaly.pipeline import Judgement, Rules
from pganomaly.records import KeyArray, Outsiders, Shapes, Window, keys_of, locate
from pganomaly.records.grid import F8
from pganomaly.selftest.changes import slower
from pganomaly.selftest.crowd import Crowd
from pganomaly.selftest.plan import Group, Plan, chosen, copies_each, planned
from pganomaly.selftest.result import NotEnough, SelfTest
from pganomaly.selftest.survey import Survey, survey
from pganomaly.selftest.tally import Trials, tallied

PATIENCE = 30
"""Windows within which a change must be found."""
NEEDED = 4 * PATIENCE
"""Windows without which nothing is tested: half of them are only learned from."""
TRIALS = 400
"""Changes of each size, at least."""

_NEVER = datetime.min.replace(tzinfo=UTC)

Windows = Callable[[], Iterable[Window]]
"""Gives the past, oldest first, as often as it is asked for."""
Progress = Callable[[float], None]
"""Is told which share of the work is done."""


def run(
    windows: Windows,
    *,
    shapes: Shapes,
    outsiders: Outsiders,
    rules: Rules,
    rng: Generator,
    trials: int = TRIALS,
    patience: int = PATIENCE,
    progress: Progress | None = None,
) -> SelfTest | NotEnough:
    """
    Return what would be caught in the newer part of *windows*, after learning from the older one.

    trials    changes of each size, at least
    patience  windows within which a change must be found
    """
    seen = survey(windows())
    learned = min(round(rules.day_windows), seen.windows // 2)
    lively = seen.lively(shapes, outsiders)
    if seen.windows - learned < 2 * patience or not len(lively):
        return NotEnough(seen.windows, 4 * patience, len(lively))
    tried = chosen(lively, rng)
    crowd = Crowd.of(tried, copies_each(len(tried)), rng)
    plan = planned(len(crowd), trials, rng, first=learned, last=seen.windows - patience)
    world = _World(crowd, crowd.shapes(shapes), outsiders, rules, patience)
    return world.tested(windows(), seen, learned, plan, len(tried), progress or (lambda _: None))


@dataclass(frozen=True, slots=True, eq=False)
class _World:
    """Everything that stays the same during a test."""

    crowd: Crowd
    shapes: Shapes
    outsiders: Outsiders
    rules: Rules
    patience: int

    def tested(
        self,
        windows: Iterable[Window],
        seen: Survey,
        learned: int,
        plan: Plan,
        lively: int,
        progress: Progress,
    ) -> SelfTest:
        judgement = Judgement.empty(self.rules)
        results: list[Trials] = []
        alarms: set[str] = set()
        since = upto = _NEVER
        for number, (window, *future) in enumerate(_with_future(map(self.crowd.joining, windows), self.patience)):
            results += [self._tried(judgement, group, (window, *future)) for group in plan.get(number, ())]
            decision = self._decided(judgement, window)
            judgement = decision.judgement
            if number >= learned:
                since, upto = window.start if number == learned else since, window.end
                alarms |= {c.incident.incident_id for c in decision.changes if c.incident.told_at == window.end}
            progress((number + 1) / seen.windows)
        return SelfTest(
            since=since,
            upto=upto,
            windows=seen.windows - learned,
            window_s=seen.window_s,
            statements=lively,
            other_statements=len(seen.keys) - lively,
            patience=self.patience,
            alarms=len(alarms),
            days=(seen.windows - learned) / self.rules.day_windows,
            cells=tallied(results, self.crowd, seen.shares(self.crowd.originals)),
        )

    def _decided(self, judgement: Judgement, window: Window) -> pipeline.Decision:
        matrix = features.build(window, self.shapes, self.outsiders)
        return pipeline.decide(judgement, matrix, Forest.untrained(), self.rules, shapes=self.shapes)

    def _tried(self, judgement: Judgement, group: Group, future: Sequence[Window]) -> Trials:
        """Return after how many windows of a changed future each copy of a group was told of; NaN where it was not."""
        well = locate(self.crowd.keys[group.copies], told_of(judgement)) < 0
        copies, sizes = group.copies[well], group.sizes[well]
        changed = self.crowd.keys[copies]
        delay: F8 = np.full(len(copies), np.nan)
        for number, window in enumerate(future, 1):
            here = locate(changed, window.keys)
            times = np.ones(len(window))
            times[here[here >= 0]] = sizes[here >= 0]
            judgement = self._decided(judgement, slower(window, times)).judgement
            found = locate(changed, told_of(judgement)) >= 0
            delay[found & np.isnan(delay)] = number
            if not np.isnan(delay).any():
                break
        return Trials(copies, sizes, delay)


def told_of(judgement: Judgement) -> KeyArray:
    """Return the statements of all incidents that people have been told of and that are not over."""
    return keys_of(m.key for i in judgement.desk.open if i.told for m in i.members)


def _with_future(windows: Iterable[Window], count: int) -> Iterator[tuple[Window, ...]]:
    """Yield every window with those that follow it, *count* in all while there are so many."""
    waiting: deque[Window] = deque()
    for window in windows:
        waiting.append(window)
        if len(waiting) == count:
            yield tuple(waiting)
            waiting.popleft()
    while waiting:
        yield tuple(waiting)
        waiting.popleft()
