"""Streams a recording through the judge and writes what it found, in files that can be graded."""

import csv
import json
import resource
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pganomaly import errors, pipeline
from pganomaly.detectors import Forest
from pganomaly.messages import Speaker
from pganomaly.pipeline import Judgement, Memory, Rules, Verdict
from pganomaly.records import Cause, Change, ChangeKind, Incident, Key
from pganomaly.replay.recording import Recording

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetWriter

DAY_WINDOWS = 1440
"""Told and digested incidents are counted per so many windows, as the time stamps say."""

Progress = Callable[[int, datetime], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a replay saw and what it cost."""

    windows: int
    statements: int
    told: int
    digested: int
    told_per_day: float
    digested_per_day: float
    seconds: float
    peak_memory_mb: float


@dataclass(slots=True)
class _Story:
    """An incident as it is written down at the end."""

    incident: Incident
    message: str | None = None


@dataclass(slots=True)
class _Notebook:
    """What is remembered of a replay while it runs."""

    stories: dict[str, _Story] = field(default_factory=dict)
    seen: set[Key] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def replay(
    recording: Recording,
    out: Path,
    rules: Rules,
    speaker: Speaker,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    progress: Progress | None = None,
) -> Summary:
    """
    Judge *recording* from its first window on, seeing only the past, and write down what was found.

    The folder *out* gets detections.csv, incidents.jsonl, scores.parquet and summary.json.
    """
    began_s = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    memory = Memory(Judgement.empty(rules))
    notebook = _Notebook()
    with ExitStack() as stack:
        detections = _detections(stack.enter_context((out / "detections.csv").open("w", newline="", encoding="utf-8")))
        scores = stack.enter_context(_Scores(out / "scores.parquet"))
        for reading in recording.readings(start, end):
            verdict = pipeline.judge(memory, reading, Forest.untrained(), rules)
            memory = verdict.memory
            if verdict.window is None:
                continue
            notebook.counts["windows"] += 1
            _note(notebook, verdict, recording.meta.get("recording", recording.folder.name), speaker)
            detections.writerows(_rows(memory, verdict))
            scores.add(verdict)
            if progress is not None:
                progress(notebook.counts["windows"], verdict.window.end)
    _write_incidents(out / "incidents.jsonl", notebook)
    summary = _summary(notebook, memory, time.monotonic() - began_s)
    (out / "summary.json").write_text(json.dumps(asdict(summary), indent=1) + "\n", encoding="utf-8")
    return summary


def _note(notebook: _Notebook, verdict: Verdict, server: str, speaker: Speaker) -> None:
    assert verdict.window is not None  # noqa: S101 - the caller has seen to it
    for change in verdict.changes:
        story = notebook.stories.setdefault(change.incident.incident_id, _Story(change.incident))
        story.incident = change.incident
        if change.kind in (ChangeKind.OPENED, ChangeKind.TOLD) and change.incident.told:
            story.message = _text(verdict, change, server, speaker)


def _text(verdict: Verdict, change: Change, server: str, speaker: Speaker) -> str | None:
    assert verdict.window is not None  # noqa: S101 - the caller has seen to it
    messages = pipeline.account(
        verdict.memory,
        (change,),
        verdict.drift,
        server=server,
        speaker=speaker,
        now=verdict.window.end,
        matrix=verdict.matrix,
    )
    return "\n\n".join(block.text for block in messages[0].blocks) if messages else None


def _detections(file: IO[str]) -> Any:
    writer = csv.writer(file)
    writer.writerow(["window_end", "dbid", "userid", "queryid", "toplevel", "score", "incident_id", "cause"])
    return writer


def _rows(memory: Memory, verdict: Verdict) -> list[list[object]]:
    """Return a row per statement that this window shows to misbehave still, of every incident that people know of."""
    assert verdict.window is not None  # noqa: S101 - the caller has seen to it
    end = verdict.window.end.isoformat()
    return [
        [end, *member.key, member.score, incident.incident_id, _cause(incident)]
        for incident in memory.judgement.desk.open
        if incident.told
        for member in incident.members
        if member.still and member.seen_at == verdict.window.end
    ]


def _cause(incident: Incident) -> str:
    """Return the likeliest cause by now."""
    return incident.causes[0].cause.value if incident.causes else Cause.UNKNOWN.value


class _Scores:
    """scores.parquet: every judged row, written in batches so that memory stays bounded."""

    BATCH = 200

    def __init__(self, file: Path) -> None:
        self._file = file
        self._writer: ParquetWriter | None = None
        self._waiting: list[dict[str, Any]] = []

    def __enter__(self) -> "_Scores":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def add(self, verdict: Verdict) -> None:
        if verdict.scores is None:
            return
        judged = np.isfinite(verdict.scores.surprise)
        keys = verdict.scores.keys[judged]
        end = np.datetime64(verdict.scores.window.end.replace(tzinfo=None), "us")
        self._waiting.append(
            {
                "window_end": np.full(len(keys), end),
                "dbid": keys["dbid"].astype(np.int64),
                "userid": keys["userid"].astype(np.int64),
                "queryid": keys["queryid"],
                "toplevel": keys["toplevel"],
                "score": verdict.scores.surprise[judged],
            }
        )
        if len(self._waiting) >= self.BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra: only who replays needs it
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            raise errors.ReplayNotInstalled from None
        columns = {name: np.concatenate([w[name] for w in self._waiting]) for name in self._waiting[0]}
        table = pa.table(columns)
        ends = table.column("window_end").cast(pa.timestamp("us", tz="UTC"))
        table = table.set_column(0, "window_end", ends)
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._file, table.schema, compression="zstd")
        self._writer.write_table(table)
        self._waiting = []


def _write_incidents(file: Path, notebook: _Notebook) -> None:
    with file.open("w", encoding="utf-8") as lines:
        for story in notebook.stories.values():
            i = story.incident
            facts = {
                "id": i.incident_id,
                "opened_at": i.opened_at.isoformat(),
                "told_at": i.told_at.isoformat() if i.told_at else None,
                "digest": not i.told,
                "closed_at": i.closed_at.isoformat() if i.closed_at else None,
                "severity": i.peak,
                "statements": [
                    {**m.key._asdict(), "kind": m.kind.value, "score": m.score, "joined_at": m.joined_at.isoformat()}
                    for m in i.ranked
                ],
                "causes": [{"cause": c.cause.value, "probability": round(c.probability, 4)} for c in i.causes],
                "message": story.message,
            }
            lines.write(json.dumps(facts, ensure_ascii=False) + "\n")


def _summary(notebook: _Notebook, memory: Memory, seconds: float) -> Summary:
    counts = notebook.counts
    days = max(counts["windows"], 1) / DAY_WINDOWS
    told = sum(story.incident.told for story in notebook.stories.values())
    digested = len(notebook.stories) - told
    return Summary(
        windows=counts["windows"],
        statements=len(memory.shapes.keys),
        told=told,
        digested=digested,
        told_per_day=told / days,
        digested_per_day=digested / days,
        seconds=round(seconds, 2),
        peak_memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )
