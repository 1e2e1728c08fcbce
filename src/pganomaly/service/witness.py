"""
What the watched server itself shows when something opened: asked beside the tick, compared with quieter times.

in    verdicts
out   Evidence by incident id, once: as soon as it is there; references, read in quiet times
not   no tick waits longer than its patience, and no failure here costs more than the evidence
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from typing import Any, TypeVar

import numpy as np
import structlog

from pganomaly import collect, errors
from pganomaly.clock import Clock
from pganomaly.collect import Asked, Target
from pganomaly.pipeline import Memory, Verdict
from pganomaly.records import ChangeKind, Evidence, Incident, Key, Reference
from pganomaly.service.plan import HOURLY_S

log: Any = structlog.get_logger()

T = TypeVar("T")

VISIT_S = 2.0
"""What a visit may take."""
PAUSE_S = 1.1
PATIENCE_S = 2.5
"""
What a message waits for its evidence at most; where ticks come fast, a share of the time between them.

What comes later goes with a later tick.
"""
PATIENCE_SHARE = 0.5
AT_ONCE = 3
"""Incidents of one tick that are asked about, worst first."""
STATEMENTS = 10
"""Statements of one incident that are asked about, likeliest culprit first."""
HEAVY = 60
"""Statements whose tables are remembered: those that took the most time ever, and in the last window."""
SECOND_S = 600.0
"""The second reference comes sooner than the others: from two readings on it is known how fast counters move."""
REFERENCES = 2
"""References kept: a fault that began before the newest is compared with the one before."""


def patience_s(interval_s: float) -> float:
    """Return how long news may wait for evidence where a tick comes every *interval_s*."""
    return min(PATIENCE_S, PATIENCE_SHARE * interval_s)


class Witness:
    """
    Asks one server. Not for two threads at once; the asking itself happens on *workers*.

    references  what is known from before, newest first
    keep        stores them
    plans       whether plans are asked for
    """

    def __init__(
        self,
        target: Target,
        workers: Executor,
        clock: Clock,
        *,
        references: Sequence[Reference] = (),
        keep: Callable[[tuple[Reference, ...]], None] | None = None,
        plans: bool = False,
    ) -> None:
        self._target = target
        self._workers = workers
        self._clock = clock
        self._keep = keep
        self._plans = plans
        self.references = tuple(references)
        self._reading: Future[Reference] | None = None
        self._unsaved = False
        self._due_s = float("-inf")
        self._asked: dict[str, Future[Evidence]] = {}

    def evidence(self, verdict: Verdict, wait_s: float) -> Mapping[str, Evidence]:
        """
        Return what nobody knows yet of what the server shows: of incidents told of now, and late about others.

        The news waits *wait_s* for it at most.
        """
        told = [change for change in verdict.changes if change.incident.told]
        for change in told:
            if change.kind is ChangeKind.RESOLVED:
                self._asked.pop(change.incident.incident_id, None)
        news = {c.incident.incident_id: c.incident for c in told if c.kind in (ChangeKind.OPENED, ChangeKind.TOLD)}
        self._ask(verdict.memory, sorted(news.values(), key=lambda i: -i.peak)[:AT_ONCE], wait_s)
        return self._answers()

    def rest(self, verdict: Verdict) -> None:
        """Have the next reference read where it is time, and nothing is the matter with the server; keep the last."""
        self._take_reference()
        if self._keep is not None and self._unsaved:
            self._keep(self.references)
            self._unsaved = False
        quiet = not any(incident.told for incident in verdict.memory.judgement.desk.open)
        if self._reading is None and self._clock.monotonic_s() >= self._due_s and (quiet or not self.references):
            wanted = heaviest(verdict)
            before = self.references[0] if self.references else None
            self._due_s = self._clock.monotonic_s() + (HOURLY_S if len(self.references) > 1 else SECOND_S)
            self._reading = self._workers.submit(collect.reference, self._target, wanted, before, plans=self._plans)

    def _take_reference(self) -> None:
        if self._reading is None or not self._reading.done():
            return
        reading, self._reading = self._reading, None
        if (new := _result(reading, "reference", self._target.name)) is None:
            return
        self.references = (new, *self.references)[:REFERENCES]
        self._unsaved = True

    def _ask(self, memory: Memory, incidents: Sequence[Incident], wait_s: float) -> None:
        if not incidents:
            return
        self._take_reference()
        asked = {incident.incident_id: self._submit(memory, incident) for incident in incidents}
        running = {incident_id: future for incident_id, future in asked.items() if future is not None}
        self._asked |= running
        for future in wait(running.values(), timeout=wait_s).not_done:
            late = next(incident_id for incident_id, one in running.items() if one is future)
            log.info("evidence.late", target=self._target.name, incident=late, patience_s=wait_s)

    def _answers(self) -> dict[str, Evidence]:
        """Return the answers that are there by now, each once."""
        found: dict[str, Evidence] = {}
        for incident_id in [one for one, future in self._asked.items() if future.done()]:
            answer = _result(self._asked.pop(incident_id), "evidence", self._target.name)
            if answer is not None:
                found[incident_id] = answer
                missing = [f"{part}: {why.value}" for part, why in answer.missing]
                log.info("evidence.read", target=self._target.name, cost_ms=answer.cost_ms, missing=missing)
        return found

    def _submit(self, memory: Memory, incident: Incident) -> Future[Evidence] | None:
        database = memory.databases.get(incident.key.dbid)
        if database is None:
            return None
        keys = dict.fromkeys([incident.key, *(member.key for member in incident.ranked)])
        asked = _asked(memory, [key for key in keys if key.dbid == incident.key.dbid][:STATEMENTS])
        before = next((r for r in self.references if r.at < incident.onset), None)
        return self._workers.submit(
            collect.evidence,
            self._target,
            database,
            asked,
            before,
            patience_s=VISIT_S,
            pause_s=PAUSE_S,
            plans=self._plans,
        )


def heaviest(verdict: Verdict) -> dict[str, list[Asked]]:
    """Return the statements that take the most time, by database, the heaviest first."""
    memory, snapshot, window = verdict.memory, verdict.snapshot, verdict.window
    times = [(snapshot.keys, snapshot.counters["total_exec_time"])]
    times += [(window.keys, window.deltas["total_exec_time"])] if window is not None else []
    keys: dict[Key, None] = {}
    for rows, spent in reversed(times):
        order = np.argsort(-np.nan_to_num(spent), kind="stable")[: 4 * HEAVY]
        heavy = [key for key in (Key(*row) for row in rows[order].tolist()) if _is_business(memory, key)]
        keys |= dict.fromkeys(heavy[:HEAVY])
    found: dict[str, list[Asked]] = {}
    for asked in _asked(memory, keys):
        if (database := memory.databases.get(asked.key.dbid)) is not None:
            found.setdefault(database, []).append(asked)
    return found


def _is_business(memory: Memory, key: Key) -> bool:
    shape = memory.shapes.by_key.get(key)
    return shape is not None and bool(shape.tables) and not shape.is_system and not shape.is_own


def _asked(memory: Memory, keys: Iterable[Key]) -> list[Asked]:
    return [Asked(key, memory.shapes.by_key.get(key), memory.roles.get(key.userid)) for key in keys]


def _result(future: Future[T], what: str, target: str) -> T | None:
    try:
        return future.result()
    except (errors.ConnectError, errors.TargetError) as error:
        log.info("evidence.unreadable", what=what, target=target, error=str(error))
    except Exception:
        log.exception("evidence.failed", what=what, target=target)
    return None
