"""Why something misbehaves, as far as it is known by now: from the counters, and from what the server showed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pganomaly import explain, lexical
from pganomaly.explain import Case
from pganomaly.pipeline.memory import Memory, Verdict
from pganomaly.records import Change, ChangeKind, Evidence, Explanation, Incident, Key, Likely, Shapes
from pganomaly.records.evidence import Backend

CAUSES_STORED = 5
"""Causes stored with an incident, likeliest first."""


def explanation(memory: Memory, incident: Incident) -> Explanation | None:
    """Return why an open incident's statements misbehave, and whose fault it is; None while nothing is known."""
    case = next((c for c in memory.judgement.cases if c.incident_id == incident.incident_id), None)
    return explain.explained(case, memory.shapes) if case is not None else None


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
    causes = whys(cases, shapes)
    desk = judgement.desk.with_open(tuple(because(incident, causes) for incident in judgement.desk.open))
    kept = {i.incident_id: e for i in desk.open if (e := verdict.memory.evidence.get(i.incident_id)) is not None}
    changed = {change.incident.incident_id for change in verdict.changes}
    late = tuple(
        Change(ChangeKind.UPDATED, incident, verdict.snapshot.taken_at)
        for incident in desk.open
        if incident.told and incident.incident_id in evidence.keys() - changed
    )
    return replace(
        verdict,
        changes=(*(replace(change, incident=because(change.incident, causes)) for change in verdict.changes), *late),
        memory=replace(
            verdict.memory, judgement=replace(judgement, cases=cases, desk=desk), evidence={**kept, **evidence}
        ),
    )


def whys(cases: Iterable[Case], shapes: Shapes) -> dict[str, tuple[Likely, ...]]:
    """Return the likeliest causes of incidents, by their ids."""
    return {case.incident_id: explain.causes(case, shapes)[:CAUSES_STORED] for case in cases}


def because(incident: Incident, why: Mapping[str, tuple[Likely, ...]]) -> Incident:
    """Return an incident with its causes; one that is closed keeps its last."""
    return replace(incident, causes=why[incident.incident_id]) if why.get(incident.incident_id) else incident


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
