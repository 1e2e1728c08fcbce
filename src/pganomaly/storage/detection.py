"""
What is odd and what is told of it: scores, incidents, the watermark, what the engine remembers.

in    Findings and Changes
out   rows, and back
not   no opinion on either
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pganomaly import pg
from pganomaly.records import (
    Cause,
    Change,
    Clue,
    Finding,
    Incident,
    IncidentKind,
    Key,
    Likely,
    Member,
    Reason,
)
from pganomaly.storage.statements import fetch_dicts, load

_SQL = load("detection")
_SNAPSHOTS = load("snapshots")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DetectorState:
    """
    How far detection is.

    last_window_end  None: everything is to be scored (again)
    told_after       what ended before it is scored but told to nobody: the last reset; None where there was none
    """

    last_window_end: datetime | None
    streak: int
    updated_at: datetime
    told_after: datetime | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the engine remembered after the window that ended then."""

    window_end: datetime
    saved_at: datetime
    payload: bytes


def put_findings(conn: pg.Connection, instance_id: int, model_version: str, findings: Sequence[Finding]) -> None:
    """Store anomalous windows of statements; the same again replaces them."""
    if not findings:
        return
    rows = [
        {
            "window_start": f.window_start.isoformat(),
            "window_end": f.window_end.isoformat(),
            **f.key._asdict(),
            "anomaly_score": f.anomaly_score,
            "surprise": f.surprise,
            "detector": f.detector,
            "features": {r.feature: _said(r) for r in f.reasons},
        }
        for f in findings
    ]
    given = {"instance_id": instance_id, "model_version": model_version, "findings": json.dumps(rows)}
    conn.execute(_SQL["put_scores"], given)


def put_change(conn: pg.Connection, instance_id: int, change: Change, author: str) -> None:
    """Store an incident as it stands after *change*, its statements, and the step itself."""
    incident = change.incident
    named = {"instance_id": instance_id, "incident_id": incident.incident_id}
    facts = {
        **asdict(incident),
        "kind": incident.kind.value,
        "reasons": json.dumps([asdict(r) for r in incident.reasons]),
        "causes": json.dumps([asdict(c) for c in incident.causes]),
    }
    conn.execute(_SQL["put_incident"], {**facts, **named, **incident.key._asdict()})
    members = incident.members or (Member(incident.key, incident.kind, incident.opened_at),)
    columns = {name: [getattr(m.key, name) for m in members] for name in Key._fields}
    conn.execute(_SQL["put_members"], {**named, **columns, "joined_at": [m.joined_at for m in members]})
    event = {"at": change.at, "kind": change.kind.value, "author": author, "details": "{}"}
    conn.execute(_SQL["put_event"], {**named, **event})


def incidents(conn: pg.Connection, instance_id: int, since: datetime | None = None) -> tuple[Incident, ...]:
    """Return open incidents, and those closed since a moment, newest first."""
    rows = fetch_dicts(conn, _SQL["incidents"], {"instance_id": instance_id, "since": since})
    return tuple(_incident(row) for row in rows)


def state(conn: pg.Connection, instance_id: int) -> DetectorState | None:
    """Return how far detection is; None for an instance that is not there."""
    row = conn.execute(_SQL["state"], {"instance_id": instance_id}).fetchone()
    return DetectorState(*row) if row else None


def put_state(
    conn: pg.Connection, instance_id: int, last_window_end: datetime, streak: int, seen: DetectorState | None
) -> DetectorState | None:
    """Move watermark and streak, mark what is judged, return the new state; None where it was reset since *seen*."""
    given = {
        "instance_id": instance_id,
        "last_window_end": last_window_end,
        "streak": streak,
        "seen_at": seen.updated_at if seen else None,
    }
    row = conn.execute(_SQL["put_state"], given).fetchone()
    if row is None:
        return None
    conn.execute(_SNAPSHOTS["close_detection"], {"instance_id": instance_id, "window_end": last_window_end})
    return DetectorState(*row)


def reset_state(conn: pg.Connection, instance_id: int) -> None:
    """Have everything scored again, and nothing of it told."""
    conn.execute(_SQL["reset_state"], {"instance_id": instance_id})


def put_checkpoint(conn: pg.Connection, instance_id: int, window_end: datetime, payload: bytes) -> None:
    """Store what the engine remembers, in place of what it remembered before."""
    conn.execute(_SQL["put_checkpoint"], {"instance_id": instance_id, "window_end": window_end, "payload": payload})


def checkpoint(conn: pg.Connection, instance_id: int) -> Checkpoint | None:
    """Return what the engine remembered last."""
    row = conn.execute(_SQL["checkpoint"], {"instance_id": instance_id}).fetchone()
    return Checkpoint(row[0], row[1], bytes(row[2])) if row else None


def drop_checkpoint(conn: pg.Connection, instance_id: int) -> None:
    """Forget what the engine remembered."""
    conn.execute(_SQL["drop_checkpoint"], {"instance_id": instance_id})


def _said(reason: Reason) -> dict[str, float | None]:
    return {"value": reason.value, "usual": reason.usual, "ratio": reason.ratio, "z": reason.z}


def _incident(row: dict[str, Any]) -> Incident:
    key = Key(*(row.pop(name) for name in Key._fields))
    reasons, kind = tuple(Reason(**r) for r in row.pop("reasons")), IncidentKind(row["kind"])
    members = tuple(
        Member(Key(dbid, userid, int(queryid), toplevel), kind, _EPOCH + timedelta(microseconds=int(joined_us)))
        for dbid, userid, queryid, toplevel, joined_us in row.pop("members")
    )
    causes = tuple(_likely(**c) for c in row.pop("causes"))
    return Incident(**row | {"key": key, "kind": kind, "reasons": reasons, "members": members, "causes": causes})


def _likely(cause: str, probability: float, why: list[dict[str, Any]]) -> Likely:
    return Likely(Cause(cause), probability, tuple(Clue(**clue) for clue in why))
