"""
Who waits for whom on the watched server, and what sessions wait for.

in    a visit
out   blocking chains, wait events counted over a few looks, how crowded it is
not   no literal of any statement leaves this module
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import psycopg

from pganomaly import lexical
from pganomaly.collect.evidence_visit import Row, Visit
from pganomaly.pg.connect import APPLICATION
from pganomaly.records.evidence import Backend, Chain, Sessions, Wait, Waits

MOST_SESSIONS = 500
MOST_CHAINS = 50
MOST_WAITS = 20
QUERY_CHARS = 2000
Waited = tuple[int | None, str | None, str | None]
"""Whose statement, and the type and the event it waits for."""

PREPARED = 0
"""What pg_blocking_pids says for a prepared transaction."""

_TEXT = (
    f"pg_catalog.convert_to(left(a.query, {QUERY_CHARS}),"
    " CASE pg_catalog.getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END)"
)
_NO_TEXT = "NULL::bytea"
_NOBODY = Backend(PREPARED, None, None, None, "prepared transaction", None, None, None, None, None, None, None)


class Present:
    """The sessions of one moment that are at work or inside a transaction."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {row["pid"]: row for row in rows}
        self._backends: dict[int, Backend] = {}

    def backend(self, pid: int) -> Backend:
        """Return a session by its number; one that is not there any more is known by that alone."""
        if pid not in self._backends:
            self._backends[pid] = _backend(self._rows[pid]) if pid in self._rows else _gone(pid)
        return self._backends[pid]

    def waiting(self) -> dict[int, tuple[int, ...]]:
        """Return whom each waiting session waits for."""
        return {pid: tuple(row["blocked_by"]) for pid, row in self._rows.items() if row["blocked_by"]}

    def oldest(self) -> Backend | None:
        """Return the session with the oldest transaction that vacuum must heed."""
        heeded = [row for row in self._rows.values() if row["holds_back_vacuum"] and row["transaction_age_s"]]
        return self.backend(max(heeded, key=lambda row: row["transaction_age_s"])["pid"]) if heeded else None


def present(here: Visit) -> Present:
    """Return who is there, idle ones too where somebody waits for them: an advisory lock outlives a transaction."""
    rows = _sessions(here, ())
    seen = {row["pid"] for row in rows}
    idle = {pid for row in rows for pid in row["blocked_by"]} - seen - {PREPARED}
    return Present(_sessions(here, idle) if idle else rows)


def _sessions(here: Visit, also: Collection[int]) -> list[Row]:
    """Return sessions. A statement's text that does not fit our encoding must not hide who blocks whom."""
    args = {"most": MOST_SESSIONS, "ours": APPLICATION, "also": sorted(also)}
    try:
        return here.rows("sessions", args, query_id=here.can.query_id, query=_TEXT)
    except (psycopg.errors.CharacterNotInRepertoire, psycopg.errors.UntranslatableCharacter):
        return here.rows("sessions", args, query_id=here.can.query_id, query=_NO_TEXT)


def chains(here: Visit, there: Present) -> tuple[Chain, ...]:
    """Return who waits for whom, those that wait longest first."""
    waiting = there.waiting()
    if not waiting:
        return ()
    waited = (
        "extract(epoch FROM pg_catalog.clock_timestamp() - l.waitstart)::float8" if here.can.has_waitstart else "NULL"
    )
    locks = here.rows("lock_waits", {"pids": sorted(waiting)}, waited=f"{waited}::float8")
    roots = {pid: root(pid, waiting) for pid in waiting}
    behind = Counter(roots.values())
    found = [_chain(there, pid, waiting[pid][0], roots[pid], behind, locks) for pid in waiting]
    return tuple(sorted(found, key=lambda chain: -(chain.wait_s or 0.0))[:MOST_CHAINS])


def root(pid: int, waiting: Mapping[int, Sequence[int]]) -> int:
    """Return who is at the end of the queue that *pid* stands in; in a circle (a deadlock) whoever comes up first."""
    seen = {pid}
    while waiting.get(pid):
        ahead = [other for other in waiting[pid] if other not in seen]
        if not ahead:
            return waiting[pid][0]
        # The one that waits for nobody if there is one: it holds up all others.
        pid = next((other for other in ahead if not waiting.get(other)), ahead[0])
        seen.add(pid)
    return pid


def crowd(here: Visit, there: Present) -> Sessions:
    """Return how many sessions there are."""
    (row,) = here.rows("crowd")
    return Sessions(**row, oldest=there.oldest())


def look(here: Visit) -> list[Row]:
    """Return what active sessions wait for now; texts only where the server has no number for a statement."""
    text = f"CASE WHEN {here.can.query_id} IS NULL THEN {_TEXT} END"
    args = {"most": MOST_SESSIONS, "ours": APPLICATION}
    try:
        return here.rows("look", args, query_id=here.can.query_id, text=text)
    except (psycopg.errors.CharacterNotInRepertoire, psycopg.errors.UntranslatableCharacter):
        return here.rows("look", args, query_id=here.can.query_id, text=_NO_TEXT)


def waits(looks: Sequence[Iterable[Row]], query_ids: Collection[int], fingerprints: Mapping[str, int]) -> Waits:
    """Return what was waited for over some looks: by the statements that are asked about, and by all."""
    of_all: Counter[Waited] = Counter()
    of_ours: Counter[Waited] = Counter()
    for row in (row for rows in looks for row in rows):
        query_id = row["query_id"] or fingerprints.get(_fingerprint(row["query"]) or "")
        of_all[None, row["type"], row["event"]] += row["seen"]
        if query_id in query_ids:
            of_ours[query_id, row["type"], row["event"]] += row["seen"]
    return Waits(len(looks), _most(of_ours), _most(of_all))


def _most(seen: Counter[Waited]) -> tuple[Wait, ...]:
    return tuple(Wait(*what, seen=times) for what, times in seen.most_common(MOST_WAITS))


def _chain(there: Present, pid: int, blocker: int, last: int, behind: Counter[int], locks: Sequence[Row]) -> Chain:
    mine = [lock for lock in locks if lock["pid"] == pid]
    wanted = next((lock for lock in mine if not lock["granted"]), None)
    table = next((lock["table"] for lock in [*([wanted] if wanted else []), *mine] if lock["table"]), None)
    me = there.backend(pid)
    since = wanted["wait_s"] if wanted else None
    return Chain(
        waiting=me,
        blocker=there.backend(blocker),
        root=there.backend(last),
        behind=behind[last],
        wait_s=since if since is not None else me.query_age_s,
        lock=wanted["lock"] if wanted else me.wait_event,
        mode=wanted["mode"] if wanted else None,
        table=table,
    )


def _backend(row: Row) -> Backend:
    text = row["query"].decode(errors="replace") if row["query"] else None
    return Backend(
        pid=row["pid"],
        database=row["database"],
        role=row["role"],
        application=row["application"] or None,
        state=row["state"],
        query_id=row["query_id"],
        query=lexical.describe(text).redacted if text and text != "<insufficient privilege>" else None,
        wait_event_type=row["wait_event_type"],
        wait_event=row["wait_event"],
        query_age_s=row["query_age_s"],
        state_age_s=row["state_age_s"],
        transaction_age_s=row["transaction_age_s"],
    )


def _gone(pid: int) -> Backend:
    if pid == PREPARED:
        return _NOBODY
    return Backend(pid, None, None, None, None, None, None, None, None, None, None, None)


def _fingerprint(text: bytes | None) -> str | None:
    return lexical.describe(text.decode(errors="replace")).fingerprint if text else None
