"""
Two forests, shown the same recent windows as they were and with calls made slower; and which does worse.

An *alert* is a window of a statement that a forest calls anomalous as it was; a *catch* is one that it calls anomalous
only when its calls were made slower. Both forests are counted on the very same rows, so that what they share cancels.

in    matrices of windows, each with those of the same windows made slower
out   a Contest: four numbers of alerts and catches, and in how many rows the two differ
not   no opinion on what a statement's own normal is: that is the per-statement engine's part
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import Forest
from pganomaly.records import Matrix

MORE_ALERTS, FEWER_CATCHES = 1.25, 0.8
"""
Times the champion's alerts, or catches, beyond which a challenger is worse.

Two trainings on rows drawn from one and the same past differ by up to a tenth, for the threshold is a quantile of few
rows (measured: docs/design/selftest.md).
"""
NOISE = 2.0
"""Standard deviations of a difference that are put down to chance: sqrt(n), of n rows in which the two differ."""

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Pair:
    """Rows in which something was seen: by both, by the champion alone, by the challenger alone."""

    both: int = 0
    champion: int = 0
    challenger: int = 0

    def count(self, champion: Mask, challenger: Mask) -> None:
        """Count some rows."""
        self.both += int((champion & challenger).sum())
        self.champion += int((champion & ~challenger).sum())
        self.challenger += int((challenger & ~champion).sum())

    @property
    def of_champion(self) -> int:
        """What the champion saw."""
        return self.both + self.champion

    @property
    def of_challenger(self) -> int:
        """What the challenger saw."""
        return self.both + self.challenger

    @property
    def noise(self) -> float:
        """How far the two may differ by chance."""
        return NOISE * sqrt(self.champion + self.challenger)


@dataclass(slots=True)
class Contest:
    """
    What two forests made of the same windows.

    rows   of statements, shown as they were; tried: shown with slower calls
    """

    rows: int = 0
    tried: int = 0
    alerts: Pair = field(default_factory=Pair)
    catches: Pair = field(default_factory=Pair)

    @property
    def alerts_more(self) -> bool:
        """Whether the challenger alerts more than can be put down to chance."""
        return self.alerts.of_challenger > MORE_ALERTS * self.alerts.of_champion + self.alerts.noise

    @property
    def catches_less(self) -> bool:
        """Whether the challenger catches less than can be put down to chance."""
        return self.catches.of_challenger < FEWER_CATCHES * self.catches.of_champion - self.catches.noise


def contest(champion: Forest, challenger: Forest, windows: Iterable[tuple[Matrix, Sequence[Matrix]]]) -> Contest:
    """Return what both make of *windows*: each as it was, and the same with slower calls, once per size."""
    found = Contest()
    for matrix, slowed in windows:
        quiet = [forest.score(matrix) for forest in (champion, challenger)]
        found.rows += int(quiet[0].judged.sum())
        nobody = np.zeros(len(matrix), dtype=np.bool_)
        found.alerts.count(quiet[0].anomalous, quiet[1].anomalous)
        for slow in slowed:
            seen = [
                f.outliers(slow, nobody).anomalous & ~q.anomalous
                for f, q in zip((champion, challenger), quiet, strict=True)
            ]
            found.tried += int(quiet[0].judged.sum())
            found.catches.count(seen[0], seen[1])
    return found
