"""From what changed in a window to the messages that people get."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np

from pganomaly import catalog
from pganomaly.drift import Outcome
from pganomaly.explain import About, fingerprint, next_step, usual_cause
from pganomaly.messages import Speaker, compose
from pganomaly.pipeline.memory import Memory
from pganomaly.pipeline.why import explanation
from pganomaly.records import (
    Cause,
    Change,
    ChangeKind,
    Evidence,
    Incident,
    IncidentKind,
    Key,
    Matrix,
    Message,
    Reason,
    Shape,
)

CONTEXT = ("calls_per_sec", "exec_ms_per_sec", "db_time_share")
"""Features that a message shows beside what is odd."""
REVISED = (3, 10)
"""Odd windows of an incident in which its message is brought up to date: its first one knew little of the cause."""


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
