"""
What changed on a server, out of two or three readings of it.

in    the reference (how it was), what is read now, and once more a moment later
out   the parts of Evidence; the next reference
not   no server, no clock: plain values, compared
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pganomaly.collect.evidence_server import Counted
from pganomaly.collect.evidence_tables import Tables
from pganomaly.records.evidence import Checkpoints, DatabaseFlow, Index, IndexState, Rate, Setting, Table
from pganomaly.records.reference import Counts, DatabaseThen, IndexThen, Reference, TableThen

KEPT = 0.5
"""How much of the usual rates stays with every further reference."""
BRIEFLY_S = 0.3
"""Two readings closer than this say nothing on rates."""
MANY = 10.0
"""An index that should have been used so often by now, and was not, is not used any more."""
UNUSED_S = 20.0
"""And it has not been for so long, where the server says."""


def rate(name: str, then: Counted | None, usual: Counts, now: Counted, later: Counted | None) -> Rate:
    """Return how fast a counter moves. One that went back was reset: then nothing is known."""
    return Rate(
        now=_speed(name, now, later) if later is not None else None,
        since=_speed(name, then, now) if then is not None else None,
        usual=usual.get(name),
    )


def flow(name: str, then: DatabaseThen | None, now: Counted, later: Counted | None) -> DatabaseFlow:
    """Return what the statements of a database do, compared with before."""
    before = Counted(then.at, then.counts) if then is not None else None
    usual = then.usual_per_s if then is not None else _lifelong(now)

    def of(counter: str) -> Rate:
        return rate(counter, before, usual, now, later)

    return DatabaseFlow(
        name=name,
        commits=of("commits"),
        rollbacks=of("rollbacks"),
        deadlocks=of("deadlocks"),
        blocks_read=of("blocks_read"),
        blocks_hit=of("blocks_hit"),
        temp_files=of("temp_files"),
        temp_bytes=of("temp_bytes"),
        read_ms=of("read_ms"),
    )


def checkpoints(
    then: Reference | None, now: Counted, later: Counted | None, *, running: bool | None, last_ago_s: float | None
) -> Checkpoints:
    """Return checkpoints and write-ahead log, compared with before."""
    before = Counted(then.at, then.counts) if then is not None else None
    usual = then.usual_per_s if then is not None else {}

    def of(counter: str) -> Rate:
        return rate(counter, before, usual, now, later)

    return Checkpoints(
        timed=of("timed"),
        requested=of("requested"),
        write_ms=of("write_ms"),
        sync_ms=of("sync_ms"),
        buffers_written=of("buffers_written"),
        wal_bytes=of("wal_bytes"),
        wal_full_page_images=of("wal_full_page_images"),
        running=running,
        last_ago_s=last_ago_s,
    )


def settings(then: Mapping[str, str], now: Mapping[str, str], *, scoped: bool = False) -> tuple[Setting, ...]:
    """
    Return the settings that differ.

    One of the whole server that is not in both is not there in one of them: an extension's, or ours hides it.
    """
    names = then.keys() | now.keys() if scoped else then.keys() & now.keys()
    changed = sorted(name for name in names if then.get(name) != now.get(name))
    parts = ((name, *name.rpartition("/")) for name in changed)
    return tuple(
        Setting(short if scoped else name, then.get(name), now.get(name), scope if scoped else None)
        for name, scope, _, short in parts
    )


def tables(
    then: Mapping[str, TableThen],
    now: Tables,
    later: Tables | None,
    *,
    maintained: Iterable[int],
) -> tuple[Table, ...]:
    """Return the tables as they are, and as they were where the reference knows them."""
    busy = set(maintained)
    return tuple(
        _table(
            name,
            then.get(name),
            table,
            later.by_name.get(name) if later is not None else None,
            now.held.get(table.oid, ()),
            vacuuming=table.oid in busy,
        )
        for name, table in now.by_name.items()
    )


def indexes(then: Mapping[str, TableThen], now: Tables, later: Tables | None) -> tuple[Index, ...]:
    """Return the indexes of these tables that are not as they were, and those that are invalid."""
    found: list[Index] = []
    for name, table in now.by_name.items():
        before = then.get(name)
        after = later.by_name.get(name) if later is not None else None
        if before is not None:
            found += _gone(name, before, table)
        found += [
            index
            for each in table.indexes
            if (name, each.name) not in now.being_built
            and (index := _index(name, each, before, table, after, now.unused_s.get((name, each.name)))) is not None
        ]
    return tuple(found)


def settled(before: Reference | None, now: Reference) -> Reference:
    """Return *now* with the rates that counters had since *before*, mixed with those they had before that."""
    if before is None:
        return now
    at, was = now.at, before.at
    return replace(
        now,
        usual_per_s=_usual(Counted(was, before.counts), before.usual_per_s, Counted(at, now.counts)),
        databases={
            **before.databases,
            **{name: _settled_database(before.databases.get(name), here) for name, here in now.databases.items()},
        },
        plans={**before.plans, **now.plans},
    )


def _settled_database(before: DatabaseThen | None, now: DatabaseThen) -> DatabaseThen:
    if before is None:
        return now
    usual = _usual(Counted(before.at, before.counts), before.usual_per_s, Counted(now.at, now.counts))
    known = {name: _settled_table(before.tables.get(name), table) for name, table in now.tables.items()}
    return replace(now, usual_per_s=usual, tables=known)


def _settled_table(before: TableThen | None, now: TableThen) -> TableThen:
    if before is None or before.oid != now.oid:
        return now
    was, here = Counted(before.state.at, before.counts), Counted(now.state.at, now.counts)
    scans = {index.name: index for index in before.indexes}
    return replace(
        now,
        usual_per_s=_usual(was, before.usual_per_s, here),
        indexes=tuple(_settled_index(scans.get(index.name), index, was.at, here.at) for index in now.indexes),
    )


def _settled_index(before: IndexThen | None, now: IndexThen, was: datetime, at: datetime) -> IndexThen:
    if before is None:
        return now
    usual = {} if before.usual_per_s is None else {"scans": before.usual_per_s}
    mixed = _usual(Counted(was, {"scans": before.scans}), usual, Counted(at, {"scans": now.scans}))
    return replace(now, usual_per_s=mixed.get("scans"))


def _usual(was: Counted, usual: Counts, now: Counted) -> dict[str, float]:
    """Return rates: the old ones and the newest mixed; where the newest is not known, the old ones."""
    speeds = {name: _speed(name, was, now) for name in now.counts}
    newest = {name: speed for name, speed in speeds.items() if speed is not None}
    return {
        **usual,
        **{
            name: speed if name not in usual else KEPT * usual[name] + (1 - KEPT) * speed
            for name, speed in newest.items()
        },
    }


def _speed(name: str, was: Counted, now: Counted) -> float | None:
    seconds = (now.at - was.at).total_seconds()
    if seconds < BRIEFLY_S or name not in was.counts or name not in now.counts:
        return None
    moved = now.counts[name] - was.counts[name]
    return moved / seconds if moved >= 0 else None


def _lifelong(now: Counted) -> dict[str, float]:
    """Return rates since the counters began, for want of better."""
    return _usual(Counted(now.since, dict.fromkeys(now.counts, 0.0)), {}, now) if now.since is not None else {}


def _table(
    name: str,
    then: TableThen | None,
    now: TableThen,
    later: TableThen | None,
    held: tuple[int, ...],
    *,
    vacuuming: bool,
) -> Table:
    if then is not None and then.oid != now.oid:
        then = None
    before = Counted(then.state.at, then.counts) if then is not None else None
    usual = then.usual_per_s if then is not None else {}
    here = Counted(now.state.at, now.counts)
    after = Counted(later.state.at, later.counts) if later is not None and later.oid == now.oid else None

    def of(counter: str) -> Rate:
        return rate(counter, before, usual, here, after)

    return Table(
        name=name,
        now=now.state,
        was=then.state if then is not None else None,
        seq_scans=of("seq_scans"),
        index_scans=of("index_scans"),
        rows_read_by_seq=of("rows_read_by_seq"),
        rows_read_by_index=of("rows_read_by_index"),
        inserted=of("inserted"),
        updated=of("updated"),
        deleted=of("deleted"),
        indexes=len(now.indexes),
        locked_by=held,
        vacuuming=vacuuming,
    )


def _gone(table: str, before: TableThen, now: TableThen) -> list[Index]:
    """Return the indexes that are not there any more; one that only has another name is there."""
    names = {index.name for index in now.indexes}
    same = {_nameless(index) for index in now.indexes if index.valid}
    return [
        Index(table, index.name, IndexState.DROPPED, index.definition, unique=index.unique, changed=True,
              scans=Rate(None, None, index.usual_per_s), size_bytes=index.size_bytes)
        for index in before.indexes
        if index.name not in names and index.valid and _nameless(index) not in same
    ]  # fmt: skip


def _index(
    table: str,
    index: IndexThen,
    before: TableThen | None,
    now: TableThen,
    later: TableThen | None,
    unused_s: float | None,
) -> Index | None:
    was = next((i for i in before.indexes if i.name == index.name), None) if before is not None else None
    scans = rate(
        "scans",
        Counted(before.state.at, {"scans": was.scans}) if before is not None and was is not None else None,
        {"scans": was.usual_per_s} if was is not None and was.usual_per_s is not None else {},
        Counted(now.state.at, {"scans": index.scans}),
        _scans(later, index.name),
    )
    if not index.valid:
        state, changed = IndexState.INVALID, before is not None and (was is None or was.valid)
    elif before is not None and was is None:
        known = {_nameless(i) for i in before.indexes}
        if _nameless(index) in known:
            return None
        state, changed = IndexState.NEW, True
    elif was is not None and _stopped(scans, unused_s, now, later):
        state, changed = IndexState.UNUSED, True
    else:
        return None
    return Index(table, index.name, state, index.definition, unique=index.unique, changed=changed, scans=scans,
                 unused_s=unused_s, size_bytes=index.size_bytes)  # fmt: skip


def _stopped(scans: Rate, unused_s: float | None, now: TableThen, later: TableThen | None) -> bool:
    """Return whether an index that was in use is not any more."""
    usual = scans.usual if scans.usual is not None else scans.since
    if not usual:
        return False
    if unused_s is not None:
        return unused_s >= UNUSED_S and unused_s * usual >= MANY
    if later is None or scans.now is None or scans.now > 0:
        return False
    # Sessions report about once a second: only where the table's other counters moved has anything been reported.
    reported = any(later.counts[name] > now.counts[name] for name in ("seq_scans", "index_scans"))
    return reported and usual * (later.state.at - now.state.at).total_seconds() >= MANY


def _scans(table: TableThen | None, name: str) -> Counted | None:
    index = next((i for i in table.indexes if i.name == name), None) if table is not None else None
    return Counted(table.state.at, {"scans": index.scans}) if table is not None and index is not None else None


def _nameless(index: IndexThen) -> str:
    """Return what an index is, whatever it is called."""
    _, _, behind = (index.definition or index.name).partition(" ON ")
    return f"{index.unique} {behind or index.name}"
