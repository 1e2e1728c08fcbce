"""Our own news: that we started, what keeps us from watching, and that it is over."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pganomaly.messages.marker import marked as _
from pganomaly.messages.speaker import Speaker
from pganomaly.records import Block, Message


class Trouble(StrEnum):
    """What can keep us from doing our work."""

    SERVER_UNREACHABLE = "server_unreachable"
    NO_WINDOW = "no_window"
    STORE_DOWN = "store_down"
    STORE_FULL = "store_full"


_OPENED = {
    Trouble.SERVER_UNREACHABLE: _("{server}: the server cannot be reached, since {since}"),
    Trouble.NO_WINDOW: _("{server}: no window was completed, since {since}"),
    Trouble.STORE_DOWN: _("{server}: the store cannot be written, since {since}"),
    Trouble.STORE_FULL: _("{server}: the store is full, since {since}"),
}

_MEANS = {
    Trouble.SERVER_UNREACHABLE: _(
        "Its queries are not watched until it answers. We keep trying; what was measured before is kept."
    ),
    Trouble.NO_WINDOW: _(
        "pganomaly runs, but has nothing to judge, so a misbehaving query would go unseen. See its log."
    ),
    Trouble.STORE_DOWN: _(
        "Watching goes on. Results wait in memory for a while, then are left out and recorded as a gap."
    ),
    Trouble.STORE_FULL: _(
        "Watching goes on, but nothing can be stored. Free disk space, or lower STORE_MAX_GB or RETAIN_RAW."
    ),
}

_RESOLVED = {
    Trouble.SERVER_UNREACHABLE: _("{server}: the server answers again, after {duration}"),
    Trouble.NO_WINDOW: _("{server}: windows are completed again, after {duration}"),
    Trouble.STORE_DOWN: _("{server}: the store can be written again, after {duration}"),
    Trouble.STORE_FULL: _("{server}: the store has room again, after {duration}"),
}


def opened(
    speaker: Speaker, trouble: Trouble, *, server: str, since: datetime, now: datetime, detail: str | None = None
) -> Message:
    """Return the news of a trouble; *detail* is what was met, in the reader's language (Speaker.error)."""
    headline = speaker.say(_OPENED[trouble], server=server, since=speaker.when(since, now))
    texts = [speaker.say(_MEANS[trouble])] + ([detail] if detail else [])
    return _message(trouble, "opened", server, since, headline, texts)


def resolved(speaker: Speaker, trouble: Trouble, *, server: str, since: datetime, now: datetime) -> Message:
    """Return the news that a trouble is over; *since* is the same as when it was opened."""
    headline = speaker.say(_RESOLVED[trouble], server=server, duration=speaker.duration(now - since))
    return _message(trouble, "resolved", server, since, headline, [])


def started(speaker: Speaker, *, version: str, servers: Sequence[str], interval_s: float, now: datetime) -> Message:
    """Return the line with which the service begins."""
    headline = speaker.say(
        "pganomaly {version} watches {servers}, a window every {interval}",
        version=version,
        servers=", ".join(servers),
        interval=speaker.quantity(interval_s, "s"),
    )
    return Message(f"service/started/{now.isoformat()}", "service.started", None, (Block("headline", headline),))


def _message(trouble: Trouble, step: str, server: str, since: datetime, headline: str, texts: Sequence[str]) -> Message:
    about = f"trouble/{server}/{trouble}/{since.isoformat()}"
    blocks = (Block("headline", headline), *(Block("text", text) for text in texts))
    return Message(f"{about}/{step}", f"trouble.{step}", about, blocks)
