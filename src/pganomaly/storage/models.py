"""
Trained models: their bytes, their facts, which one speaks.

in    bytes of arrays and a manifest, as detectors.modelfile packs them
out   rows of models, and back
not   bytes are never interpreted here
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pganomaly import errors, pg
from pganomaly.storage.statements import fetch_dicts, load

KEEP = 5
"""Trainings that are kept beside the active one."""

_SQL = load("models")


@dataclass(frozen=True, slots=True)
class Model:
    """One training of the model of an instance."""

    number: int
    model_version: str
    trained_at: datetime
    n_rows: int
    n_statements: int
    threshold: float
    sha256: str
    manifest: Mapping[str, Any]
    payload: bytes

    @property
    def intact(self) -> bool:
        """Whether the bytes are those that were stored."""
        return sha256(self.payload).hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class Kept:
    """What a list of models shows of one."""

    number: int
    active: bool
    model_version: str
    trained_at: datetime
    n_rows: int
    n_statements: int
    threshold: float
    manifest: Mapping[str, Any]
    size_bytes: int


def put(
    conn: pg.Connection,
    instance_id: int,
    *,
    model_version: str,
    trained_at: datetime,
    n_rows: int,
    n_statements: int,
    threshold: float,
    manifest: Mapping[str, Any],
    payload: bytes,
) -> int:
    """Store a training as the one that speaks from now on, and return its number."""
    conn.execute(_SQL["retire_models"], {"instance_id": instance_id})
    row = conn.execute(
        _SQL["put_model"],
        {
            "instance_id": instance_id,
            "model_version": model_version,
            "trained_at": trained_at,
            "n_rows": n_rows,
            "n_statements": n_statements,
            "threshold": threshold,
            "sha256": sha256(payload).hexdigest(),
            "manifest": json.dumps(dict(manifest)),
            "payload": payload,
        },
    ).fetchone()
    conn.execute(_SQL["forget_models"], {"instance_id": instance_id, "keep": KEEP})
    return int(row[0]) if row else 0


def kept(conn: pg.Connection, instance_id: int) -> tuple[Kept, ...]:
    """Return every model that is kept, newest first."""
    return tuple(Kept(**row) for row in fetch_dicts(conn, _SQL["models"], {"instance_id": instance_id}))


def activate(conn: pg.Connection, instance_id: int, number: int) -> None:
    """Have a kept model speak from now on; errors.NoSuchModel where it is not kept, and nothing changes."""
    conn.execute(_SQL["retire_models"], {"instance_id": instance_id})
    if conn.execute(_SQL["activate_model"], {"instance_id": instance_id, "number": number}).rowcount != 1:
        raise errors.NoSuchModel(number=number)


def active(conn: pg.Connection, instance_id: int) -> Model | None:
    """Return the model that speaks for an instance; None before the first training."""
    rows = fetch_dicts(conn, _SQL["active_model"], {"instance_id": instance_id})
    return Model(**rows[0]) if rows else None


def next_number(conn: pg.Connection, instance_id: int) -> int:
    """Return the number that the next training gets."""
    row = conn.execute(_SQL["next_number"], {"instance_id": instance_id}).fetchone()
    return int(row[0]) if row else 1


def active_number(conn: pg.Connection, instance_id: int) -> int:
    """Return the number of the training that speaks for an instance, 0 before the first."""
    row = conn.execute(_SQL["model_number"], {"instance_id": instance_id}).fetchone()
    return int(row[0]) if row else 0
