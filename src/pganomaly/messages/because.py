"""
Why, in one clause: as precise as what the server showed allows, else in the words of the cause.

in    a cause, Evidence or none
out   a clause that completes "probably because ..."
not   no opinion: which cause is likely was decided before
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from pganomaly.messages.account import Account
from pganomaly.messages.marker import marked as _
from pganomaly.messages.quantity import BLOCK_BYTES
from pganomaly.messages.speaker import Speaker
from pganomaly.records import Cause, Evidence
from pganomaly.records.evidence import Backend, IndexState, TableState

Clause = Callable[[Speaker, Evidence], str]
"""Nothing ("") where the server showed nothing that says more than the cause does."""

GROWN = 1.2
"""From so many times its size on a table has grown."""
DEAD_SHARE = 0.2
"""From so many dead rows on a table is full of them."""

FEWEST_SEEN, COMPUTING = 3, 0.8
"""Sessions seen at work, and the share of them that waits for nothing, from which on they lack processors."""
FEW_AT_ONCE = 4
"""Sessions that compute at once up to which it is not they who fill the processors."""


def clause(speaker: Speaker, cause: Cause, account: Account) -> str:
    """Return why, as a clause."""
    precise = _PRECISE.get(cause)
    shown = precise(speaker, account.evidence) if precise and account.evidence else ""
    if shown:
        return shown
    spilled = account.explanation.factor("temp") if account.explanation and cause is Cause.TEMP_SPILL else None
    if spilled and spilled.value:
        size = speaker.quantity(spilled.value * BLOCK_BYTES, "bytes")
        return speaker.say("its sorts or hashes do not fit into memory, each call spills {size}", size=size)
    logged = account.explanation.factor("wal") if account.explanation and cause is Cause.WAL_GROWTH else None
    if logged and logged.factor and logged.factor >= GROWN:
        now, usual = (speaker.quantity(n, "bytes") for n in (logged.value, logged.usual))
        return speaker.say("each call writes {now} of log, usually {usual}", now=now, usual=usual)
    return speaker.say(account.says(cause))


def full_of_dead_rows(table: TableState) -> bool:
    """Return whether so many of a table's rows are dead that it is worth saying."""
    return 0 < DEAD_SHARE * (table.dead_rows + table.live_rows) <= table.dead_rows


def holder(speaker: Speaker, backend: Backend, at: datetime) -> str:
    """Return who holds something up: process, role, program, and since when, as it was seen *at* that moment."""
    who = speaker.say("pid {pid}", pid=backend.pid) if backend.pid else speaker.say("a prepared transaction")
    facts = [fact for fact in (backend.role, backend.application) if fact]
    if backend.state and backend.state != "active":
        facts.append(backend.state)
    if backend.transaction_age_s is not None:
        since = speaker.when(at - timedelta(seconds=backend.transaction_age_s), at)
        facts.append(speaker.say("transaction open since {since}", since=since))
    return f"{who} ({', '.join(facts)})" if facts else who


def _index(speaker: Speaker, evidence: Evidence) -> str:
    said = {IndexState.DROPPED: _("index {index} is gone"), IndexState.INVALID: _("index {index} is invalid")}
    found = [i for state in said for i in evidence.indexes or () if i.state is state]
    return speaker.say(said[found[0].state], index=found[0].name) if found else ""


def _plan(speaker: Speaker, evidence: Evidence) -> str:
    for change in evidence.plans or ():
        for said in change.difference[:1]:
            return speaker.say(said.says, **said.facts)
    return _setting(speaker, evidence, _PLANNER)


def _setting(speaker: Speaker, evidence: Evidence, names: tuple[str, ...]) -> str:
    for setting in evidence.settings or ():
        if any(part in setting.name for part in names):
            unset = speaker.say("not set")
            facts = {"name": setting.name, "now": setting.now or unset, "was": setting.was or unset}
            return speaker.say("{name} is {now}, it was {was}", **facts)
    return ""


def _lock(speaker: Speaker, evidence: Evidence) -> str:
    chains = evidence.blockers or ()
    if not chains:
        return ""
    root = max(chains, key=lambda chain: chain.behind)
    return speaker.count(
        "{n} session waits for {who}",
        "{n} sessions wait for {who}",
        root.behind,
        who=holder(speaker, root.root, evidence.read_at),
    )


def _bloat(speaker: Speaker, evidence: Evidence) -> str:
    worst = max(evidence.tables or (), key=lambda t: t.now.dead_rows, default=None)
    if worst is None or not full_of_dead_rows(worst.now):
        return ""
    share = speaker.quantity(worst.now.dead_rows / (worst.now.dead_rows + worst.now.live_rows), "share")
    return speaker.say("{share} of the rows in {table} are dead", share=share, table=worst.name)


def _growth(speaker: Speaker, evidence: Evidence) -> str:
    for table in evidence.tables or ():
        if table.was and table.was.live_rows and table.now.live_rows >= GROWN * table.was.live_rows:
            was, now = (speaker.quantity(state.live_rows, "rows") for state in (table.was, table.now))
            return speaker.say("{table} has grown from {was} to {now}", table=table.name, was=was, now=now)
    return ""


def _cold(speaker: Speaker, evidence: Evidence) -> str:
    restart = evidence.restart
    if restart is None or not restart.restarted:
        return ""
    ago = speaker.quantity(round(restart.started_ago_s), "s")
    return speaker.say("the server was started {ago} ago and its cache is still cold", ago=ago)


def _processors(speaker: Speaker, evidence: Evidence) -> str:
    waits = evidence.waits
    if waits is None or not waits.looks:
        return ""
    computing = round(sum(w.seen for w in waits.of_all if w.type is None) / waits.looks)
    if computing <= 1:
        return ""
    return speaker.count("{n} session computes at once", "{n} sessions compute at once", computing)


def _host(speaker: Speaker, evidence: Evidence) -> str:
    waits = evidence.waits
    if waits is None:
        return ""
    seen = sum(w.seen for w in waits.of_all)
    computing = sum(w.seen for w in waits.of_all if w.type is None)
    if seen < FEWEST_SEEN or computing < COMPUTING * seen or computing > FEW_AT_ONCE * waits.looks:
        return ""
    return speaker.say(
        "its sessions wait for nothing and yet take longer: something beside PostgreSQL has the processors"
    )


_PLANNER = ("enable_", "_cost", "jit", "plan_cache_mode", "_collapse_limit", "statistics_target")
_CHECKPOINTS = ("max_wal_size", "checkpoint_", "wal_compression", "full_page_writes")
_PRECISE: dict[Cause, Clause] = {
    Cause.MISSING_INDEX: _index,
    Cause.PLAN_CHANGE: _plan,
    Cause.LOCK_WAIT: _lock,
    Cause.COMMIT_WAIT: lambda s, e: _setting(s, e, ("synchronous_", "wal_sync_method", "commit_", "fsync")),
    Cause.COLD_CACHE: _cold,
    Cause.TEMP_SPILL: lambda s, e: _setting(s, e, ("work_mem", "hash_mem_multiplier")),
    Cause.DATA_GROWTH: _growth,
    Cause.BLOAT: _bloat,
    Cause.WAL_GROWTH: lambda s, e: _setting(s, e, _CHECKPOINTS),
    Cause.CPU_SATURATION: _processors,
    Cause.HOST_SLOW: _host,
}
