"""
What the server itself showed, and what that says of causes: one line per sign.

A sign that is there multiplies the probability of some causes; one that was looked for and is not there, that of
others. What was not read says nothing: a missing privilege rules nothing out. The figures are weights of evidence in
nats (the logarithm of a likelihood ratio), set by hand, small where a sign is common by itself, and never so large that
one sign alone makes a cause certain or impossible.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pganomaly.records import Cause, Evidence, Key
from pganomaly.records.evidence import Chain, IndexState, Rate, Setting, Table

Keys = frozenset[Key]
Nats = Mapping[Cause, float]

PLANNER = (
    "enable_", "cpu_", "geqo", "jit", "from_collapse", "join_collapse", "plan_cache_mode", "default_statistics",
    "random_page_cost", "seq_page_cost", "effective_cache_size", "parallel_", "max_parallel", "constraint_exclusion",
)  # fmt: skip
MEMORY = ("work_mem", "hash_mem_multiplier")
COMMITTING = ("synchronous_commit", "synchronous_standby_names", "commit_delay", "fsync", "wal_sync_method")
LOGGING = ("full_page_writes", "wal_compression", "wal_level", "max_wal_size", "checkpoint_timeout", "wal_log_hints")
VACUUMING = ("autovacuum",)
"""Beginnings of the names of settings."""
COMMIT_EVENTS = frozenset({"WALSync", "WALWrite", "WalSync", "WalWrite", "SyncRep"})

DEAD, CLEAN = 0.3, 0.25
"""Shares of dead rows from which on a table is bloated, and up to which they hardly cost anything."""
MANY_ROWS = 1000
STALE = 0.3
"""Share of a table's rows that has changed since it was analysed, from which on its statistics are stale."""
GREW = 1.3
BIG_BYTES = 1 << 20
SCANS_MORE, ROLLBACKS_MORE, TEMP_MORE, CHECKPOINTS_MORE, ROWS_MORE = 3.0, 3.0, 3.0, 3.0, 3.0
COMMITTING_SHARE = 0.2
FEW_ROLLBACKS = 1.0
"""A second; one that comes by itself is nothing."""


ONCE = Rate(1.0, 1.0, 1.0)


class Shown(NamedTuple):
    """A sign as it was seen: how much of it (0: looked for, and not there), and what that says of causes."""

    name: str
    amount: float
    nats: Nats


@dataclass(frozen=True, slots=True)
class Sign:
    """
    Something that a look at the server can show.

    amount  how much of it there is; 0 where there is none, None where that was not read or cannot be told
    there, absent  nats for each cause
    """

    name: str
    amount: Callable[[Evidence, Keys], float | None]
    there: Nats
    absent: Nats


def shown(evidence: Evidence, members: Iterable[Key]) -> tuple[Shown, ...]:
    """Return every sign that was looked for, of an incident with these *members*."""
    keys = frozenset(members)
    amounts = ((sign, sign.amount(evidence, keys)) for sign in SIGNS)
    return tuple(
        Shown(sign.name, amount, sign.there if amount > 0 else sign.absent)
        for sign, amount in amounts
        if amount is not None
    )


def nats_of(signs: Iterable[Shown]) -> dict[Cause, float]:
    """Return by how much all signs together speak for each cause."""
    total: dict[Cause, float] = {}
    for sign in signs:
        for cause, nats in sign.nats.items():
            total[cause] = total.get(cause, 0.0) + nats
    return total


def _indexes(state: IndexState) -> Callable[[Evidence, Keys], float | None]:
    def amount(e: Evidence, _: Keys) -> float | None:
        if e.indexes is None or e.reference_at is None:
            return None
        found = float(sum(index.state is state and index.changed for index in e.indexes))
        return found or (None if any(table.was is None for table in e.tables or ()) else 0.0)

    return amount


def _settings(beginnings: tuple[str, ...]) -> Callable[[Evidence, Keys], float | None]:
    def concerned(setting: Setting) -> bool:
        return setting.name.startswith(beginnings)

    return lambda e, _: None if e.settings is None else float(sum(map(concerned, e.settings)))


