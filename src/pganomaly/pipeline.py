"""
The order of the steps, and what is remembered between them. The service, the scripts, a replay and the tests run these.

in    a Memory and a Reading (live), or a Judgement and a Matrix (out of the tables)
out   a Verdict: the window, what is odd in it, what people are to be told, and the next Memory
not   no wire, no disk, no clock: what is not in the arguments does not exist

    judge(memory, reading) -> Verdict        deltas.step -> features.build -> decide
    decide(judgement, matrix) -> Decision    score -> incidents -> learn
    account(verdict) -> messages             sentences, in the reader's language
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import isfinite
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pganomaly import catalog, deltas, drift, explain, features, incidents, lexical
from pganomaly.calibration import Calibration
from pganomaly.detectors import Baseline, Forest, Gate, modelfile
from pganomaly.drift import DriftSettings, Outcome, Streak
from pganomaly.explain import About, Case, fingerprint, next_step, usual_cause
from pganomaly.incidents import AlertSettings, Desk
from pganomaly.messages import Speaker, compose
from pganomaly.records import (
    KINDS,
    Activity,
    Cause,
    Change,
    ChangeKind,
    Evidence,
    Explanation,
    Finding,
    Incident,
    IncidentKind,
    Key,
    Likely,
    Matrix,
    Message,
    Outsiders,
    Reading,
    Reason,
    Scores,
    Shape,
    Shapes,
    Snapshot,
    TextState,
    Window,
    keys_of,
)
from pganomaly.records.evidence import Backend
from pganomaly.records.grid import F8

CONTEXT = ("calls_per_sec", "exec_ms_per_sec", "db_time_share")
"""Features that a message shows beside what is odd."""
REVISED = (3, 10)
"""Odd windows of an incident in which its message is brought up to date: its first one knew little of the cause."""
_NO_SHAPES = Shapes()
_NEW_HEAVY = KINDS.index(IncidentKind.NEW_HEAVY)
CAUSES_STORED = 5
"""Causes stored with an incident, likeliest first."""
REASONS_STORED = 12
"""Features stored with an anomalous window, oddest first."""


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
    """What one window means: the scores of all, what is odd among them, the open incidents that count for drift."""

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


def judge(memory: Memory, reading: Reading, model: Forest, rules: Rules) -> Verdict:
    """Return what *reading* means to somebody who remembers *memory*."""
    snapshot = deltas.steady(memory.snapshot, reading.snapshot)
    shapes = describe(reading)
    window, reference = deltas.step(memory.reference, snapshot)
    after = replace(
        memory,
        snapshot=snapshot,
        reference=reference,
        shapes=_of_those_there(memory.shapes | shapes, snapshot, memory.judgement.desk),
        databases=reading.databases or memory.databases,
        roles=reading.roles or memory.roles,
        outsiders=reading.outsiders,
        major=reading.major or memory.major,
        extension_schema=reading.extension_schema or memory.extension_schema,
    )
    moved = deltas.moved(memory.snapshot, snapshot)
    unread = {text.key: text.state for text in reading.texts if text.state is not TextState.READ}
    if window is None:
        unchanged = Outcome(memory.judgement.streak, bad=False, bad_runs=0)
        return Verdict(snapshot, moved, None, None, None, shapes, unread, (), (), unchanged, after)

    matrix = features.build(window, after.shapes, after.outsiders)
    activity = lexical.recognised(reading.activity, after.shapes)
    decision = decide(memory.judgement, matrix, model, rules, activity=activity, shapes=after.shapes)
    outcome, judgement = conclude(decision.judgement, decision.significant, at=window.end, rules=rules)
    return Verdict(
        snapshot,
        moved,
        window,
        matrix,
        decision.scores,
        shapes,
        unread,
        decision.findings,
        decision.changes,
        outcome,
        replace(after, judgement=judgement),
    )


def _of_those_there(shapes: Shapes, snapshot: Snapshot, desk: Desk) -> Shapes:
    """Return the shapes that somebody may ask for: not those of evicted statements that are in no open incident."""
    members = keys_of(member.key for incident in desk.open for member in incident.members)
    return shapes.shrunk(np.concatenate([snapshot.keys, members]))


def describe(reading: Reading) -> dict[Key, Shape]:
    """Return the shapes of the texts that a reading brought; unreadable and hidden ones have none."""
    return {t.key: lexical.describe(t.text) for t in reading.texts if t.state is TextState.READ and t.text is not None}


def decide(
    judgement: Judgement,
    matrix: Matrix,
    model: Forest,
    rules: Rules,
    *,
    activity: tuple[Activity, ...] = (),
    shapes: Shapes = _NO_SHAPES,
) -> Decision:
    """
    Return what is odd in one window, what that changes in incidents, and what was learned.

    activity  sessions seen within the window
    shapes    of texts: statements on one table belong together
    """
    scores = judgement.baseline.score(
        matrix,
        judge_newcomers=judgement.windows >= rules.baseline_windows,
        gate=Gate(rules.alerts.min_share, rules.alerts.min_ms_per_s),
        height=np.array(judgement.calibration.heights),
        activity=activity,
    )
    step = incidents.advance(judgement.desk, scores, instance=rules.instance, rules=rules.alerts, shapes=shapes)
    held = step.desk.held()
    learned = judgement.baseline.learn(
        matrix, scores, held_costs=held.costs, held_calls=held.calls, accepted=step.accepted
    )
    cases = explain.follow(judgement.cases, step.desk.open, scores, matrix, activity=activity, shapes=shapes)
    why = _whys(cases, shapes)
    passed = scores.passed if scores.silent is None else np.maximum(scores.passed, scores.silent.passed)
    after = Judgement(
        baseline=learned,
        desk=step.desk.with_open(tuple(_because(incident, why) for incident in step.desk.open)),
        streak=judgement.streak,
        calibration=judgement.calibration.after(
            passed.tolist(),
            budget_per_day=rules.alerts.budget_per_day,
            day_windows=rules.day_windows,
            quiet=not any(incident.told for incident in (*judgement.desk.open, *step.desk.open)),
        ),
        cases=cases,
        windows=judgement.windows + 1,
        upto=matrix.window.end,
    )
    return Decision(
        after,
        scores,
        _findings(scores, matrix, model),
        tuple(replace(change, incident=_because(change.incident, why)) for change in step.changes),
        drift.significant(matrix, step.desk.open, rules.drift),
    )


def enlightened(verdict: Verdict, evidence: Mapping[str, Evidence]) -> Verdict:
    """
    Return a verdict whose incidents know what the server showed: *evidence* by incident id.

    Of an incident that has not changed otherwise, that is what has changed.
    """
    judgement, shapes = verdict.memory.judgement, verdict.memory.shapes
    cases = tuple(
        explain.with_evidence(case, shown, _said(verdict.memory, shown))
        if (shown := evidence.get(case.incident_id)) is not None
        else case
        for case in judgement.cases
    )
    why = _whys(cases, shapes)
    desk = judgement.desk.with_open(tuple(_because(incident, why) for incident in judgement.desk.open))
    kept = {i.incident_id: e for i in desk.open if (e := verdict.memory.evidence.get(i.incident_id)) is not None}
    changed = {change.incident.incident_id for change in verdict.changes}
    late = tuple(
        Change(ChangeKind.UPDATED, incident, verdict.snapshot.taken_at)
        for incident in desk.open
        if incident.told and incident.incident_id in evidence.keys() - changed
    )
    return replace(
        verdict,
        changes=(*(replace(change, incident=_because(change.incident, why)) for change in verdict.changes), *late),
        memory=replace(
            verdict.memory, judgement=replace(judgement, cases=cases, desk=desk), evidence={**kept, **evidence}
        ),
    )


def _said(memory: Memory, evidence: Evidence) -> dict[int, Key]:
    """Return the statements of the sessions that others wait for, by process, as far as they are known."""
    roots = {chain.root.pid: chain.root for chain in evidence.blockers or ()}
    if not roots:
        return {}
    known = {
        (memory.databases.get(key.dbid), memory.roles.get(key.userid), name): key
        for key, shape in memory.shapes.by_key.items()
        if key.toplevel
        for name in (key.queryid, shape.fingerprint)
    }
    found = {pid: known.get((root.database, root.role, _named(root))) for pid, root in roots.items()}
    return {pid: key for pid, key in found.items() if key is not None}


def _named(root: Backend) -> int | str:
    """Return a session's statement by its number, where the server tells it, else by its fingerprint."""
    return root.query_id or lexical.describe(root.query or "").fingerprint


