"""What every channel promises, however it reaches people."""

from dataclasses import dataclass
from typing import Protocol

from pganomaly.records import Message


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *messages* within any *per_s* seconds."""

    messages: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Sent:
    """
    Proof of delivery.

    remote_id  what the channel calls the message: with it a later one edits it or replies to it
    moved_to   the address at which people are from now on, where the channel said that they moved
    """

    remote_id: str
    moved_to: str | None = None


class Channel(Protocol):
    """
    One way to reach people.

    A channel gives a message its own form, loses no headline, bounds its time, and prints no secret.
    """

    @property
    def name(self) -> str:
        """What the outbox calls it; it never changes for one destination."""
        ...

    @property
    def limits(self) -> tuple[Limit, ...]:
        """How much it takes."""
        ...

    def send(self, message: Message, *, reply_to: str | None = None, edit: str | None = None) -> Sent:
        """
        Deliver *message*: as a reply to the remote id *reply_to*, or in place of the remote id *edit*.

        errors.Retry     not now: try again later (after_s where the channel says when)
        errors.Rejected  never like this: somebody must change something, and the error says what
        errors.Gone      the message to edit is no longer there: send a new one
        """
        ...
