"""One anomalous statement in one window, with the arithmetic that says so."""

from dataclasses import dataclass
from datetime import datetime

from pganomaly.records.keys import Key


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature of an anomalous window: what it was, what it usually is; None is "cannot say"."""

    feature: str
    value: float
    usual: float | None
    z: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the usual; None without a usual value above zero."""
        return self.value / self.usual if self.usual else None


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A (window, statement) that a detector calls anomalous.

    detector       who spoke: "baseline", "forest", "new_heavy"; joined by "+" where several did
    anomaly_score  the forest's decision_function, lower is odder; None without a model
    surprise       the per-statement engine's |z| in standard deviations, higher is odder; None where it cannot say
    reasons        strongest first
    """

    window_start: datetime
    window_end: datetime
    key: Key
    detector: str
    anomaly_score: float | None
    surprise: float | None
    reasons: tuple[Reason, ...]
