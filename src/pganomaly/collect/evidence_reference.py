"""
How a server is while nobody complains: read at start and hourly, so that evidence has something to be compared with.

in    a way in, the heaviest statements by database, the reference before
out   the next Reference
not   the same rules as evidence: no lock, nothing written, short; a database that cannot be visited stays as it was
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from pganomaly import errors
from pganomaly.collect import evidence_compare as compare
from pganomaly.collect import evidence_server as server
from pganomaly.collect import evidence_tables as relations
from pganomaly.collect import plans as planning
from pganomaly.collect.evidence import resolve
from pganomaly.collect.evidence_visit import PATIENCE_S, Visit, visit
from pganomaly.collect.questions import Asked
from pganomaly.collect.target import Target
from pganomaly.records import Reference
from pganomaly.records.reference import DatabaseThen

MOST_TABLES = 60
"""Tables of one database that are remembered."""
MOST_DATABASES = 4
MOST_PLANS = 20

log = structlog.stdlib.get_logger()


def reference(
    target: Target,
    wanted: Mapping[str, Sequence[Asked]],
    before: Reference | None,
    *,
    patience_s: float = PATIENCE_S,
    plans: bool = False,
) -> Reference:
    """
    Return how the server is now, and per database the tables of the statements *wanted* there, heaviest first.

    *plans* of them are for whoever has opted in.
    errors.ConnectError or errors.TargetError where no visit came about.
    """
    with visit(target.conninfo, patience_s=patience_s) as here:
        now = _server(here, before)
    for name, asked in list(wanted.items())[:MOST_DATABASES]:
        try:
            with visit(target.conninfo.with_dbname(name), patience_s=patience_s) as here:
                then = _database(here, asked, now)
                planned = planning.read(here, asked, at=now.at, most=MOST_PLANS) if plans else None
        except (errors.ConnectError, errors.TargetError) as error:
            log.debug("reference.incomplete", target=target.name, database=name, error=str(error))
            continue
        if then is not None:
            now = replace(now, databases={**now.databases, name: then})
        now = replace(now, plans={**now.plans, **{planning.name(key): plan for key, plan in (planned or {}).items()}})
    return compare.settled(before, now)


def _server(here: Visit, before: Reference | None) -> Reference:
    life = server.life(here)
    control = here.part("restart", lambda: server.control(here))
    settings = here.part("settings", lambda: server.settings(here))
    counted = here.part("checkpoints", lambda: server.log(here))
    return Reference(
        at=life.at,
        postmaster_start=life.postmaster_start,
        timeline=control.timeline if control is not None else None,
        in_recovery=life.in_recovery,
        settings_loaded_at=life.loaded_at if settings is not None else None,
        settings=settings if settings is not None else (before.settings if before is not None else {}),
        counts=counted.counts if counted is not None else {},
    )


def _database(here: Visit, asked: Sequence[Asked], now: Reference) -> DatabaseThen | None:
    flow = here.part("flow", lambda: server.flow(here))
    if flow is None:
        return None
    scoped = here.part("settings", lambda: server.scoped_settings(here, now.settings))
    tables = here.part("tables", lambda: relations.read(here, resolve(here, asked), most=MOST_TABLES))
    return DatabaseThen(
        at=flow.at,
        counts=flow.counts,
        usual_per_s={},
        tables=tables.by_name if tables is not None else {},
        settings=scoped or {},
    )