def explanation(memory: Memory, incident: Incident) -> Explanation | None:
    """Return why an open incident's statements misbehave, and whose fault it is; None while nothing is known."""
    case = next((c for c in memory.judgement.cases if c.incident_id == incident.incident_id), None)
    return explain.explained(case, memory.shapes) if case is not None else None


def _whys(cases: Iterable[Case], shapes: Shapes) -> dict[str, tuple[Likely, ...]]:
    return {case.incident_id: explain.causes(case, shapes)[:CAUSES_STORED] for case in cases}


def _because(incident: Incident, why: Mapping[str, tuple[Likely, ...]]) -> Incident:
    """Return an incident with its causes; one that is closed keeps its last."""
    return replace(incident, causes=why[incident.incident_id]) if why.get(incident.incident_id) else incident


def conclude(
    judgement: Judgement, significant: Iterable[Incident], *, at: datetime, rules: Rules
) -> tuple[Outcome, Judgement]:
    """Return what a run of the detector means for the streak, and the judgement that remembers it."""
    outcome = drift.advance(judgement.streak, significant, at=at, settings=rules.drift)
    confirmed = {i.incident_id for i in outcome.confirmed}
    desk = judgement.desk.with_open(
        tuple(replace(i, drift_announced=i.drift_announced or i.incident_id in confirmed) for i in judgement.desk.open)
    )
    return outcome, replace(judgement, streak=outcome.streak, desk=desk)


