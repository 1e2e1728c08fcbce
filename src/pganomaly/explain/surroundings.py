"""
What the rest of the server did while an incident was open: the crowd, the neighbours, who was at work.

Each figure is one number per window, averaged over the windows of the incident; NaN is "cannot say" and counts nowhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite, log, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.explain.sums import BLOCKS, CALLS, EXEC, PACE, READS, Looked
from pganomaly.records import Activity, Key, Matrix, Scores, Shapes, keys_of, locate
from pganomaly.records.grid import F8

COMMIT_WAITS = frozenset({"WALSync", "WALWrite", "WalSync", "WalWrite", "SyncRep", "CommitDelay", "XactGroupUpdate"})
COMMITS = ("COMMIT", "END")
BEGINS = ("BEGIN", "START")
ROLLBACKS = ("ROLLBACK", "ABORT")
CHANGES = ("UPDATE", "DELETE", "MERGE")

_CROWD = 8
_PACE_VARIANCE = 0.15
_LEAST_READS = 50.0
_LEAST_BLOCKS = 50.0
_LEAST_CALLS = 3.0
_FEW_CALLS = 3.0
_TRANSACTIONS: tuple[tuple[str, ...], ...] = (BEGINS, COMMITS, ROLLBACKS)
_MOST_TRIED = 1.5
_PLAIN = 2.0
_MORE_WORK = log(1.5)


class Mean(NamedTuple):
    """A figure over windows."""

    total: float = 0.0
    windows: int = 0

    @property
    def value(self) -> float:
        """Its average, NaN where no window told it."""
        return self.total / self.windows if self.windows else nan

    def plus(self, figure: float) -> "Mean":
        """Return it with one more window."""
        return Mean(self.total + figure, self.windows + 1) if isfinite(figure) else self


def added(means: Mapping[str, Mean], figures: Mapping[str, float]) -> dict[str, Mean]:
    """Return averages with the figures of one more window."""
    return {name: means.get(name, Mean()).plus(figure) for name, figure in figures.items()}


class Crowd(NamedTuple):
    """The columns of a window that are read again and again; rows by channel name."""

    scores: Scores
    toplevel: NDArray[np.bool_]
    calls: F8

    def row(self, block: F8, name: str) -> F8:
        """Return a channel's row of a block of the scores, NaN where the engine has no such channel."""
        channels = self.scores.channels
        return block[channels.index(name)] if name in channels else np.full(len(self.scores), np.nan)


def of_server(scores: Scores, matrix: Matrix, activity: Iterable[Activity], shapes: Shapes) -> dict[str, float]:
    """
    Return what the whole server did in a window.

    pace     common factor of time per work, a logarithm;  load   time against what expected calls usually take
    reads    blocks read against the usual;                breadth share of statements that read at least twice as much
    commits  how much longer commits take
    locked, reading, committing  shares of the samples of working sessions that wait for locks, for reads, for the log
    """
    crowd = Crowd(scores, scores.window.keys["toplevel"] & ~matrix.system, scores.window.deltas["calls"])
    return {
        "pace": _pace(crowd),
        "load": _load(crowd),
        **_reads(crowd),
        "commits": _commits(crowd, matrix, shapes),
        **_work(activity),
    }


def _pace(crowd: Crowd) -> float:
    r, spread = crowd.row(crowd.scores.residual, PACE), crowd.row(crowd.scores.spread, PACE)
    told = crowd.toplevel & np.isfinite(r) & np.isfinite(spread)
    if told.sum() < _CROWD:
        return nan
    r, weight = r[told], 1.0 / (np.square(spread[told]) + _PACE_VARIANCE)
    order = np.argsort(r)
    total = np.cumsum(weight[order])
    return float(r[order][np.searchsorted(total, total[-1] / 2)])


def _load(crowd: Crowd) -> float:
    usual = crowd.row(crowd.scores.usual, EXEC) * crowd.row(crowd.scores.usual, CALLS) * crowd.scores.window.length_s
    told = crowd.toplevel & np.isfinite(usual)
    took = float(crowd.scores.window.deltas["total_exec_time"][told].sum())
    return log((took + 1.0) / (float(usual[told].sum()) + 1.0)) if told.any() else nan


