"""From a reading to a verdict: what differs, what is odd in it, what that changes in incidents, what is learned."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from pganomaly import deltas, drift, explain, features, incidents, lexical
from pganomaly.detectors import Forest, Gate
from pganomaly.drift import Outcome
from pganomaly.incidents import Desk
from pganomaly.pipeline.memory import Decision, Judgement, Memory, Rules, Verdict
from pganomaly.pipeline.why import because, whys
from pganomaly.records import (
    KINDS,
    Activity,
    Finding,
    Incident,
    IncidentKind,
    Key,
    Matrix,
    Reading,
    Scores,
    Shape,
    Shapes,
    Snapshot,
    TextState,
    keys_of,
)
from pganomaly.records.grid import F8

REASONS_STORED = 12
"""Features stored with an anomalous window, oddest first."""
_NO_SHAPES = Shapes()
_NEW_HEAVY = KINDS.index(IncidentKind.NEW_HEAVY)


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
    causes = whys(cases, shapes)
    passed = scores.passed if scores.silent is None else np.maximum(scores.passed, scores.silent.passed)
    after = Judgement(
        baseline=learned,
        desk=step.desk.with_open(tuple(because(incident, causes) for incident in step.desk.open)),
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
        tuple(replace(change, incident=because(change.incident, causes)) for change in step.changes),
        drift.significant(matrix, step.desk.open, rules.drift),
    )


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
