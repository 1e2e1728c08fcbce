"""
Says of every event what it measurably did, by the recorded counters: of culprits, of who suffers too, of all others.

Nobody can be blamed for missing what does not show: a fault without a visible and material change is not graded.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from benchmarks.measuring import MEASURED, RECORDED, SEEN, Change, Values, change, clean_windows
from benchmarks.recorder.application import App, written
from benchmarks.recorder.observer import stamp_of
from pganomaly import lexical

NEW = 99.0
WRITES_BYTES = 50.0
"""WAL per call of a statement that writes, at least."""
KEY = ("dbid", "userid", "queryid", "toplevel")
COUNTERS = {
    "calls": ("calls",), "total_ms": ("total_exec_time",), "rows": ("rows",),
    "blocks": ("shared_blks_hit", "shared_blks_read"), "read": ("shared_blks_read",),
    "temp_written": ("temp_blks_written",), "wal_bytes": ("wal_bytes",),
}  # fmt: skip
BEFORE, LONGEST_COLD = 30, 12
"""Windows before a cold cache that show what is usual, and the most that it takes to be warm again."""
EVERYBODY = 5
"""Statements that must tell of what hits everybody and nobody in particular."""
TRANSACTION = ("begin", "commit", "rollback")


@dataclass(frozen=True, slots=True, eq=False)
class Diary:
    """What every statement did in every window: its key, text, tables, and the work itself."""

    keys: list[tuple[int, int, int, bool]]
    prints: list[str]
    tables: list[frozenset[str]]
    users: list[str]
    values: Values

    @classmethod
    def of(cls, folder: Path, meta: dict[str, Any]) -> "Diary":
        """Return the diary of a recording."""
        rows = parquet.read_table(folder / "snapshots.parquet")
        texts = parquet.read_table(folder / "texts.parquet").to_pylist()
        keys = list(zip(*(rows[name].to_pylist() for name in KEY), strict=True))
        order = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        owner = np.array([order[key] for key in keys])
        window = rows["window"].to_numpy()
        since = rows["stats_since"].to_numpy()
        values = np.zeros((len(RECORDED), int(window.max()) + 1, len(order)), np.float32)
        same = np.zeros(len(keys), bool)
        same[1:] = (owner[1:] == owner[:-1]) & (since[1:] == since[:-1])
        for i, name in enumerate(RECORDED):
            total = np.sum([rows[c].to_numpy().astype(np.float64) for c in COUNTERS[name]], axis=0)
            work = total - np.where(same, np.concatenate([[0.0], total[:-1]]), 0.0)
            values[i, window, owner] = np.where(window > 0, work, 0)
        text_of = {tuple(t[name] for name in KEY): t["query"] or "" for t in texts}
        shapes = {text: lexical.describe(text) for text in set(text_of.values())}
        known = [shapes[text_of[key]] if key in text_of else lexical.describe("") for key in order]
        return cls(
            list(order), [s.fingerprint for s in known], [frozenset(s.tables) for s in known],
            [meta["users"].get(str(key[1]), "") for key in order], values,
        )  # fmt: skip

    def named(self, ids: Iterable[int]) -> str:
        """Return statements as dbid/userid/queryid in JSON, empty where there are none."""
        found = sorted({"/".join(str(part) for part in self.keys[i][:3]) for i in ids})
        return json.dumps(found) if found else ""


def table(app: App, folder: Path) -> list[dict[str, Any]]:
    """Return labels.csv: one row per event."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    events = json.loads((folder / "events.json").read_text(encoding="utf-8"))
    diary = Diary.of(folder, meta)
    for event in events:
        event["last"] += _still_cold(diary, event)
    clean = clean_windows(diary.values.shape[1] - 1, ((e["first"], e["last"]) for e in events))
    _forget_hint_bits(diary, clean)
    waiting = _waiting(folder)
    found = [change(diary.values, clean, e["first"], e["last"], 1.0, day=meta["day_windows"]) for e in events]
    return [_label(app, diary, found[n - 1], waiting, n, event) for n, event in enumerate(events, 1)]