def _plan(e: Evidence, keys: Keys) -> float | None:
    compared = [p for p in e.plans or () if p.was is not None and p.key in keys]
    return float(sum(p.was is not None and p.was.digest != p.now.digest for p in compared)) if compared else None


def _blocked(e: Evidence, keys: Keys) -> float | None:
    if e.blockers is None:
        return None
    return float(sum(concerns(chain, keys) for chain in e.blockers))


def concerns(chain: Chain, keys: Keys) -> bool:
    """Return whether one of these statements waits there, or may: not every server tells which one does."""
    return chain.waiting.query_id is None or chain.waiting.query_id in {key.queryid for key in keys}


def _committing(e: Evidence, _: Keys) -> float | None:
    if e.waits is None or not e.waits.of_all:
        return None
    share = sum(w.seen for w in e.waits.of_all if w.event in COMMIT_EVENTS) / sum(w.seen for w in e.waits.of_all)
    return share if share >= COMMITTING_SHARE else 0.0


def _dead(e: Evidence, _: Keys) -> float | None:
    if not e.tables:
        return None
    worst = max(_dead_share(table) for table in e.tables)
    return worst if worst >= DEAD else (0.0 if worst <= CLEAN else None)


def _dead_share(table: Table) -> float:
    rows = table.now.live_rows + table.now.dead_rows
    return table.now.dead_rows / rows if table.now.dead_rows >= MANY_ROWS else 0.0


def _stale(e: Evidence, _: Keys) -> float | None:
    if not e.tables:
        return None
    shares = [t.now.changed_since_analyze / max(t.now.rows, MANY_ROWS) for t in e.tables]
    return max(shares) if max(shares) >= STALE else 0.0


def _grew(e: Evidence, _: Keys) -> float | None:
    known = [t.now.size_bytes / t.was.size_bytes for t in e.tables or () if t.was and t.was.size_bytes >= BIG_BYTES]
    return (max(known) if max(known) >= GREW else 0.0) if known else None


def _analyzed(e: Evidence, _: Keys) -> float | None:
    if not e.tables or e.reference_at is None:
        return None
    return float(any(t.now.analyzed_at is not None and t.now.analyzed_at > e.reference_at for t in e.tables))


def _scans(e: Evidence, _: Keys) -> float | None:
    known = [_times(t.seq_scans, 0.01) for t in e.tables or () if t.now.live_rows >= MANY_ROWS]
    return _more((x for x in known if x is not None), SCANS_MORE)


def _found_by_index(e: Evidence, _: Keys) -> float | None:
    """Return how many times the usual a scan of an index finds; an index less makes another mixture of scans."""
    if any(index.changed for index in e.indexes or ()):
        return None
    known = [_times(t.rows_read_by_index, 1.0, t.index_scans) for t in e.tables or () if t.now.live_rows >= MANY_ROWS]
    return _more(known, ROWS_MORE)


def _requested(e: Evidence, _: Keys) -> float | None:
    return None if e.checkpoints is None else _more([_times(e.checkpoints.requested, 1 / 3600)], CHECKPOINTS_MORE)


def _restarted(e: Evidence, _: Keys) -> float | None:
    return None if e.restart is None else float(e.restart.restarted or e.restart.promoted)


def _rollbacks(e: Evidence, _: Keys) -> float | None:
    """Return how many times the usual is rolled back now: what failed half an hour ago is another incident's."""
    if e.flow is None:
        return None
    now, since, usual = e.flow.rollbacks
    lately, before = (now if now is not None else since), (usual if usual is not None else since)
    if lately is None or before is None or (now is None and usual is None):
        return None
    return _more([(lately + FEW_ROLLBACKS) / (before + FEW_ROLLBACKS)], ROLLBACKS_MORE)


def _temp(e: Evidence, _: Keys) -> float | None:
    return None if e.flow is None else _more([_times(e.flow.temp_bytes, 100_000.0)], TEMP_MORE)


def _times(rate: Rate, least: float, per: Rate = ONCE) -> float | None:
    """
    Return how many times the usual a rate is, *least* more or less being nothing; None where that is not known.

    per  what it is divided by: what each of something comes to. Before the second reference there is no usual but the
         average since the first.
    """
    pairs = zip(rate, per, strict=True)
    now, since, usual = (x / y if x is not None and y else None for x, y in pairs)
    newest = [x for x in (now, since if usual is not None else None) if x is not None]
    before = since if usual is None else usual
    return (max(newest) + least) / (before + least) if newest and before is not None else None


