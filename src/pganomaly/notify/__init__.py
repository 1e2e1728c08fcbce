"""
Tells people: one file per channel, and an outbox between the tick and the wire, so that nothing said is ever lost.

A new channel is one file with a class that keeps the promises of channel.Channel (tests/notify/test_promises.py), its
settings in settings.py, and one line in channels().
"""

from typing import Any

import structlog

from pganomaly.errors import TelegramHalfSet
from pganomaly.messages import Speaker
from pganomaly.notify.channel import Channel, Limit, Sent
from pganomaly.notify.delivery import Round, deliver, keep_delivering, plan
from pganomaly.notify.heartbeat import Heartbeat
from pganomaly.notify.memory import MemoryOutbox
from pganomaly.notify.outbox import Outbox
from pganomaly.notify.pace import Pace
from pganomaly.notify.settings import NotifySettings, addresses
from pganomaly.notify.telegram import Telegram

__all__ = [
    "Channel",
    "Heartbeat",
    "Limit",
    "MemoryOutbox",
    "NotifySettings",
    "Outbox",
    "Pace",
    "Round",
    "Sent",
    "Telegram",
    "addresses",
    "channels",
    "deliver",
    "keep_delivering",
    "plan",
]

log: Any = structlog.get_logger()


def channels(settings: NotifySettings, speaker: Speaker) -> tuple[Channel, ...]:
    """Return the channels that are set up; none is a fine answer."""
    if settings.half_set is not None:
        log.warning("telegram.half_set", error=str(TelegramHalfSet(missing=settings.half_set)))
    if settings.telegram_bot_token is None or settings.telegram_chat_id is None:
        return ()
    token, chat_id = settings.telegram_bot_token, settings.telegram_chat_id
    return (Telegram(token, chat_id, speaker=speaker, api_url=settings.telegram_api_url),)