def _findings(scores: Scores, matrix: Matrix, model: Forest) -> tuple[Finding, ...]:
    """
    Return a finding for every statement that either detector calls anomalous, silent statements included.

    That is one that is odd by this window alone, or that adds to an alarm which rests on several.
    """
    forest = model.outliers(matrix, scores.odd)
    found = _findings_of(scores, forest.decision, forest.anomalous)
    if (silent := scores.silent) is not None:
        found += _findings_of(silent, np.full(len(silent), np.nan), np.zeros(len(silent), np.bool_))
    return tuple(found)


def _findings_of(scores: Scores, anomaly: F8, by_forest: NDArray[np.bool_]) -> list[Finding]:
    by_engine = scores.odd | scores.shows
    new = scores.newcomer | (scores.shows & ~scores.odd & (scores.family == _NEW_HEAVY))
    columns = np.flatnonzero(by_engine | by_forest)
    grids = (scores.keys, new, by_engine, by_forest, anomaly, scores.surprise)
    told = zip(*(grid[columns].tolist() for grid in grids), scores.reasons_of(columns), strict=True)
    return [
        Finding(
            window_start=scores.window.start,
            window_end=scores.window.end,
            key=Key(*key),
            detector="+".join([("new_heavy" if is_new else "baseline")] * is_odd + ["forest"] * is_outlier),
            anomaly_score=score if isfinite(score) else None,
            surprise=surprise if isfinite(surprise) else None,
            reasons=reasons[:REASONS_STORED],
        )
        for key, is_new, is_odd, is_outlier, score, surprise, reasons in told
    ]