def _more(times: Iterable[float | None], enough: float) -> float | None:
    known = [x for x in times if x is not None]
    return (max(known) if max(known) >= enough else 0.0) if known else None


_C = Cause
SIGNS: tuple[Sign, ...] = (
    Sign("index_dropped", _indexes(IndexState.DROPPED), {_C.MISSING_INDEX: 5.0, _C.BLOAT: -1.0},
         {_C.MISSING_INDEX: -3.0}),
    Sign("index_invalid", _indexes(IndexState.INVALID), {_C.MISSING_INDEX: 2.5}, {}),
    Sign("index_unused", _indexes(IndexState.UNUSED), {_C.PLAN_CHANGE: 1.5, _C.MISSING_INDEX: 0.5}, {}),
    Sign("planner_setting", _settings(PLANNER), {_C.PLAN_CHANGE: 4.0, _C.BLOAT: -0.5}, {_C.PLAN_CHANGE: -0.3}),
    Sign("memory_setting", _settings(MEMORY), {_C.TEMP_SPILL: 2.5, _C.PLAN_CHANGE: 0.7}, {}),
    Sign("commit_setting", _settings(COMMITTING), {_C.COMMIT_WAIT: 2.5}, {}),
    Sign("log_setting", _settings(LOGGING), {_C.WAL_GROWTH: 1.0, _C.COMMIT_WAIT: 0.5}, {}),
    Sign("autovacuum_setting", _settings(VACUUMING), {_C.BLOAT: 1.0}, {}),
    Sign("plan_differs", _plan, {_C.PLAN_CHANGE: 3.0, _C.MISSING_INDEX: 2.0, _C.BLOAT: -1.0, _C.DATA_SKEW: -1.0},
         {_C.PLAN_CHANGE: -2.0, _C.MISSING_INDEX: -2.5}),
    Sign("blocked", _blocked, {_C.LOCK_WAIT: 4.5}, {_C.LOCK_WAIT: -0.7}),
    Sign("log_waits", _committing, {_C.COMMIT_WAIT: 3.0, _C.WAL_GROWTH: 0.7}, {_C.COMMIT_WAIT: -1.0}),
    Sign("dead_rows", _dead, {_C.BLOAT: 3.0}, {_C.BLOAT: -2.0}),
    Sign("stale_statistics", _stale, {_C.PLAN_CHANGE: 1.0, _C.DATA_GROWTH: 0.4}, {}),
    Sign("analyzed_since", _analyzed, {_C.PLAN_CHANGE: 0.8}, {}),
    Sign("table_grew", _grew, {_C.DATA_GROWTH: 1.2, _C.SLOW_DRIFT: 0.5, _C.BLOAT: 0.7}, {}),
    Sign("more_scans", _scans, {_C.MISSING_INDEX: 1.2, _C.PLAN_CHANGE: 1.0, _C.BLOAT: -0.7, _C.DATA_SKEW: -0.7},
         {_C.MISSING_INDEX: -1.5}),
    Sign("index_finds_more", _found_by_index, {_C.DATA_SKEW: 2.0, _C.DATA_GROWTH: 1.0, _C.SLOW_DRIFT: 0.5,
         _C.MISSING_INDEX: -1.5}, {_C.DATA_SKEW: -0.5, _C.DATA_GROWTH: -0.3}),
    Sign("requested_checkpoints", _requested, {_C.WAL_GROWTH: 1.5, _C.COMMIT_WAIT: 0.5, _C.HOST_SLOW: 0.3}, {}),
    Sign("restarted", _restarted, {_C.COLD_CACHE: 2.5}, {_C.COLD_CACHE: -0.3}),
    Sign("rollbacks", _rollbacks, {_C.RETRY_STORM: 3.0, _C.N_PLUS_ONE: -1.5, _C.CALL_SURGE: -1.0},
         {_C.RETRY_STORM: -2.0}),
    Sign("temporary_files", _temp, {_C.TEMP_SPILL: 1.2}, {_C.TEMP_SPILL: -0.7}),
)  # fmt: skip
