"""What is said to people, before any channel gives it its own form."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a message, never cut in the middle. The text is plain: each channel escapes it in its own way."""

    kind: Literal["headline", "text", "code"]
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """
    One piece of news for every channel.

    message_id  unique; sending it twice is recognised by it
    kind        "incident.opened", "incident.resolved", "drift.confirmed", "trouble.opened", "trouble.resolved", ...
    about       what it belongs to (an incident id, a trouble's name): later messages about it reply to the first
    blocks      the first is the headline: the whole news in one line, server first
    """

    message_id: str
    kind: str
    about: str | None
    blocks: tuple[Block, ...]

    @property
    def headline(self) -> str:
        """The whole news in one line."""
        return self.blocks[0].text


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    A message in an outbox that one channel does not have yet. (message.message_id, channel) names it.

    attempts  how often it was claimed; due_at is when it may be tried (again)
    thread    the remote id of the first message about the same that this channel has, None where there is none
    """

    message: Message
    channel: str
    queued_at: datetime
    due_at: datetime
    attempts: int = 0
    thread: str | None = None
