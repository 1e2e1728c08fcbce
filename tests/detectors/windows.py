"""Windows said in few words: what each statement did, per minute, and what it had done before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import numpy as np

from pganomaly import features, incidents
from pganomaly.catalog import COUNTERS, DELTAS
from pganomaly.detectors import Baseline
from pganomaly.incidents import AlertSettings, Desk
from pganomaly.records import (
    Change,
    ChangeKind,
    Counters,
    Deltas,
    Incident,
    Key,
    Matrix,
    Quality,
    Scores,
    Shapes,
    Window,
    keys_of,
)
from tests.builders import NOON

Work = Mapping[str, float]
NAMES = tuple(c.name for c in COUNTERS)
DAY_WINDOWS = 1440.0


def matrix(
    minute: float,
    statements: Mapping[Key, Work],
    *,
    before: Mapping[Key, Work] | None = None,
    doubtful: tuple[Key, ...] = (),
    quality: Quality = Quality.OK,
) -> Matrix:
    """
    The window that ends *minute* minutes after noon.

    A statement says calls and ms (per call), and counters by their name as totals; those that are not named are 0.
    *before* holds counters by name; a statement that is not in it is new, and counts from zero.
    """
    deltas = np.zeros((len(DELTAS), len(statements)))
    history = np.zeros((len(NAMES), len(statements)))
    for column, (key, work) in enumerate(statements.items()):
        numbers = {**work, "total_exec_time": work["calls"] * work["ms"]}
        numbers.setdefault("exec_m2", work["calls"] * (0.3 * work["ms"]) ** 2)
        for name, number in numbers.items():
            if name != "ms":
                deltas[DELTAS.index(name), column] = number
        for name, number in (before or {}).get(key, {}).items():
            history[NAMES.index(name), column] = number
    end = NOON + timedelta(minutes=minute)
    window = Window(
        start=end - timedelta(minutes=1),
        end=end,
        length_s=60.0,
        quality=quality,
        keys=keys_of(statements),
        deltas=Deltas(DELTAS, deltas),
        before=Counters(NAMES, history),
        doubtful=np.array([key in doubtful for key in statements], dtype=np.bool_),
    )
    return features.build(window, Shapes())


@dataclass
class Server:
    """A server that is watched: every window is scored, decided, and learned, as the pipeline does it."""

    baseline: Baseline = field(default_factory=lambda: Baseline.empty(DAY_WINDOWS))
    desk: Desk = field(default_factory=Desk)
    rules: AlertSettings = field(default_factory=AlertSettings)
    changes: list[Change] = field(default_factory=list)
    minute: int = 0
    judges_newcomers_after: int = 10

    def live(self, statements: Mapping[Key, Work], *, minutes: int = 1, quality: Quality = Quality.OK) -> Self:
        """Let the same happen for some minutes."""
        for _ in range(minutes):
            self.minute += 1
            self.see(matrix(self.minute, statements, quality=quality))
        return self

    def see(self, window: Matrix) -> Scores:
        scores = self.baseline.score(window, judge_newcomers=self.minute > self.judges_newcomers_after)
        step = incidents.advance(self.desk, scores, instance=1, rules=self.rules)
        held = step.desk.held()
        self.baseline = self.baseline.learn(
            window, scores, held_costs=held.costs, held_calls=held.calls, accepted=step.accepted
        )
        self.desk = step.desk
        self.changes += step.changes
        return scores

    def score(self, statements: Mapping[Key, Work], *, quality: Quality = Quality.OK) -> Scores:
        """What the next window would be thought of."""
        return self.baseline.score(matrix(self.minute + 1, statements, quality=quality))

    @property
    def opened(self) -> list[Incident]:
        return [c.incident for c in self.changes if c.kind is ChangeKind.OPENED]

    @property
    def resolved(self) -> list[Incident]:
        return [c.incident for c in self.changes if c.kind is ChangeKind.RESOLVED]
