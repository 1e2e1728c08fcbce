"""
Evidence: what the watched server itself shows about statements that misbehave.

in    a way in, the statements, a reference of quieter times
out   Evidence, each part of it read or noted as missing
not   no lock is waited for, nothing is written, nothing takes longer than its time; pg_monitor is all it needs

Two readings a second apart tell what moves right now; in between a few looks tell what sessions wait for.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from pganomaly.collect import evidence_compare as compare
from pganomaly.collect import evidence_server as server
from pganomaly.collect import evidence_sessions as sessions
from pganomaly.collect import evidence_tables as relations
from pganomaly.collect import plans as planning
from pganomaly.collect.evidence_server import Control, Counted, Life
from pganomaly.collect.evidence_tables import Tables
from pganomaly.collect.evidence_visit import PATIENCE_S, Row, Visit, visit
from pganomaly.collect.questions import Asked
from pganomaly.collect.target import Target
from pganomaly.records import Evidence, Reference
from pganomaly.records.evidence import Checkpoints, Index, PlanChange, Restart, Setting, Table, Waits, Why
from pganomaly.records.reference import TableThen

MOST_TABLES = 8
"""Tables of one incident: those named first, of a view the largest."""
MOST_PLANS = 5
PAUSE_S = 1.1
"""Between the two readings: sessions report what they did about once a second."""
LOOK_EVERY_S = 0.25


def evidence(
    target: Target,
    database: str,
    asked: Sequence[Asked],
    before: Reference | None,
    *,
    patience_s: float = PATIENCE_S,
    pause_s: float = PAUSE_S,
    plans: bool = False,
) -> Evidence:
    """
    Return what the server shows about statements of one database, the most important statement first.

    *pause_s* lie between the two readings that tell what moves now. All of it is over after *patience_s*.
    *plans* are for whoever has opted in.
    errors.ConnectError or errors.TargetError where no visit came about.
    """
    with visit(target.conninfo.with_dbname(database), patience_s=patience_s) as here:
        return _Inquiry(here, asked, before).read(pause_s, plans=plans)


def resolve(here: Visit, asked: Sequence[Asked]) -> list[int]:
    """Return the relations that statements name, in their order."""
    found: dict[int, None] = {}
    for role in dict.fromkeys(each.role for each in asked):
        shapes = [each.shape for each in asked if each.role == role and each.shape is not None]
        named = dict.fromkeys(name for shape in shapes for name in shape.tables)
        found |= dict.fromkeys(relations.resolve(here, list(named), role=role))
    return list(found)


@dataclass(frozen=True, slots=True)
class _Photo:
    """What moves, at one moment; None was not read."""

    flow: Counted | None
    log: Counted | None
    tables: Tables | None


class _Inquiry:
    """One visit's questions, the most perishable first: who waits for whom."""

    def __init__(self, here: Visit, asked: Sequence[Asked], before: Reference | None) -> None:
        self._here = here
        self._asked = asked
        self._before = before
        self._life = server.life(here)
        self._then = before.databases.get(self._life.database) if before is not None else None
        self._known: Mapping[str, TableThen] = self._then.tables if self._then is not None else {}

    def read(self, pause_s: float, *, plans: bool) -> Evidence:
        here = self._here
        present = here.part("sessions", lambda: sessions.present(here))
        chains = here.part("blockers", lambda: sessions.chains(here, present)) if present is not None else None
        crowd = here.part("sessions", lambda: sessions.crowd(here, present)) if present is not None else None
        oids = here.part("tables", lambda: resolve(here, self._asked)) or []
        first, until_s = self._photo(oids), time.monotonic() + pause_s
        changed = self._settings()
        control = here.part("restart", lambda: server.control(here))
        running = here.part("checkpoints", lambda: server.checkpoint_runs(here))
        maintained = self._maintained(first)
        planned = self._plans(wanted=plans)
        waits = here.part("waits", lambda: self._waits(until_s))
        second = self._photo(oids, again=True)
        return Evidence(
            read_at=self._life.at,
            database=self._life.database,
            reference_at=self._before.at if self._before is not None else None,
            blockers=chains,
            waits=waits,
            sessions=crowd,
            indexes=self._indexes(first, second),
            tables=self._tables(first, second, maintained),
            settings=changed,
            checkpoints=self._checkpoints(first, second, control, running=running),
            flow=compare.flow(self._life.database, self._then, first.flow, second.flow) if first.flow else None,
            plans=planned,
            restart=_restart(self._life, control, self._before),
            missing=tuple(dict.fromkeys(here.missing)),
            cost_ms=round(1000 * here.busy_s, 1),
        )

    def _photo(self, oids: Sequence[int], *, again: bool = False) -> _Photo:
        """Read what moves, in one transaction: before PostgreSQL 15 each loads all statistics of the database."""
        here = self._here
        try:
            with here.transaction():
                return _Photo(
                    tables=relations.read(here, oids, most=MOST_TABLES, again=again),
                    flow=server.flow(here),
                    log=server.log(here),
                )
        except psycopg.Error:  # each by itself, then: who has come to hold a table is seen by now
            return _Photo(
                tables=here.part("tables", lambda: relations.read(here, oids, most=MOST_TABLES, again=again)),
                flow=here.part("flow", lambda: server.flow(here)),
                log=here.part("checkpoints", lambda: server.log(here)),
            )

    def _waits(self, until_s: float) -> Waits:
        looks: list[list[Row]] = [sessions.look(self._here)]
        while (left_s := until_s - time.monotonic()) > 0:
            time.sleep(min(left_s, LOOK_EVERY_S))
            looks.append(sessions.look(self._here))
        prints = {each.shape.fingerprint: each.key.queryid for each in self._asked if each.shape is not None}
        return sessions.waits(looks, {each.key.queryid for each in self._asked}, prints)

    def _settings(self) -> tuple[Setting, ...] | None:
        here, before, then = self._here, self._before, self._then
        if before is None:
            here.lacks("settings", Why.NO_REFERENCE)
            return None
        now: Mapping[str, str] | None = before.settings
        if self._life.loaded_at != before.settings_loaded_at:  # else nobody had the server read them since
            now = here.part("settings", lambda: server.settings(here))
        scoped = here.part("settings", lambda: server.scoped_settings(here, before.settings))
        if now is None or scoped is None:
            return None
        theirs = compare.settings(then.settings, scoped, scoped=True) if then is not None else ()
        return (*compare.settings(before.settings, now), *theirs)

    def _plans(self, *, wanted: bool) -> tuple[PlanChange, ...] | None:
        if not wanted:
            self._here.lacks("plans", Why.SWITCHED_OFF)
            return None
        here, known = self._here, self._before.plans if self._before is not None else {}
        now = here.part("plans", lambda: planning.read(here, self._asked, at=self._life.at, most=MOST_PLANS))
        return planning.changes(known, now)

    def _indexes(self, first: _Photo, second: _Photo) -> tuple[Index, ...] | None:
        if first.tables is None:
            return None
        if first.tables.by_name and not any(name in self._known for name in first.tables.by_name):
            self._here.lacks("indexes", Why.NO_REFERENCE)
        return compare.indexes(self._known, first.tables, second.tables)

    def _maintained(self, first: _Photo) -> set[int]:
        here, oids = self._here, first.tables.oids if first.tables is not None else []
        return here.part("tables", lambda: relations.maintained(here, oids)) or set() if oids else set()

    def _tables(self, first: _Photo, second: _Photo, maintained: set[int]) -> tuple[Table, ...] | None:
        if first.tables is None:
            return None
        if not first.tables.by_name:
            self._here.lacks("tables", Why.NO_TABLES)
        return compare.tables(self._known, first.tables, second.tables, maintained=maintained)

    def _checkpoints(
        self, first: _Photo, second: _Photo, control: Control | None, *, running: bool | None
    ) -> Checkpoints | None:
        if first.log is None:
            return None
        ago_s = control.checkpoint_ago_s if control is not None else None
        return compare.checkpoints(self._before, first.log, second.log, running=running, last_ago_s=ago_s)


def _restart(life: Life, control: Control | None, before: Reference | None) -> Restart:
    timeline = control.timeline if control is not None else None
    return Restart(
        started_at=life.postmaster_start,
        started_ago_s=(life.at - life.postmaster_start).total_seconds(),
        restarted=before is not None and life.postmaster_start != (before.postmaster_start or life.postmaster_start),
        in_recovery=life.in_recovery,
        promoted=before is not None and _promoted(life, timeline, before),
        timeline=timeline,
    )


def _promoted(life: Life, timeline: int | None, before: Reference) -> bool:
    other = timeline is not None and before.timeline is not None and timeline != before.timeline
    return other or bool(before.in_recovery and not life.in_recovery)