def _label(
    app: App, diary: Diary, measured: Change, waiting: dict[int, int], number: int, event: dict[str, Any]
) -> dict[str, Any]:
    first, last = event["first"], event["last"]
    new = diary.values[0, :first].sum(axis=0) == 0
    seen = np.where(new, diary.values[1, first : last + 1].sum(axis=0) > 0, measured.seen)
    culprits = [i for i in _culprits(app, diary, event["culprits"]) if diary.values[0, :, i].any()]
    visible = [i for i in culprits if seen[i]]
    affected = _affected(app, diary, event, culprits, seen) if event["kind"] == "fault" else []
    figure, x = _largest(measured, visible or culprits or affected, new)
    telling = [i for i in (visible if culprits else affected) if measured.matters[i] or new[i]]
    kind, severity, shown = event["kind"], event["severity"], "statements"
    waiters = sum(waiting.get(w, 0) for w in range(first, last + 1)) / (5 * (last - first + 1))
    if kind == "benign":
        shown = ""
    elif event["failed"] or len(telling) < (1 if culprits else EVERYBODY):
        kind, severity = "dont_care", severity + ("; immaterial" if visible else "; invisible")
        shown = "activity" if waiters >= 0.5 and event["class"] == "lock_contention" else ""
    hit = {*culprits, *affected}
    other = [int(i) for i in np.flatnonzero(seen) if i not in hit] if kind != "benign" else []
    return {
        "event_id": f"{'f' if event['kind'] == 'fault' else 'b'}{number:02d}", "kind": kind, "class": event["class"],
        "start_ts": stamp_of(first), "end_ts": stamp_of(last), "severity": severity, "measured_x": round(x, 2),
        "feature": figure, "culprits": diary.named(visible or culprits), "affected": diary.named(affected),
        "collateral": diary.named(other), "note": event["note"], "visible_in": shown,
        "lock_waiters": round(waiters, 2),
    }  # fmt: skip


def _still_cold(diary: Diary, event: dict[str, Any]) -> int:
    """Return for how many windows after a cold cache statements still read what they usually have."""
    if event["class"] != "cold_cache":
        return 0
    calls, read = (diary.values[RECORDED.index(name)].sum(axis=1, dtype=np.float64) for name in ("calls", "read"))

    def per_call(first: int, last: int) -> float:
        return float(read[first:last].sum() / max(calls[first:last].sum(), 1.0))

    usual = per_call(event["first"] - BEFORE, event["first"])
    after = event["last"] + 1
    cold = (n for n in range(LONGEST_COLD) if per_call(after + n, after + n + 3) < SEEN * usual)
    return next(cold, LONGEST_COLD)


def _forget_hint_bits(diary: Diary, clean: Any) -> None:
    """Take the WAL from statements that usually write none: they set hint bits, now and then, for whoever wrote."""
    calls, wal = (diary.values[RECORDED.index(name)] for name in ("calls", "wal_bytes"))
    for i in range(calls.shape[1]):
        ran = clean & (calls[:, i] > 0)
        if not ran.any() or np.median(wal[ran, i] / calls[ran, i]) < WRITES_BYTES:
            wal[:, i] = 0


def _largest(measured: Change, ids: list[int], new: Any) -> tuple[str, float]:
    if not ids:
        return "none", 1.0
    if any(new[i] for i in ids):
        return "new", NEW
    top = max(ids, key=lambda i: (bool(measured.seen[i]), abs(math.log(max(float(measured.factor[i]), 1e-9)))))
    return MEASURED[int(measured.figure[top])], float(measured.factor[top])


def _culprits(app: App, diary: Diary, names: Iterable[str]) -> list[int]:
    found: list[int] = []
    for name in names:
        text = app.texts.get(name) or (app.nested or {})[name]
        roles = app.roles_of.get(name)
        prints = {lexical.describe(written(text, members)).fingerprint for members in (1, 3)}
        found += [i for i, p in enumerate(diary.prints) if p in prints and (roles is None or diary.users[i] in roles)]
    return found


def _affected(app: App, diary: Diary, event: dict[str, Any], culprits: list[int], seen: Any) -> list[int]:
    """Return who suffers by the nature of the event, and visibly does."""
    reach = set(event["reach"])
    touched = frozenset().union(*(diary.tables[i] for i in culprits))
    users = {diary.users[i] for i in culprits}
    steps = {step for f in app.flows if set(f.steps) & set(event["culprits"]) for step in f.steps}
    together = set(_culprits(app, diary, steps))
    controls = {lexical.describe(word).fingerprint for word in TRANSACTION}

    def suffers(i: int) -> bool:
        return diary.users[i] in app.databases and (
            "all" in reach
            or ("role" in reach and diary.users[i] in users)
            or ("tables" in reach and bool(diary.tables[i] & touched))
            or ("flow" in reach and (i in together or (diary.users[i] in users and diary.prints[i] in controls)))
        )

    return [int(i) for i in np.flatnonzero(seen) if int(i) not in set(culprits) and suffers(int(i))]


def _waiting(folder: Path) -> dict[int, int]:
    """Return how many samples of a window saw a session that waits for a lock, one for each session."""
    rows = parquet.read_table(folder / "activity.parquet", columns=["window", "wait_event_type"]).to_pylist()
    found: dict[int, int] = {}
    for row in rows:
        if row["wait_event_type"] == "Lock":
            found[row["window"]] = found.get(row["window"], 0) + 1
    return found
