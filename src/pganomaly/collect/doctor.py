"""
Everything about a server that decides what we see of it, each with what to do.

in    the way to a server
out   a list of Checks, the gravest cause first; a server that does not let us in is one of them
not   nothing is changed; what concerns our own store is asked elsewhere
"""

from collections.abc import Callable
from datetime import datetime

from pganomaly import errors, pg
from pganomaly.collect import comforts, essentials
from pganomaly.collect.check import Check, CheckState, ok
from pganomaly.collect.examination import Examination, examine
from pganomaly.collect.target import Limits, explained
from pganomaly.messages import _

QUESTIONS: tuple[Callable[[Examination], Check | None], ...] = (
    essentials.library,
    essentials.extension,
    essentials.within_reach,
    essentials.version,
    essentials.privileges,
    essentials.track,
    essentials.query_id,
    comforts.texts,
    comforts.room,
    comforts.pooler,
    comforts.clock,
    comforts.standby,
    comforts.support,
    comforts.reset,
    comforts.io_timing,
)
"""In the order in which answers matter. One that makes no sense on a server has no answer there."""


def doctor(conninfo: pg.Conninfo, *, now: datetime, limits: Limits | None = None) -> list[Check]:
    """Return what there is to say about a server; *now* is our own clock."""
    limits = limits or Limits()
    try:
        with (
            explained(conninfo.server, limits),
            pg.connect(conninfo, connect_timeout_s=limits.connect_timeout_s) as conn,
        ):
            seen = examine(conn, limits, now)
    except errors.PganomalyError as error:
        return [Check(error.code, "connection", CheckState.PROBLEM, error.template(), values=error.facts)]
    answers = (question(seen) for question in QUESTIONS)
    return [_greeting(conninfo, seen), *(answer for answer in answers if answer is not None)]


def _greeting(conninfo: pg.Conninfo, seen: Examination) -> Check:
    return ok(
        "PGA-006",
        "connection",
        _('{server} answers; we are "{role}" in database "{database}".'),
        server=conninfo.server,
        role=seen.server.role,
        database=seen.server.database,
    )