def _reads(crowd: Crowd) -> dict[str, float]:
    calls = crowd.calls
    now = calls * crowd.row(crowd.scores.value, READS)
    usual = calls * crowd.row(crowd.scores.usual, READS)
    blocks = calls * crowd.row(crowd.scores.usual, BLOCKS)
    told = crowd.toplevel & np.isfinite(now) & np.isfinite(usual)
    could = told & (blocks >= _LEAST_BLOCKS)
    if could.sum() < _CROWD:
        return {"reads": nan, "breadth": nan}
    return {
        "reads": log((float(now[told].sum()) + _LEAST_READS) / (float(usual[told].sum()) + _LEAST_READS)),
        "breadth": float((now[could] > 2.0 * usual[could] + 3.0).mean()),
    }


def _commits(crowd: Crowd, matrix: Matrix, shapes: Shapes) -> float:
    r = crowd.row(crowd.scores.residual, EXEC)
    some = np.flatnonzero(matrix.system & (matrix.lexical["has_tx"] == 1) & np.isfinite(r))
    verbs = (shapes.by_key.get(Key(*crowd.scores.keys[c].item())) for c in some)
    mine = [int(c) for c, shape in zip(some, verbs, strict=True) if shape is not None and shape.verb in COMMITS]
    weight = crowd.calls[mine]
    return float((r[mine] * weight).sum() / weight.sum()) if mine else nan


def _work(activity: Iterable[Activity]) -> dict[str, float]:
    at_work = [a for a in activity if a.state == "active"]
    if not at_work:
        return {"locked": nan, "reading": nan, "committing": nan}
    n = len(at_work)
    return {
        "locked": sum(a.wait_event_type == "Lock" for a in at_work) / n,
        "reading": sum(a.wait_event_type == "IO" and a.wait_event not in COMMIT_WAITS for a in at_work) / n,
        "committing": sum(a.wait_event in COMMIT_WAITS for a in at_work) / n,
    }


def of_neighbours(scores: Scores, matrix: Matrix, members: Iterable[tuple[Key, float]]) -> dict[str, float]:
    """
    Return what other statements of the culprits' roles did; *members* are the culprits with their weights.

    others       their calls against expected ones, a logarithm
    others_up    share of those that were called more than twice as often;  others_down  less than half as often:
                 by two deviations, and by one: who is called three times a window is called six times by chance
    """
    keys = [key for key, _ in members]
    roles = {(key.dbid, key.userid) for key in keys}
    mine = {tuple(key) for key in keys}
    now, expected = [], []
    for part, system in ((scores, matrix.system), (scores.silent, None)):
        if part is None or CALLS not in part.channels:
            continue
        usual = part.usual[part.channels.index(CALLS)] * part.window.length_s
        wanted = (
            np.isfinite(usual) & (usual >= _LEAST_CALLS) & (np.ones(len(part), bool) if system is None else ~system)
        )
        for column in np.flatnonzero(wanted & _of_roles(part, roles)):
            if part.keys[column].item() not in mine:
                now.append(float(part.value[part.channels.index(CALLS), column]) * part.window.length_s)
                expected.append(float(usual[column]))
    if not expected:
        return {"others": nan, "others_up": nan, "others_down": nan}
    calls, twice, half = np.array(now), 2.0 * np.array(expected), 0.5 * np.array(expected)
    return {
        "others": log((sum(now) + 1.0) / (sum(expected) + 1.0)),
        "others_up": float((calls > twice + _PLAIN * np.sqrt(twice)).mean()),
        "others_down": float((calls < half - np.sqrt(half)).mean()),
    }