def account(
    memory: Memory,
    changes: Iterable[Change],
    outcome: Outcome,
    *,
    server: str,
    speaker: Speaker,
    now: datetime,
    matrix: Matrix | None = None,
    evidence: Mapping[str, Evidence] | None = None,
) -> tuple[Message, ...]:
    """
    Return what people are told of a run: one message where an incident opened or closed, one for drift.

    evidence  what the server showed, by incident id, where it was asked; else what it showed before
    """
    new = evidence or {}
    seen = {**memory.evidence, **new}
    messages = [
        _message(memory, c, server, speaker, now, matrix, seen.get(c.incident.incident_id))
        for c in changes
        if c.incident.told and (_news(c) or c.incident.incident_id in new)
    ]
    if outcome.confirmed:
        messages.append(compose.drift_confirmed(speaker, server=server, bad_runs=outcome.bad_runs, now=now))
    return tuple(messages)


def _message(
    memory: Memory,
    change: Change,
    server: str,
    speaker: Speaker,
    now: datetime,
    matrix: Matrix | None,
    evidence: Evidence | None,
) -> Message:
    incident = change.incident
    subject = compose.Subject(
        server=server,
        query=memory.shapes.by_key.get(incident.key),
        database=memory.databases.get(incident.key.dbid),
        role=memory.roles.get(incident.key.userid),
    )
    if change.kind is ChangeKind.RESOLVED:
        return compose.resolved(
            speaker,
            subject=subject,
            incident=incident,
            now=now,
            feature=catalog.feature,
            account=compose.Account(_says, shapes=_texts(memory, incident)),
        )
    tell = compose.updated if change.kind is ChangeKind.UPDATED else compose.opened
    return tell(
        speaker,
        subject=subject,
        incident=incident,
        now=now,
        feature=catalog.feature,
        context=_context(matrix, incident) if matrix is not None else (),
        account=_account(memory, incident, evidence),
    )


def _news(change: Change) -> bool:
    """Return whether what people have read is out of date: statements have joined, or more is known of the cause."""
    incident = change.incident
    if change.kind is not ChangeKind.UPDATED:
        return True
    joined = any(m.joined_at == change.at > (incident.told_at or incident.opened_at) for m in incident.members)
    return joined or (incident.last_odd_at == change.at and incident.windows_odd in REVISED)


def _account(memory: Memory, incident: Incident, evidence: Evidence | None) -> compose.Account:
    """Return what else there is to say of an incident: why, what the server showed, what to do next, other names."""
    key, why = incident.key, explanation(memory, incident)
    about = About(
        key,
        memory.shapes.by_key.get(key),
        memory.databases.get(key.dbid),
        memory.roles.get(key.userid),
        memory.major,
        explanation=why,
        evidence=evidence,
        extension_schema=memory.extension_schema,
    )
    known = why is not None and why.likeliest.cause is not Cause.UNKNOWN
    cause = why.likeliest.cause if why is not None and known else usual_cause(incident.kind)
    others = (why.culprit,) if why is not None and why.culprit else ()
    return compose.Account(_says, why, evidence, next_step(cause, about), _texts(memory, incident, *others))


def _says(cause: Cause) -> str:
    return fingerprint(cause).says


def _texts(memory: Memory, incident: Incident, *others: Key) -> dict[Key, Shape]:
    """Return the texts of an incident's statements, and of others, as far as they are known."""
    known = memory.shapes.by_key
    return {key: known[key] for key in (*(m.key for m in incident.members), *others) if key in known}


def _context(matrix: Matrix, incident: Incident) -> tuple[Reason, ...]:
    """Return the figures of the incident's statement that a reader wants beside what is odd."""
    if incident.kind is IncidentKind.SILENCE:
        return ()
    here = np.flatnonzero(matrix.window.keys == np.array(tuple(incident.key), dtype=matrix.window.keys.dtype))
    if not here.size:
        return ()
    numbers = ((name, float(matrix.features[name][here[0]])) for name in CONTEXT)
    return tuple(Reason(name, value, None) for name, value in numbers if np.isfinite(value))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
