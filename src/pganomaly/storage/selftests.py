"""
What is known of the detector itself: what its self-tests found, and which models were kept out.

in    a SelfTest; the sentences of a refusal
out   rows, and back
not   no opinion on either
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pganomaly import pg
from pganomaly.selftest import Cell, SelfTest
from pganomaly.storage.statements import fetch_dicts, load
from pganomaly.training import Part

KEEP = 400
"""Self-tests of an instance that are kept: a year of nights."""
KEEP_REFUSALS = 20

_SQL = load("selftests")


@dataclass(frozen=True, slots=True)
class Tested:
    """A stored self-test: when it ended, and how long it took."""

    tested_at: datetime
    seconds: float
    result: SelfTest


@dataclass(frozen=True, slots=True)
class Refusal:
    """A trained model that was kept out, and why."""

    refused_at: datetime
    model_version: str
    why: tuple[Part, ...]


def put(conn: pg.Connection, instance_id: int, result: SelfTest, *, at: datetime, seconds: float) -> None:
    """Store a self-test that ended at a moment."""
    given = {
        "instance_id": instance_id,
        "statements": result.statements,
        "alarms": result.alarms,
        "tested_at": at,
        "since": result.since,
        "upto": result.upto,
        "days": result.days,
        "seconds": seconds,
        "result": json.dumps(asdict(result), default=datetime.isoformat),
    }
    conn.execute(_SQL["put_selftest"], given)
    conn.execute(_SQL["forget_selftests"], {"instance_id": instance_id, "keep": KEEP})


def newest(conn: pg.Connection, instance_id: int, most: int) -> tuple[Tested, ...]:
    """Return the last self-tests, newest first."""
    rows = fetch_dicts(conn, _SQL["selftests"], {"instance_id": instance_id, "most": most})
    return tuple(Tested(r["tested_at"], r["seconds"], read(r["result"])) for r in rows)


def read(stored: dict[str, Any]) -> SelfTest:
    """Return the self-test that *stored* was made of."""
    moments = {name: datetime.fromisoformat(stored[name]) for name in ("since", "upto")}
    return SelfTest(**{**stored, **moments, "cells": tuple(Cell(**cell) for cell in stored["cells"])})


def put_refusal(
    conn: pg.Connection, instance_id: int, why: Sequence[Part], *, model_version: str, at: datetime
) -> None:
    """Store why a model was kept out."""
    said = json.dumps([{"says": part.says, "facts": dict(part.facts)} for part in why])
    given = {"instance_id": instance_id, "refused_at": at, "model_version": model_version, "why": said}
    conn.execute(_SQL["put_refusal"], given)
    conn.execute(_SQL["forget_refusals"], {"instance_id": instance_id, "keep": KEEP_REFUSALS})


def refusals(conn: pg.Connection, instance_id: int, most: int) -> tuple[Refusal, ...]:
    """Return the last models that were kept out, newest first."""
    rows = fetch_dicts(conn, _SQL["refusals"], {"instance_id": instance_id, "most": most})
    return tuple(Refusal(r["refused_at"], r["model_version"], tuple(Part(**p) for p in r["why"])) for r in rows)
