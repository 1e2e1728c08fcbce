"""
Says of every event what it measurably did: which statements changed, by how much, and whether anybody could see it.

A statement has visibly changed where, pooled over the event, one of its figures lies outside everything that clean
stretches of the same length showed, and is more than 1.5 times (less than 1/1.5 of) their median. What nobody could
see, or what is too little to matter, is marked so and graded neither way.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.traffic.events import Event, Kind
from benchmarks.traffic.execution import Work
from benchmarks.traffic.simulation import Simulation
from benchmarks.traffic.workload import F8, I8

RECORDED = ("calls", "total_ms", "rows", "blocks", "read", "temp_written", "wal_bytes")
MEASURED = (
    "calls",
    "exec_per_call",
    "rows_per_call",
    "blks_per_call",
    "read_per_call",
    "temp_per_call",
    "wal_per_call",
)
MATERIAL = (0.0, 0.1, 2.0, 8.0, 5.0, 18.0, 500.0)
"""Per call, what is added to both sides of a ratio: less than this is nothing."""
SEEN = 1.5
LEAST_SHARE = 0.003
LEAST_MS_PER_S = 0.5
LEAST_RESOURCE = 0.05
TAIL = 6
NEW = 99.0


class Diary:
    """What every statement did in every window, for measuring."""

    def __init__(self, simulation: Simulation) -> None:
        shape = (len(RECORDED), simulation.profile.windows + 1, simulation.core)
        self.values: NDArray[np.float32] = np.zeros(shape, np.float32)
        self._core = simulation.core

    def note(self, window: int, work: Work) -> None:
        """Keep what ran in a window."""
        mine = work.at < self._core
        at = work.at[mine]
        for i, name in enumerate(RECORDED):
            numbers = work.sums["hit"] + work.sums["read"] if name == "blocks" else work.sums[name]
            self.values[i, window, at] = numbers[mine]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """By how much an event changed each statement, in its oddest figure, and whether that was to be seen."""

    factor: F8
    figure: I8
    seen: NDArray[np.bool_]
    matters: NDArray[np.bool_]


def table(simulation: Simulation, diary: Diary) -> list[dict[str, Any]]:
    """Return labels.csv: one row per event."""
    clean = _clean_windows(simulation)
    return [_label(simulation, diary, clean, number, event) for number, event in enumerate(simulation.events, 1)]


def _clean_windows(simulation: Simulation) -> NDArray[np.bool_]:
    clean = np.ones(simulation.profile.windows + 1, np.bool_)
    clean[0] = False
    for e in simulation.events:
        clean[e.first : e.last + TAIL] = False
    return clean


def _change(simulation: Simulation, diary: Diary, clean: NDArray[np.bool_], event: Event) -> Change:
    length = event.last - event.first + 1
    during = _figures(diary.values[:, event.first : event.last + 1].sum(axis=1, dtype=np.float64), length)
    starts = [s for s in range(1, len(clean) - length, max(length // 2, 1)) if clean[s : s + length].all()]
    if not starts:
        starts = [1]
    calm = np.array([_figures(diary.values[:, s : s + length].sum(axis=1, dtype=np.float64), length) for s in starts])
    middle, low, high = (_quantile(calm, q) for q in (0.5, 0.01, 0.99))
    during_known = np.nan_to_num(during)
    amount = np.array(MATERIAL)[:, None] + np.array([1.0, 0, 0, 0, 0, 0, 0])[:, None]
    ratio = (during_known + amount) / (middle + amount)
    outside = (during_known > high * 1.1 + 1e-9) | (during_known < low * 0.9 - 1e-9)
    fell = np.zeros_like(outside)
    fell[0] = ratio[0] < 1 / SEEN
    odd = outside & ((ratio > SEEN) | fell) & np.isfinite(during)
    size = np.where(odd, np.abs(np.log(np.maximum(ratio, 1e-9))), -1.0)
    figure = np.argmax(size, axis=0)
    every = np.arange(size.shape[1])
    factor = np.where(odd.any(axis=0), ratio[figure, every], ratio[1])
    return Change(factor, figure, odd.any(axis=0), _matters(simulation, diary, event, calm_per_window(diary, clean)))


def calm_per_window(diary: Diary, clean: NDArray[np.bool_]) -> F8:
    """Return what every statement does in an average clean window."""
    return np.asarray(diary.values[:, clean].mean(axis=1, dtype=np.float64))


def _matters(simulation: Simulation, diary: Diary, event: Event, calm: F8) -> NDArray[np.bool_]:
    during = diary.values[:, event.first : event.last + 1].mean(axis=1, dtype=np.float64)
    more = np.abs(during - calm)
    whole = np.maximum(during.sum(axis=1), 1e-9)[:, None]
    share = more / whole
    ms_per_s = more[1] / simulation.profile.real_window_s
    by_time = (share[1] >= LEAST_SHARE) & (ms_per_s >= LEAST_MS_PER_S)
    by_resource = (share[2:] >= LEAST_RESOURCE).any(axis=0) | (share[0] >= LEAST_RESOURCE)
    gone = (calm[0] >= 3) & (during[0] < 0.3 * calm[0])
    return np.asarray(by_time | by_resource | gone)


def _quantile(calm: F8, q: float) -> F8:
    """Return a quantile over stretches, 0 where a statement never ran."""
    ordered = np.sort(calm, axis=0)
    known = np.isfinite(ordered).sum(axis=0)
    place = np.round(q * np.maximum(known - 1, 0)).astype(np.int64)
    return np.asarray(np.nan_to_num(np.take_along_axis(ordered, place[None], axis=0)[0]))


def _figures(sums: F8, windows: int) -> F8:
    with np.errstate(all="ignore"):
        per_call = sums[1:] / np.where(sums[0] > 0, sums[0], np.nan)
    return np.vstack([sums[0] / windows, per_call])


def _label(simulation: Simulation, diary: Diary, clean: NDArray[np.bool_], number: int, event: Event) -> dict[str, Any]:
    change = _change(simulation, diary, clean, event)
    seen = change.seen.copy()
    culprits = list(event.culprits)
    everyone = not culprits and event.kind is Kind.FAULT
    affected = _affected(simulation, event, change, everyone=everyone)
    hit = culprits + affected
    figure, x = "none", 1.0
    if hit:
        top = max(culprits or hit, key=lambda i: (bool(seen[i]), abs(math.log(max(float(change.factor[i]), 1e-9)))))
        figure, x = MEASURED[int(change.figure[top])], float(change.factor[top])
        if event.cls == "new_heavy_query":
            figure, x = "new", NEW
    kind, severity = event.kind, event.severity
    if kind is Kind.FAULT and not any(seen[i] and change.matters[i] for i in hit):
        kind, severity = Kind.DONT_CARE, severity + ("; immaterial" if any(seen[i] for i in hit) else "; invisible")
    other = [int(i) for i in np.flatnonzero(seen) if i not in set(hit)] if event.kind is not Kind.BENIGN else []
    return {
        "event_id": f"e{number:02d}", "kind": kind.value, "class": event.cls, "start": event.first, "end": event.last,
        "severity": severity, "measured_x": round(x, 2), "feature": figure, "culprits": names(simulation, culprits),
        "affected": names(simulation, affected), "collateral": names(simulation, other), "note": event.note,
        "visible_in": event.shown_in if event.kind is not Kind.BENIGN else "",
        "lock_waiters": round(_waiters(simulation, event), 2),
    }  # fmt: skip


def _affected(simulation: Simulation, event: Event, change: Change, *, everyone: bool) -> list[int]:
    """Return who suffers by the nature of the event, and visibly does: callers of culprits; all, where all are hit."""
    if event.kind is Kind.BENIGN or event.cls == "restart":
        return []
    if everyone:
        return [int(i) for i in np.flatnonzero(change.seen)]
    tied = {simulation.workload.statements[i].parent for i in event.culprits}
    if event.cls in ("n_plus_one", "traffic_surge", "retry_storm", "traffic_drop", "out_of_schedule_batch"):
        w = simulation.workload
        flows = set(w.edge_flow[np.isin(w.edge_statement, event.culprits)].tolist())
        tied |= set(w.edge_statement[np.isin(w.edge_flow, list(flows))].tolist())
    if event.cls in ("bloat", "missing_index", "lock_contention", "data_skew"):
        tables = {t for i in event.culprits for t in simulation.workload.statements[i].tables}
        tied |= {i for i, s in enumerate(simulation.workload.statements) if tables & set(s.tables)}
    return sorted(i for i in tied if i >= 0 and change.seen[i] and i not in event.culprits)


def _waiters(simulation: Simulation, event: Event) -> float:
    effects = simulation.effects_of(event)
    return sum(w.sessions for w in effects.waits)


def names(simulation: Simulation, statements: list[int]) -> str:
    """Return statements as dbid/userid/queryid in JSON, empty where there are none."""
    if not statements:
        return ""
    keys = (simulation.keys[i] for i in statements)
    return json.dumps(sorted({f"{k['dbid']}/{k['userid']}/{k['queryid']}" for k in keys}))
