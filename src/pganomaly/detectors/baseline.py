"""
The first per-statement engine: every statement has its own normal, and a window is odd by its distance from it.

in    the Matrix of one window
out   Scores; and, learned from the same window, the next Baseline
not   no opinion on who is told, no clock, no disk, no chance

    scores = baseline.score(matrix)
    after = incidents.advance(desk, scores, ...)
    baseline = baseline.learn(matrix, scores, held=after.desk.held(), accepted=after.accepted)
    findings = baseline_findings(scores)
"""

from dataclasses import dataclass
from typing import Self

from pganomaly.records import Finding, KeyArray, Matrix, Scores


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """
    What is normal, per statement and for the server as a whole. A value: learning returns a new one.

    day_windows  windows that make a day: 86,400 / interval live, the recording's own number in a replay
    """

    day_windows: float

    @classmethod
    def empty(cls, day_windows: float) -> Self:
        """Return a baseline that has seen nothing."""
        raise NotImplementedError

    def score(self, matrix: Matrix) -> Scores:
        """Return how odd every statement of *matrix* is; NaN where that cannot be said."""
        raise NotImplementedError

    def learn(
        self,
        matrix: Matrix,
        scores: Scores,
        *,
        held_costs: KeyArray | None = None,
        held_calls: KeyArray | None = None,
        accepted: KeyArray | None = None,
    ) -> Self:
        """
        Return the baseline after *matrix*, whose *scores* it gave itself.

        held_costs, held_calls  statements with an open incident, of whose calls' cost or number nothing is learned
        accepted                statements whose present level is the new normal
        """
        raise NotImplementedError

    def dumps(self) -> bytes:
        """Return all that it knows: arrays and JSON, nothing that could ever be executed."""
        raise NotImplementedError

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Return what dumps() was called on, exactly; an errors.ModelFileError where *data* is something else."""
        raise NotImplementedError


def findings(scores: Scores) -> tuple[Finding, ...]:
    """Return one finding per odd statement of a window, silent ones included: value and usual value per feature."""
    raise NotImplementedError
