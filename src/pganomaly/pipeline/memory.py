"""The nouns of the pipeline: what the user decided, what is remembered between two windows, what one of them means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pganomaly import explain
from pganomaly.calibration import Calibration
from pganomaly.detectors import Baseline, modelfile
from pganomaly.drift import DriftSettings, Outcome, Streak
from pganomaly.explain import Case
from pganomaly.incidents import AlertSettings, Desk
from pganomaly.records import (
    Change,
    Evidence,
    Finding,
    Incident,
    Key,
    Matrix,
    Outsiders,
    Scores,
    Shape,
    Shapes,
    Snapshot,
    TextState,
    Window,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What the user decided, and how this server's time is counted.

    instance          the watched server's number: incident ids derive from it
    day_windows       windows that make a day: 86,400 / interval live, a recording's own number in a replay
    baseline_windows  windows before statements without history are judged
    """

    alerts: AlertSettings = field(default_factory=AlertSettings)
    drift: DriftSettings = field(default_factory=DriftSettings)
    instance: int = 1
    day_windows: float = 1440.0
    baseline_windows: int = 40


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """
    What is learned from windows and remembered between them: it travels in a checkpoint.

    cases    what is known of each open incident, to say why
    windows  how many were judged since the beginning
    upto     end of the last of them
    """

    baseline: Baseline
    desk: Desk = field(default_factory=Desk)
    streak: Streak = field(default_factory=Streak)
    calibration: Calibration = field(default_factory=Calibration)
    cases: tuple[Case, ...] = ()
    windows: int = 0
    upto: datetime | None = None

    @classmethod
    def empty(cls, rules: Rules) -> Self:
        """Return a judgement that has seen nothing."""
        return cls(Baseline.empty(rules.day_windows))

    def dumps(self) -> bytes:
        """Return all of it but the open incidents, whose home is their table."""
        announced = self.streak.announced_at
        manifest = {
            "windows": self.windows,
            "upto": self.upto.isoformat() if self.upto else None,
            "bad_runs": self.streak.bad_runs,
            "announced_at": announced.isoformat() if announced else None,
            "desk": json.loads(self.desk.dumps()),
            "calibration": json.loads(self.calibration.dumps()),
            "cases": explain.dumps(self.cases),
        }
        return modelfile.pack("judgement", manifest, {"baseline": np.frombuffer(self.baseline.dumps(), np.uint8)})

    @classmethod
    def loads(cls, data: bytes, open_incidents: tuple[Incident, ...]) -> Self:
        """Return the judgement that dumps() was called on, with the incidents that are open by their table."""
        manifest, arrays = modelfile.unpack(data, "judgement")
        return cls(
            baseline=Baseline.loads(arrays["baseline"].tobytes()),
            desk=Desk.loads(json.dumps(manifest["desk"]).encode()).with_open(open_incidents),
            streak=Streak(manifest["bad_runs"], _moment(manifest["announced_at"])),
            calibration=Calibration.loads(json.dumps(manifest["calibration"])),
            cases=explain.loads(manifest["cases"]),
            windows=manifest["windows"],
            upto=_moment(manifest["upto"]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """
    Everything that one watched server leaves behind between two ticks.

    snapshot   the newest: what differs from it has moved
    reference  what the next window counts from (deltas.reference); both None before the first tick
    major      of the server's version, None where it is not known
    extension_schema  where pg_stat_statements lies, quoted, None where that is not known
    evidence   what the server showed of open incidents, by their ids
    """

    judgement: Judgement
    snapshot: Snapshot | None = None
    reference: Snapshot | None = None
    shapes: Shapes = field(default_factory=Shapes)
    databases: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)
    outsiders: Outsiders = field(default_factory=Outsiders)
    major: int | None = None
    extension_schema: str | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """
    What one window means, wherever it came from.

    judgement    what is remembered after it
    scores       of every statement; findings: what is odd among them
    changes      in the life of incidents
    significant  open incidents that count for drift
    """

    judgement: Judgement
    scores: Scores
    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    significant: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """
    What one tick found, ready to be stored and told.

    moved   which statements of the snapshot differ from the one before
    window  None in the first tick: one snapshot makes no window, no matrix and no scores
    shapes  of the texts seen for the first time; unread says why others have none
    drift   what this run of the detector means for the streak
    """

    snapshot: Snapshot
    moved: NDArray[np.bool_]
    window: Window | None
    matrix: Matrix | None
    scores: Scores | None
    shapes: Mapping[Key, Shape]
    unread: Mapping[Key, TextState]
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    drift: Outcome
    memory: Memory


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
