"""What is wrong, and what one statement does: out of the store."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from pganomaly import errors
from pganomaly.catalog import feature
from pganomaly.cli.commands.store import CLOCK, opened_store
from pganomaly.cli.context import App, AsJson
from pganomaly.cli.told import tell
from pganomaly.messages import _, compose
from pganomaly.service import casebook
from pganomaly.service.casebook import Entry, Seen
from pganomaly.settings.variables import asked_duration

WINDOWS = 12
_INCIDENTS = (_("incident"), _("server"), _("query"), _("what is wrong"), _("since"), _("state"))
_RAN = (_("window"), _("calls/s"), _("ms/call"), _("rows/call"), _("blocks/call"), _("read/call"), _("ms/s"))


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("incidents")(incidents)
    app.command("query", context_settings={"ignore_unknown_options": True})(query)


def incidents(
    which: Annotated[str, typer.Argument(help="Id of an incident, or how it begins: shows its whole message.")] = "",
    since: Annotated[str | None, typer.Option("--since", help="Also what is over, so far back: 6h, 7d.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show what is wrong now, oddest first. Example: pganomaly incidents --json"""
    run = App(as_json)
    back = asked_duration("--since", since) if since else timedelta(days=400) if which else None
    with opened_store(run) as store:
        found = casebook.entries(store, run.speaker, CLOCK.now(), CLOCK.now() - back if back else None)
    found = tuple(e for e in found if e.incident.incident_id.startswith(which))
    if as_json:
        run.answer([_facts(e) for e in found])
    elif which:
        _tell(run, which, found)
    elif found:
        run.table(_INCIDENTS, [_row(run, e) for e in found])
        run.say("All about one of them: pganomaly incidents {id}", id=found[0].incident.incident_id[:8])
    elif since:
        run.say("Nothing was wrong.")
    else:
        run.say("Nothing is wrong.")
    return 0


def _tell(run: App, which: str, found: tuple[Entry, ...]) -> None:
    if not found:
        raise errors.NoSuchIncident(given=which)
    for entry in found:
        for message in (entry.message, entry.closing):
            if message is not None:
                tell(run, message, whole=True)


def _row(run: App, entry: Entry) -> tuple[str, ...]:
    incident, now = entry.incident, CLOCK.now()
    lasted = run.speaker.duration((incident.closed_at or now) - incident.onset)
    state = run.speaker.say("for {duration}", duration=lasted)
    if incident.closed_at is not None:
        state = run.speaker.say("calm again after {duration}", duration=lasted)
    elif not incident.told:
        state = run.speaker.say("for {duration}, in the digest", duration=lasted)
    what = compose.worst(run.speaker, incident=incident, feature=feature)
    since = run.speaker.when(incident.onset, now)
    return (incident.incident_id[:8], entry.server, entry.query, what, since, state)


def _facts(entry: Entry) -> dict[str, object]:
    incident = entry.incident
    return {
        "server": entry.server,
        "incident_id": incident.incident_id,
        "kind": incident.kind.value,
        **incident.key._asdict(),
        "query": entry.query,
        "onset": incident.onset,
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "told": incident.told,
        "surprise": incident.peak,
        "share_of_time_lost": incident.impact,
        "why": entry.message.headline,
        "reasons": incident.reasons,
        "statements": [{**m.key._asdict(), "kind": m.kind.value, "joined_at": m.joined_at} for m in incident.members],
        "message": [asdict(block) for block in entry.message.blocks],
    }


def query(
    queryid: Annotated[str, typer.Argument(help="queryid of pg_stat_statements, negative ones too.")],
    as_json: AsJson = False,
) -> int:
    """Show one statement: its text, whose it is, what its last windows were like. Example: pganomaly query 42"""
    run = App(as_json)
    if not queryid.removeprefix("-").isdecimal():
        raise errors.NoSuchQuery(given=queryid)
    with opened_store(run) as store:
        found = casebook.seen(store, int(queryid), most=WINDOWS)
    if not found:
        raise errors.NoSuchQuery(given=queryid)
    if as_json:
        run.answer([_statement(entry) for entry in found])
    else:
        for entry in found:
            _print(run, entry)
    return 0


def _print(run: App, entry: Seen) -> None:
    statement, now = entry.statement, CLOCK.now()
    run.print(statement.shape.redacted if statement.shape else run.speaker.say("Its text is not visible."))
    run.say(
        "Server {server}, database {database}, role {role}; first seen {first}, ran last {last}.",
        server=entry.server, database=statement.database or statement.key.dbid,
        role=statement.role or statement.key.userid, first=run.speaker.when(statement.first_seen, now),
        last=run.speaker.when(statement.last_seen, now),
    )  # fmt: skip
    if entry.incidents:
        run.say("Incidents of the last day: {ids}", ids=", ".join(i[:8] for i in entry.incidents))
    if entry.windows:
        run.table(_RAN, [_window(run, entry, n) for n in range(len(entry.windows))])
    else:
        run.say("It has not run within the last day.")


def _window(run: App, entry: Seen, n: int) -> tuple[str, ...]:
    ran = entry.windows[n]
    numbers = (
        ran.calls_per_sec, ran.exec_time_per_call_ms, ran.rows_per_call, ran.blocks_per_call,
        ran.shared_read_per_call, ran.exec_ms_per_sec,
    )  # fmt: skip
    return (
        run.speaker.when(ran.window_end, CLOCK.now()),
        *("–" if number is None else run.speaker.number(number) for number in numbers),
    )


def _statement(entry: Seen) -> dict[str, object]:
    statement = entry.statement
    return {
        "server": entry.server,
        **statement.key._asdict(),
        "query": statement.shape.redacted if statement.shape else None,
        "tables": statement.shape.tables if statement.shape else (),
        "database": statement.database,
        "role": statement.role,
        "first_seen": statement.first_seen,
        "last_seen": statement.last_seen,
        "incidents": entry.incidents,
        "windows": entry.windows,
    }
