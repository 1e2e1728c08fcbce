"""
Messages that wait in the store until every channel has them.

in    Messages, written in the transaction that found the news
out   Waiting entries, one per message and channel; each is claimed, then marked
not   nothing is sent here
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pganomaly import pg
from pganomaly.records import Block, Message, Waiting
from pganomaly.storage.statements import fetch, load

_SQL = load("outbox")


def put(
    conn: pg.Connection, instance_id: int, messages: Sequence[Message], channels: Sequence[str], *, at: datetime
) -> int:
    """Queue *messages* for *channels*; what is there already stays as it is. Return how many deliveries are new."""
    new = 0
    for message in messages:
        given = {
            "instance_id": instance_id,
            "message_id": message.message_id,
            "kind": message.kind,
            "about": message.about,
            "blocks": json.dumps([asdict(block) for block in message.blocks]),
            "at": at,
        }
        conn.execute(_SQL["put_message"], given)
        for channel in channels:
            new += conn.execute(_SQL["put_delivery"], {**given, "channel": channel}).rowcount
    return new


def waiting(conn: pg.Connection, channels: Sequence[str], *, limit: int) -> tuple[Waiting, ...]:
    """Return what these channels do not have yet, due or not, in the order in which it was queued."""
    rows = fetch(conn, _SQL["waiting"], {"channels": list(channels), "most": limit})
    return tuple(
        Waiting(
            message=Message(row.message_id, row.kind, row.about, tuple(Block(**block) for block in row.blocks)),
            channel=row.channel,
            queued_at=row.created_at,
            due_at=row.next_attempt_at,
            attempts=row.attempts,
            thread=row.thread,
        )
        for row in rows
    )


def claim(conn: pg.Connection, message_id: str, channel: str, attempts: int, *, until: datetime) -> bool:
    """Count an attempt and put the entry off, unless somebody did since it was read; return whether we did."""
    given = {"message_id": message_id, "channel": channel, "attempts": attempts, "until": until}
    return conn.execute(_SQL["claim"], given).rowcount == 1


def mark_sent(conn: pg.Connection, message_id: str, channel: str, remote_id: str | None, *, at: datetime) -> None:
    """Note that the channel has the message, and what it calls it there."""
    conn.execute(_SQL["mark_sent"], {"message_id": message_id, "channel": channel, "remote_id": remote_id, "at": at})


def mark_failed(
    conn: pg.Connection, message_id: str, channel: str, error: str, *, next_attempt_at: datetime | None
) -> None:
    """Note why it failed and when to try again; None gives it up."""
    given = {"message_id": message_id, "channel": channel, "error": error, "next_attempt_at": next_attempt_at}
    conn.execute(_SQL["mark_failed"], given)
