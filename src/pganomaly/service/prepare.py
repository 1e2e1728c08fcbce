"""Before the first tick: a store that is ours, a server that shows its statistics; or exactly what is missing."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import LiteralString

import psycopg

from pganomaly import errors, pg
from pganomaly.clock import Clock
from pganomaly.collect import Check, CheckState, Target, doctor
from pganomaly.messages import Speaker
from pganomaly.service.schedule import Backoff
from pganomaly.storage import Store

_CREATE: LiteralString = "CREATE /* pganomaly */ EXTENSION IF NOT EXISTS pg_stat_statements"

Say = Callable[[str], None]


def store_ready(store: Store, speaker: Speaker, clock: Clock, stop: Event, say: Say) -> bool:
    """
    Wait until the store answers, and bring its schema to this version; return False where we are stopped before.

    Whatever waiting cannot mend is raised, a wrong password or errors.ForeignSchema: nothing was altered.
    """
    backoff = Backoff(first_s=1.0, most_s=30.0)
    while not stop.is_set():
        try:
            applied = store.migrate()
        except errors.ConnectError as error:
            if not error.passing:
                raise
            if not backoff.failures:
                say(speaker.error(error))
                say(speaker.say("Waiting for PostgreSQL …"))
            backoff = backoff.failed()
            clock.wait(backoff.wait_s, stop)
        else:
            if applied:
                say(speaker.say("The schema monitoring is at this version: {names}.", names=", ".join(applied)))
            return True
    return False


def problems(target: Target, clock: Clock, *, may_create: bool) -> tuple[Check, ...]:
    """
    Return what keeps us from reading all of *target*, none where nothing does.

    *may_create* allows the one thing that is written to a watched server, and only if it is missing: the extension.
    """
    checks = doctor(target.conninfo, now=clock.now())
    missing = any(check.name == "extension" and check.state is CheckState.PROBLEM for check in checks)
    if missing and may_create and _created(target):
        return problems(target, clock, may_create=False)
    return tuple(check for check in checks if check.state is CheckState.PROBLEM)


def said(check: Check, speaker: Speaker) -> str:
    """Return a check in the reader's language, with its fix."""
    sentences = [speaker.say(text, **check.values) for text in (check.fact, check.consequence) if text]
    fix = [speaker.say("Fix:") + f"\n{check.fix}"] if check.fix else []
    return f"{check.code}: {' '.join(sentences)}" + "".join(f"\n{line}" for line in fix)


def old_streak(model_file: Path) -> Path | None:
    """Return the drift_state.json of an older system that is still there; it is ignored."""
    places = (Path("drift_state.json"), model_file.with_name("drift_state.json"))
    return next((place for place in places if place.is_file()), None)


def _created(target: Target) -> bool:
    try:
        with pg.connect(target.conninfo) as conn:
            conn.execute(_CREATE)
    except (psycopg.Error, errors.ConnectError):
        return False
    return True
