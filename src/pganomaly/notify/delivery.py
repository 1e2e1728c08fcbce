"""
From an outbox to the channels: at least once, in order, at a bearable pace.

in    an outbox, channels, a clock
out   each message at each channel: new, as a reply to the first about the same, or in its place
not   no opinion on what is worth telling; a channel that fails never holds up another
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import structlog

from pganomaly.clock import Clock
from pganomaly.errors import ChannelError, Gone, PganomalyError, Rejected, Retry
from pganomaly.notify.channel import Channel, Sent
from pganomaly.notify.outbox import Outbox
from pganomaly.notify.pace import Pace
from pganomaly.records import Waiting

FIRST_RETRY_S = 5.0
LAST_RETRY_S = 600.0
REJECTED_RETRY_S = 900.0
"""After a refusal somebody has to act; meanwhile we ask now and then."""
HOLD_S = 120.0
"""Longer than any channel's time-out: a claim that is not marked by then belongs to somebody who died."""
MAX_AGE = timedelta(days=1)
"""What could not be told for a day is no news any more; it stands in the tables."""

log: Any = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did; wait_s is the time until something is due, None where nothing waits."""

    sent: int
    failed: int
    wait_s: float | None


def backoff_s(attempts: int) -> float:
    """Return the pause after that many attempts: 5 s, 10 s, 20 s, … up to 10 minutes."""
    return min(FIRST_RETRY_S * 2.0 ** min(attempts - 1, 16), LAST_RETRY_S)


def heads(waiting: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """Return, in order, what may go next: of those about the same on one channel, only the first."""
    first: dict[tuple[str, str], Waiting] = {}
    for entry in waiting:
        first.setdefault((entry.channel, entry.message.about or entry.message.message_id), entry)
    return tuple(first.values())


def plan(waiting: Sequence[Waiting], now: datetime) -> tuple[Waiting, ...]:
    """Return what is to be sent now, in order."""
    return tuple(entry for entry in heads(waiting) if entry.due_at <= now)


def deliver(outbox: Outbox, channels: Sequence[Channel], clock: Clock, *, pace: Pace) -> Round:
    """Send everything that is due and that the channels take now; call again after wait_s."""
    by_name = {channel.name: channel for channel in channels}
    sent = failed = 0
    progress = True
    while progress:
        progress = False
        for entry in plan(outbox.waiting(tuple(by_name)), clock.now()):
            outcome = _try(outbox, by_name[entry.channel], entry, clock, pace)
            sent, failed, progress = sent + (outcome is True), failed + (outcome is False), progress or outcome is True
    return Round(sent, failed, _wait_s(outbox, by_name, clock, pace))


def keep_delivering(
    outboxes: Sequence[Outbox],
    channels: Sequence[Channel],
    clock: Clock,
    *,
    wake: Event,
    stop: Event,
    idle_s: float = 30.0,
) -> None:
    """Deliver until *stop* is set; *wake* (to be set after stop, too) says that something was queued."""
    pace = Pace(clock)
    down: set[int] = set()
    while not stop.is_set():
        wake.clear()
        waits = [idle_s]
        for place, outbox in enumerate(outboxes):
            try:
                done = deliver(outbox, channels, clock, pace=pace)
            except Exception as error:  # a store that is down must not silence the outbox in memory
                if place not in down:
                    known = isinstance(error, PganomalyError)
                    log.warning("outbox.down", outbox=type(outbox).__name__, error=str(error), exc_info=not known)
                down.add(place)
            else:
                down.discard(place)
                waits += [] if done.wait_s is None else [done.wait_s]
        if not stop.is_set():
            clock.wait(min(waits), wake)


def _try(outbox: Outbox, channel: Channel, entry: Waiting, clock: Clock, pace: Pace) -> bool | None:
    """Send one entry; return whether that worked, None where it was not tried."""
    now = clock.now()
    if pace.delay_s(channel) > 0 or not outbox.claim(entry, until=now + timedelta(seconds=HOLD_S)):
        return None
    pace.note(channel)
    try:
        sent = _hand_over(channel, entry)
    except ChannelError as error:
        _failed(outbox, channel, entry, error, clock.now(), pace)
        return False
    outbox.mark_sent(entry, sent.remote_id, at=clock.now())
    if sent.moved_to is not None:
        log.warning("channel.moved", channel=channel.name, moved_to=sent.moved_to)
    log.info("message.sent", channel=channel.name, message_id=entry.message.message_id, kind=entry.message.kind)
    return True


def _hand_over(channel: Channel, entry: Waiting) -> Sent:
    if entry.thread is None:
        return channel.send(entry.message)
    if not entry.message.kind.endswith(".updated"):
        return channel.send(entry.message, reply_to=entry.thread)
    try:
        return channel.send(entry.message, edit=entry.thread)
    except Gone:
        return channel.send(entry.message)


def _failed(outbox: Outbox, channel: Channel, entry: Waiting, error: ChannelError, now: datetime, pace: Pace) -> None:
    pause_s = REJECTED_RETRY_S if isinstance(error, Rejected) else backoff_s(entry.attempts + 1)
    if isinstance(error, Retry):
        pause_s = pause_s if error.after_s is None else error.after_s
        # One stubborn message waits longer and longer, the others only until the channel may have recovered.
        pace.pause(channel, FIRST_RETRY_S if error.after_s is None else error.after_s)
    again_at = now + timedelta(seconds=pause_s)
    too_old = again_at - entry.queued_at > MAX_AGE
    outbox.mark_failed(entry, str(error), next_attempt_at=None if too_old else again_at)
    event = "message.given_up" if too_old else "message.failed"
    facts = {"channel": channel.name, "message_id": entry.message.message_id, "attempts": entry.attempts + 1}
    log.warning(event, **facts, error=str(error), retry_s=None if too_old else pause_s)


def _wait_s(outbox: Outbox, channels: Mapping[str, Channel], clock: Clock, pace: Pace) -> float | None:
    now = clock.now()
    return min(
        (
            max((entry.due_at - now).total_seconds(), pace.delay_s(channels[entry.channel]), 0.0)
            for entry in heads(outbox.waiting(tuple(channels)))
        ),
        default=None,
    )
