"""
Says of every event what it measurably did: which statements changed, by how much, and whether anybody could see it.

What nobody could see (`measuring.py` says what can be seen), or what is too little to matter, is marked so and graded
neither way.
"""

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import MEASURED, RECORDED, Change, Values, change, clean_windows
from benchmarks.traffic.events import Event, Kind
from benchmarks.traffic.execution import Work
from benchmarks.traffic.simulation import Simulation

NEW = 99.0


class Diary:
    """What every statement did in every window, for measuring."""

    def __init__(self, simulation: Simulation) -> None:
        shape = (len(RECORDED), simulation.profile.windows + 1, simulation.core)
        self.values: Values = np.zeros(shape, np.float32)
        self._core = simulation.core

    def note(self, window: int, work: Work) -> None:
        """Keep what ran in a window."""
        mine = work.at < self._core
        at = work.at[mine]
        for i, name in enumerate(RECORDED):
            numbers = work.sums["hit"] + work.sums["read"] if name == "blocks" else work.sums[name]
            self.values[i, window, at] = numbers[mine]


def table(simulation: Simulation, diary: Diary) -> list[dict[str, Any]]:
    """Return labels.csv: one row per event."""
    clean = clean_windows(simulation.profile.windows, ((e.first, e.last) for e in simulation.events))
    return [_label(simulation, diary, clean, number, event) for number, event in enumerate(simulation.events, 1)]


def _label(simulation: Simulation, diary: Diary, clean: NDArray[np.bool_], number: int, event: Event) -> dict[str, Any]:
    found = change(diary.values, clean, event.first, event.last, simulation.profile.real_window_s)
    seen = found.seen.copy()
    culprits = list(event.culprits)
    everyone = not culprits and event.kind is Kind.FAULT
    affected = _affected(simulation, event, found, everyone=everyone)
    hit = culprits + affected
    figure, x = "none", 1.0
    if hit:
        top = max(culprits or hit, key=lambda i: (bool(seen[i]), abs(math.log(max(float(found.factor[i]), 1e-9)))))
        figure, x = MEASURED[int(found.figure[top])], float(found.factor[top])
        if event.cls == "new_heavy_query":
            figure, x = "new", NEW
    kind, severity = event.kind, event.severity
    if kind is Kind.FAULT and not any(seen[i] and found.matters[i] for i in hit):
        kind, severity = Kind.DONT_CARE, severity + ("; immaterial" if any(seen[i] for i in hit) else "; invisible")
    other = [int(i) for i in np.flatnonzero(seen) if i not in set(hit)] if event.kind is not Kind.BENIGN else []
    return {
        "event_id": f"e{number:02d}", "kind": kind.value, "class": event.cls, "start": event.first, "end": event.last,
        "severity": severity, "measured_x": round(x, 2), "feature": figure, "culprits": names(simulation, culprits),
        "affected": names(simulation, affected), "collateral": names(simulation, other), "note": event.note,
        "visible_in": event.shown_in if event.kind is not Kind.BENIGN else "",
        "lock_waiters": round(_waiters(simulation, event), 2),
    }  # fmt: skip


def _affected(simulation: Simulation, event: Event, found: Change, *, everyone: bool) -> list[int]:
    """Return who suffers by the nature of the event, and visibly does: callers of culprits; all, where all are hit."""
    if event.kind is Kind.BENIGN or event.cls == "restart":
        return []
    if everyone:
        return [int(i) for i in np.flatnonzero(found.seen)]
    tied = {simulation.workload.statements[i].parent for i in event.culprits}
    if event.cls in ("n_plus_one", "traffic_surge", "retry_storm", "traffic_drop", "out_of_schedule_batch"):
        w = simulation.workload
        flows = set(w.edge_flow[np.isin(w.edge_statement, event.culprits)].tolist())
        tied |= set(w.edge_statement[np.isin(w.edge_flow, list(flows))].tolist())
    if event.cls in ("bloat", "missing_index", "lock_contention", "data_skew"):
        tables = {t for i in event.culprits for t in simulation.workload.statements[i].tables}
        tied |= {i for i, s in enumerate(simulation.workload.statements) if tables & set(s.tables)}
    return sorted(i for i in tied if i >= 0 and found.seen[i] and i not in event.culprits)


def _waiters(simulation: Simulation, event: Event) -> float:
    effects = simulation.effects_of(event)
    return sum(w.sessions for w in effects.waits)


def names(simulation: Simulation, statements: list[int]) -> str:
    """Return statements as dbid/userid/queryid in JSON, empty where there are none."""
    if not statements:
        return ""
    keys = (simulation.keys[i] for i in statements)
    return json.dumps(sorted({f"{k['dbid']}/{k['userid']}/{k['queryid']}" for k in keys}))
