"""
What the server itself showed, a line each: those that speak of the cause first.

in    Evidence, the likeliest cause
out   a few lines; none where nothing worth a line was read
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from pganomaly.messages.because import DEAD_SHARE, GROWN, full_of_dead_rows, holder
from pganomaly.messages.marker import marked as _
from pganomaly.messages.naming import shortened
from pganomaly.messages.speaker import Speaker
from pganomaly.records import Cause, Evidence
from pganomaly.records.evidence import Backend, Chain, IndexState, Rate, Table, Why

MOST_LINES = 6
SHORT_WAIT_S = 1.0
MOST_WAITING = 3
"""Different statements in one queue that are named."""
QUERY_CHARS = 80
OFTEN = 0.25
"""What sessions wait for is worth a line where so large a share of looks showed it."""
TIMES = 3.0
"""A rate is worth a line from so many times the usual on, and from so many a second:"""
SCANS, ROLLBACKS, BLOCKS, TEMP_BYTES, LOG_BYTES = 0.1, 1.0, 50.0, 1e5, 1e5
OLD_TRANSACTION_S = 300.0
FULL = 0.9

Line = tuple[tuple[Cause, ...], str]
"""Of which causes a line speaks, and what it says."""


def lines(speaker: Speaker, evidence: Evidence, cause: Cause, *others: Cause) -> tuple[str, ...]:
    """
    Return what is worth reading of *evidence*.

    What may be seen on any day is told only where it speaks of the likeliest *cause*, or of *others* that may be.
    """
    witness, asked = _Witness(speaker, evidence), {cause, *others}
    told = list(witness.told())
    told += [line for line in witness.everyday() if asked & set(line[0]) or cause is Cause.UNKNOWN]
    if cause is Cause.LOCK_WAIT and evidence.blockers:  # who holds what is all there is to say
        told = [line for line in told if not line[0] or cause in line[0]]
    told.sort(key=lambda line: (cause not in line[0], not asked & set(line[0])))
    return tuple(dict.fromkeys(text for _about, text in told))[:MOST_LINES]


class _Witness:
    """Says what one Evidence shows."""

    def __init__(self, speaker: Speaker, evidence: Evidence) -> None:
        self._speaker = speaker
        self.say = speaker.say
        self._evidence = evidence

    def told(self) -> Iterator[Line]:
        yield from self._blockers()
        yield from self._indexes()
        yield from self._plans()
        yield from self._settings()
        yield from self._locked()
        yield from self._server()
        yield from self._flow()
        yield from self._waits()
        yield from self._sessions()
        yield from self._missing()

    def everyday(self) -> Iterator[Line]:
        """Yield what may be seen on any day."""
        yield from self._blockers(brief=True)
        for table in self._evidence.tables or ():
            yield from self._table(table)
        for index in self._evidence.indexes or ():
            if index.state is IndexState.UNUSED and index.scans.usual is not None:
                line = self.say(
                    "index {index} of {table} is not used any more, usually {usual}",
                    index=index.name, table=index.table, usual=self._rate(index.scans.usual),
                )  # fmt: skip
                yield (Cause.MISSING_INDEX, Cause.PLAN_CHANGE), line
        checkpoints, sessions = self._evidence.checkpoints, self._evidence.sessions
        if checkpoints is not None and checkpoints.running:
            yield (Cause.HOST_SLOW, Cause.COMMIT_WAIT, Cause.WAL_GROWTH), self.say("a checkpoint is being written")
        if sessions is not None and sessions.oldest and (sessions.oldest.transaction_age_s or 0) >= OLD_TRANSACTION_S:
            line = self.say("the oldest transaction: {who}", who=self._holder(sessions.oldest))
            yield (Cause.BLOAT, Cause.LOCK_WAIT), line

    def _blockers(self, *, brief: bool = False) -> Iterator[Line]:
        """Yield who holds others up; *brief* are queues of a moment, as of any two who change one row."""
        about = (Cause.LOCK_WAIT, Cause.RETRY_STORM)
        for queue in self._queues():
            if brief is not all((c.wait_s or SHORT_WAIT_S) < SHORT_WAIT_S for c in queue):
                continue
            chain = queue[0]
            line = self._speaker.count(
                "{who} holds {what} after {query}; {n} session waits",
                "{who} holds {what} after {query}; {n} sessions wait",
                chain.behind,
                who=self._holder(chain.root), what=chain.table or chain.lock or "?",
                query=shortened(chain.root.query or "–", QUERY_CHARS),
            )  # fmt: skip
            longest_s = max((c.wait_s for c in queue if c.wait_s is not None), default=None)
            if longest_s is not None:
                longest = self._speaker.quantity(round(longest_s), "s")
                line = self.say("{line}, the longest for {longest}", line=line, longest=longest)
            yield about, line
            waiting = Counter(shortened(c.waiting.query.rstrip("; "), QUERY_CHARS) for c in queue if c.waiting.query)
            if waiting:
                named = [f"{query} (×{n})" if n > 1 else query for query, n in waiting.most_common(MOST_WAITING)]
                more = "; …" if len(waiting) > MOST_WAITING else ""
                yield about, self.say("what waits: {queries}", queries="; ".join(named) + more)

    def _queues(self) -> list[list[Chain]]:
        """Return who waits, by who holds them all up; the longest queue first, and in it who waits longest."""
        queues: dict[int, list[Chain]] = {}
        for chain in sorted(self._evidence.blockers or (), key=lambda c: (-c.behind, -(c.wait_s or 0.0))):
            queues.setdefault(chain.root.pid, []).append(chain)
        return list(queues.values())

    def _holder(self, backend: Backend) -> str:
        return holder(self._speaker, backend, self._evidence.read_at)

    def _indexes(self) -> Iterator[Line]:
        for index in self._evidence.indexes or ():
            names = {"index": index.name, "table": index.table}
            about = (Cause.MISSING_INDEX, Cause.PLAN_CHANGE)
            if index.state is IndexState.DROPPED:
                yield about, self.say("index {index} of {table} is gone", **names)
            elif index.state is IndexState.INVALID:
                yield about, self.say("index {index} of {table} is invalid: it serves nobody", **names)
            elif index.state is IndexState.NEW:
                yield (Cause.PLAN_CHANGE, Cause.WAL_GROWTH), self.say("index {index} of {table} is new", **names)

    def _plans(self) -> Iterator[Line]:
        for change in self._evidence.plans or ():
            for said in change.difference:
                yield (Cause.PLAN_CHANGE, Cause.MISSING_INDEX), self.say(said.says, **said.facts)

    def _settings(self) -> Iterator[Line]:
        unset = self.say("not set")
        for setting in self._evidence.settings or ():
            facts = {"name": setting.name, "now": setting.now or unset, "was": setting.was or unset}
            line = self.say("{name} is {now}, it was {was}", **facts)
            if setting.scope:
                line = self.say("{line} (for {scope})", line=line, scope=setting.scope)
            yield _SETTINGS, line

    def _locked(self) -> Iterator[Line]:
        known = {chain.root.pid for chain in self._evidence.blockers or ()}
        for table in self._evidence.tables or ():
            if unknown := [pid for pid in table.locked_by if pid not in known]:
                pids = ", ".join(map(str, unknown))
                yield (Cause.LOCK_WAIT,), self.say("{table} is locked by pid {pids}", table=table.name, pids=pids)

    def _table(self, table: Table) -> Iterator[Line]:
        now, was = table.now, table.was
        if full_of_dead_rows(now):
            yield (Cause.BLOAT, Cause.SLOW_DRIFT), self.say(
                "{table}: {dead} dead rows beside {live} live ones, vacuumed {when}",
                table=table.name, dead=self._number(now.dead_rows), live=self._number(now.live_rows),
                when=self._ago(now.vacuumed_at),
            )  # fmt: skip
        if was is not None and was.size_bytes and now.size_bytes >= GROWN * was.size_bytes:
            sizes = [self._speaker.quantity(state.size_bytes, "bytes") for state in (was, now)]
            yield (
                (Cause.DATA_GROWTH, Cause.SLOW_DRIFT, Cause.BLOAT),
                self.say("{table} has grown from {was} to {now}", table=table.name, was=sizes[0], now=sizes[1]),
            )
        if now.live_rows and now.changed_since_analyze >= DEAD_SHARE * now.live_rows:
            yield (Cause.PLAN_CHANGE, Cause.DATA_GROWTH), self.say(
                "{table}: {changed} rows changed since it was analyzed ({when})",
                table=table.name, changed=self._number(now.changed_since_analyze), when=self._ago(now.analyzed_at),
            )  # fmt: skip
        if self._more(table.seq_scans, SCANS):
            yield (
                (Cause.MISSING_INDEX, Cause.PLAN_CHANGE),
                self._compared(
                    _("{table} is read from end to end {now}, usually {usual}"), table.seq_scans, table=table.name
                ),
            )

    def _server(self) -> Iterator[Line]:
        restart, checkpoints = self._evidence.restart, self._evidence.checkpoints
        if restart is not None and restart.restarted:
            ago = self._speaker.quantity(round(restart.started_ago_s), "s")
            yield (Cause.COLD_CACHE, Cause.HOST_SLOW), self.say("the server was started {ago} ago", ago=ago)
        if restart is not None and restart.promoted:
            yield (Cause.COLD_CACHE, Cause.HOST_SLOW), self.say("a standby has become the primary")
        if checkpoints is not None and self._more(checkpoints.wal_bytes, LOG_BYTES):
            now, usual = (self._speaker.quantity(n, "bytes/s") for n in _two(checkpoints.wal_bytes))
            yield (
                (Cause.WAL_GROWTH, Cause.COMMIT_WAIT),
                self.say("the server writes {now} of log, usually {usual}", now=now, usual=usual),
            )

    def _flow(self) -> Iterator[Line]:
        flow = self._evidence.flow
        if flow is None:
            return
        if self._more(flow.rollbacks, ROLLBACKS):
            yield (
                (Cause.RETRY_STORM,),
                self._compared(_("{database} rolls back {now}, usually {usual}"), flow.rollbacks, database=flow.name),
            )
        if self._more(flow.temp_bytes, TEMP_BYTES):
            now, usual = (self._speaker.quantity(n, "bytes/s") for n in _two(flow.temp_bytes))
            yield (
                (Cause.TEMP_SPILL,),
                self.say(
                    "{database} writes {now} of temporary files, usually {usual}",
                    database=flow.name,
                    now=now,
                    usual=usual,
                ),
            )
        if self._more(flow.blocks_read, BLOCKS):
            now, usual = (self._speaker.quantity(n, "blocks/s") for n in _two(flow.blocks_read))
            yield (
                (Cause.COLD_CACHE, Cause.MORE_IO),
                self.say(
                    "{database} reads {now} from outside the cache, usually {usual}",
                    database=flow.name,
                    now=now,
                    usual=usual,
                ),
            )

    def _waits(self) -> Iterator[Line]:
        waits = self._evidence.waits
        if waits is None:
            return
        for wait in waits.of_statements:
            told = wait.type == "Lock" and self._evidence.blockers
            if wait.type and wait.seen >= OFTEN * waits.looks and not told:
                about = _WAITS.get(wait.type, ())
                yield about, self.say("its sessions wait for {type}: {event}", type=wait.type, event=wait.event or "?")

    def _sessions(self) -> Iterator[Line]:
        sessions = self._evidence.sessions
        if sessions is None:
            return
        if sessions.total >= FULL * sessions.max_connections:
            yield (
                (Cause.CALL_DROP, Cause.RETRY_STORM, Cause.CALL_SURGE),
                self.say(
                    "{total} of {most} connections are taken", total=sessions.total, most=sessions.max_connections
                ),
            )

    def _missing(self) -> Iterator[Line]:
        closed = [m.part for m in self._evidence.missing if m.why is Why.PRIVILEGE]
        if closed:
            yield (), self.say("not to be read by our role: {parts}", parts=", ".join(closed))

    def _compared(self, msgid: str, rate: Rate, **names: str) -> str:
        now, usual = _two(rate)
        return self.say(msgid, **names, now=self._rate(now), usual=self._rate(usual))

    def _more(self, rate: Rate, least: float) -> bool:
        now, usual = _two(rate)
        return now is not None and usual is not None and now >= max(TIMES * usual, least)

    def _rate(self, per_s: float | None) -> str:
        return self._speaker.quantity(per_s, "1/s")

    def _number(self, n: float) -> str:
        return self._speaker.number(n)

    def _ago(self, moment: datetime | None) -> str:
        if moment is None:
            return self.say("never")
        return self.say("{span} ago", span=self._speaker.duration(self._evidence.read_at - moment))


def _two(rate: Rate) -> tuple[float | None, float | None]:
    """Return a rate now, and the usual: before the first reference there is none but the average since then."""
    if rate.now is None:
        return rate.since, rate.usual
    return rate.now, rate.since if rate.usual is None else rate.usual


_SETTINGS = (Cause.PLAN_CHANGE, Cause.TEMP_SPILL, Cause.COMMIT_WAIT, Cause.WAL_GROWTH, Cause.CPU_SATURATION)
_WAITS = {
    "Lock": (Cause.LOCK_WAIT,),
    "IO": (Cause.MORE_IO, Cause.COLD_CACHE, Cause.COMMIT_WAIT, Cause.TEMP_SPILL, Cause.HOST_SLOW),
    "IPC": (Cause.COMMIT_WAIT,),
    "LWLock": (Cause.COMMIT_WAIT, Cause.CPU_SATURATION, Cause.HOST_SLOW),
}