def of_transactions(scores: Scores, shapes: Shapes, members: Iterable[Key]) -> dict[str, float]:
    """
    Return what the transactions of the culprits' roles came to.

    unfinished  how many more were begun than committed, against the usual: a logarithm
    begun, rolled_back  those begun, and those rolled back, against the usual: logarithms
    tried       transactions begun beyond the usual and not committed, per call beyond the usual of the member whose
                calls rose most; NaN where none rose
    """
    keys = set(members)
    roles = {(key.dbid, key.userid) for key in keys}
    now, usual = dict.fromkeys(_TRANSACTIONS, 0.0), dict.fromkeys(_TRANSACTIONS, 0.0)
    for part in (scores, scores.silent):
        if part is None or CALLS not in part.channels:
            continue
        expected = part.usual[part.channels.index(CALLS)] * part.window.length_s
        for column, of in _transactions(part, shapes, roles):
            now[of] += float(part.window.deltas["calls"][column]) if part is scores else 0.0
            usual[of] += _known(expected[column])
    begun, committed, rolled_back = (log((now[of] + _FEW_CALLS) / (usual[of] + _FEW_CALLS)) for of in _TRANSACTIONS)
    lost, most = (now[BEGINS] - usual[BEGINS]) - (now[COMMITS] - usual[COMMITS]), _most_beyond(scores, keys)
    return {
        "unfinished": begun - committed,
        "begun": begun,
        "rolled_back": rolled_back,
        "tried": min(max(lost / most, -_MOST_TRIED), _MOST_TRIED) if most >= _FEW_CALLS else nan,
    }


def _transactions(
    part: Scores, shapes: Shapes, roles: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the columns in which roles begin, commit or roll back, and which of these they do."""
    _, system = shapes.of(part.keys)
    for column in np.flatnonzero(_of_roles(part, roles) & system).tolist():
        shape = shapes.by_key.get(Key(*part.keys[column].item()))
        of = next((some for some in _TRANSACTIONS if shape is not None and shape.verb in some), None)
        if of is not None:
            yield column, of


def _most_beyond(scores: Scores, members: Iterable[Key]) -> float:
    """Return how many more calls than usual the member has that has most of them."""
    if CALLS not in scores.channels:
        return 0.0
    columns = locate(keys_of(members), scores.keys)
    ran = columns[columns >= 0]
    usual = np.nan_to_num(scores.usual[scores.channels.index(CALLS)][ran]) * scores.window.length_s
    return float((scores.window.deltas["calls"][ran] - usual).max(initial=0.0))


def _known(number: float) -> float:
    return float(number) if isfinite(number) else 0.0


def of_tables(scores: Scores, shapes: Shapes, members: Iterable[Key]) -> dict[str, float]:
    """
    Return what others do on the culprits' tables.

    mates    share of the other statements on them whose calls do at least 1.5 times the work
    changed  1 where statements update them or delete from them, 0 where none does
    """
    if BLOCKS not in scores.channels:
        return {"mates": nan, "changed": nan}
    mine = set(members)
    tables = {(k.dbid, table) for k in mine if k in shapes.by_key for table in shapes.by_key[k].tables}
    r = scores.residual[scores.channels.index(BLOCKS)]
    calls = scores.window.deltas["calls"]
    found: list[bool] = []
    changed = False
    for column, row in enumerate(scores.keys.tolist()):
        key = Key(*row)
        shape = shapes.by_key.get(key)
        if shape is None or not any((key.dbid, table) in tables for table in shape.tables):
            continue
        changed = changed or shape.verb in CHANGES
        if key not in mine and isfinite(r[column]) and calls[column] >= _LEAST_CALLS:
            found.append(bool(r[column] > _MORE_WORK))
    return {"mates": sum(found) / len(found) if found else nan, "changed": float(changed) if tables else nan}


def _of_roles(part: Scores, roles: Iterable[tuple[int, int]]) -> NDArray[np.bool_]:
    found = np.zeros(len(part), dtype=np.bool_)
    for dbid, userid in roles:
        found |= (part.keys["dbid"] == dbid) & (part.keys["userid"] == userid)
    return found


def looked_at(activity: Iterable[Activity]) -> dict[Key, Looked]:
    """Return how often samples saw each statement at work, before a lock, and reading."""
    seen: dict[Key, Looked] = {}
    for a in activity:
        if a.state != "active" or a.query_id is None or a.dbid is None or a.userid is None:
            continue
        key = Key(a.dbid, a.userid, a.query_id)
        before = seen.get(key, Looked())
        seen[key] = Looked(
            before.seen + 1,
            before.locked + (a.wait_event_type == "Lock"),
            before.reading + (a.wait_event_type == "IO"),
        )
    return seen
