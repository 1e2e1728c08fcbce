"""Judges recordings whose faults are known, and notes the clues of every incident beside its true cause."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.traffic import PROFILES, Simulation, folder
from benchmarks.traffic.faults import MORE_FAULTS
from pganomaly import pipeline
from pganomaly.detectors import Forest
from pganomaly.explain import Case, clues
from pganomaly.pipeline import Judgement, Memory, Rules
from pganomaly.records import Cause, Incident, Shapes
from pganomaly.replay import Recording

CAUSE_OF = {
    "missing_index": Cause.MISSING_INDEX, "plan_flip": Cause.PLAN_CHANGE, "lock_contention": Cause.LOCK_WAIT,
    "bloat": Cause.BLOAT, "temp_spill": Cause.TEMP_SPILL, "cold_cache": Cause.COLD_CACHE,
    "n_plus_one": Cause.N_PLUS_ONE, "traffic_surge": Cause.CALL_SURGE, "retry_storm": Cause.RETRY_STORM,
    "new_heavy_query": Cause.NEW_QUERY, "data_skew": Cause.DATA_SKEW, "data_growth": Cause.DATA_GROWTH,
    "wal_storm": Cause.WAL_GROWTH, "traffic_drop": Cause.CALL_DROP, "host_slowdown": Cause.HOST_SLOW,
    "slow_drift": Cause.SLOW_DRIFT, "out_of_schedule_batch": Cause.SCHEDULE,
    "more_io": Cause.MORE_IO, "saturation": Cause.CPU_SATURATION, "unexplained": Cause.UNKNOWN,
}  # fmt: skip
KIN = (
    {Cause.MISSING_INDEX, Cause.PLAN_CHANGE, Cause.BLOAT, Cause.MORE_IO},
    {Cause.N_PLUS_ONE, Cause.CALL_SURGE, Cause.RETRY_STORM},
    {Cause.DATA_GROWTH, Cause.DATA_SKEW, Cause.SLOW_DRIFT},
    {Cause.COLD_CACHE, Cause.MORE_IO},
    {Cause.HOST_SLOW, Cause.CPU_SATURATION},
    {Cause.SCHEDULE, Cause.CALL_SURGE},
)  # fmt: skip
"""Causes that look alike in counters: taking one for the other is half right."""
LOOKS = (1, 2, 3, 4, 6, 8, 11, 15, 20, 30)
"""Windows into an incident at which its clues are noted."""
GRACE = timedelta(minutes=2)
EARLY = timedelta(minutes=3)
MOST_STATEMENTS = 240
TRAIN_WINDOWS, WINDOWS = 420, 3000
Names = frozenset[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One incident, some windows after it opened, and its true cause."""

    server: str
    event: str
    cause: Cause
    windows: int
    case: Case
    shapes: Shapes

    @property
    def clues(self) -> Mapping[str, float]:
        """What is seen in it."""
        return clues.seen(self.case, self.shapes)


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of labels.csv that people would want to hear of."""

    event: str
    cause: Cause
    start: datetime
    end: datetime
    statements: Names


def of_server(name: str, seed: int) -> list[Sighting]:
    """Make a recording of a server with more faults than those for grading have, and judge it."""
    profile = PROFILES[name]
    profile = replace(
        profile, windows=WINDOWS, train_windows=TRAIN_WINDOWS, statements=min(profile.statements, MOST_STATEMENTS),
        entries_max=min(profile.entries_max, 1200), adhoc=min(profile.adhoc, 0.3),
    )  # fmt: skip
    with TemporaryDirectory() as scratch:
        folder.write(Simulation(profile, seed, more=MORE_FAULTS), Path(scratch))
        return list(of_recording(Path(scratch), f"{name}/{seed}"))


def of_recording(where: Path, name: str) -> Iterator[Sighting]:
    """Yield what was seen of every incident that belongs to a fault."""
    recording, faults = Recording.open(where), labels(where / "labels.csv")
    rules = Rules(day_windows=recording.day_windows)
    memory = Memory(Judgement.empty(rules))
    for reading in recording.readings():
        verdict = pipeline.judge(memory, reading, Forest.untrained(), rules)
        memory = verdict.memory
        incidents = {i.incident_id: i for i in memory.judgement.desk.open if i.told}
        for case in memory.judgement.cases:
            fault = _fault(incidents.get(case.incident_id), faults, reading.snapshot.taken_at)
            if fault is not None and case.windows in LOOKS:
                event = f"{name}/{fault.event}"
                server = name.split("/", maxsplit=1)[0]
                yield Sighting(server, event, fault.cause, case.windows, case, _texts(case, memory.shapes))


def _texts(case: Case, shapes: Shapes) -> Shapes:
    return Shapes() | {t.key: shapes.by_key[t.key] for t in case.members if t.key in shapes.by_key}


def labels(file: Path) -> tuple[Fault, ...]:
    """Return the faults that show anywhere."""
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return tuple(
        Fault(
            row["event_id"],
            CAUSE_OF[row["class"]],
            datetime.fromisoformat(row["start_ts"]),
            datetime.fromisoformat(row["end_ts"]),
            _names(row["culprits"]) | _names(row["affected"]),
        )
        for row in rows
        if row["kind"] == "fault" or (row["kind"] == "dont_care" and row["visible_in"] == "activity")
    )


def _names(text: str) -> Names:
    parts = (name.split("/") for name in json.loads(text or "[]"))
    return frozenset((int(dbid), int(userid), int(queryid)) for dbid, userid, queryid in parts)


def _fault(incident: Incident | None, faults: tuple[Fault, ...], at: datetime) -> Fault | None:
    """Return the fault that an incident is about now."""
    if incident is None:
        return None
    members = {m.key[:3] for m in incident.members}
    found = [
        f
        for f in faults
        if f.start <= at <= f.end + GRACE and incident.opened_at >= f.start - EARLY and members & f.statements
    ]
    return found[-1] if found else None
