"""What is wrong, and what one statement does, out of a store: for whoever asks from outside."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pganomaly.catalog import feature
from pganomaly.messages import Speaker, compose
from pganomaly.messages.naming import name
from pganomaly.records import Incident, Message, Shape
from pganomaly.storage import Instance, Ran, Statement, Store

LOOKED_BACK = timedelta(days=1)
"""How far back from the last snapshot one statement's windows are looked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An incident as people read it.

    query    what its statement is called
    message  what was told of it last, or would be; closing the one that closed it, None while it is open
    """

    server: str
    incident: Incident
    query: str
    message: Message
    closing: Message | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A statement on one server, what it did in its last windows (newest first), and the incidents it was part of."""

    server: str
    statement: Statement
    windows: tuple[Ran, ...]
    incidents: tuple[str, ...]


def entries(store: Store, speaker: Speaker, now: datetime, since: datetime | None = None) -> tuple[Entry, ...]:
    """Return what is wrong now, oddest first; with a moment also what was wrong since, newest first."""
    found: list[Entry] = []
    for instance in store.instances():
        number = instance.instance_id
        incidents = store.incidents_since(number, since) if since else store.open_incidents(number)
        shapes = store.known(number).shapes if incidents else {}
        found += [_entry(store, instance, i, shapes.get(i.key), speaker, now) for i in incidents]
    if since is None:
        return tuple(sorted(found, key=lambda e: (-e.incident.peak, e.incident.incident_id)))
    return tuple(sorted(found, key=lambda e: e.incident.opened_at, reverse=True))


def seen(store: Store, queryid: int, *, most: int) -> tuple[Seen, ...]:
    """Return every statement with a queryid, on whatever server."""
    found = []
    for instance in store.instances():
        number = instance.instance_id
        statements = store.statements_named(number, queryid)
        newest = next(iter(store.newest_snapshots(number)), None) if statements else None
        if newest is None:
            continue
        since = newest.snapshot_ts - LOOKED_BACK
        incidents = store.incidents_since(number, since)
        for statement in statements:
            among = [i.incident_id for i in incidents if any(m.key == statement.key for m in i.members)]
            windows = store.lately(number, statement.key, since=since, most=most)
            found.append(Seen(instance.name, statement, windows, tuple(among)))
    return tuple(found)


def _entry(
    store: Store, instance: Instance, incident: Incident, shape: Shape | None, speaker: Speaker, now: datetime
) -> Entry:
    told = store.told(instance.instance_id, incident.incident_id)
    opened = [m for m in told if m.kind in ("incident.opened", "incident.updated")]
    closing = [m for m in told if m.kind == "incident.resolved"]
    message = opened[-1] if opened else _composed(instance, incident, shape, speaker, now)
    query = name(speaker, shape, incident.key)
    return Entry(instance.name, incident, query, message, closing[-1] if closing else None)


def _composed(instance: Instance, incident: Incident, shape: Shape | None, speaker: Speaker, now: datetime) -> Message:
    """Return what would be told of an incident that waits in the digest."""
    subject = compose.Subject(instance.name, shape)
    return compose.opened(speaker, subject=subject, incident=incident, now=now, feature=feature)
