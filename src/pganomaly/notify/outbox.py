"""Where messages wait until every channel has them. The store keeps one; memory.py is the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pganomaly.records import Waiting


class Outbox(Protocol):
    """
    A queue with one entry per message and channel; putting the same in twice leaves one.

    An entry is done when it was sent or given up. What is claimed and never marked (we died) is due again by itself.
    """

    def waiting(self, channels: Sequence[str], *, limit: int = 200) -> Sequence[Waiting]:
        """Return what these channels do not have yet, due or not, in the order in which it was queued."""
        ...

    def claim(self, entry: Waiting, *, until: datetime) -> bool:
        """
        Count an attempt and put the entry off to *until*, unless somebody did since it was read; return whether we did.

        Compare and set on (message_id, channel, attempts), so that two deliverers never send one message at once.
        """
        ...

    def mark_sent(self, entry: Waiting, remote_id: str, *, at: datetime) -> None:
        """Note that the channel has the message, and what it calls it there."""
        ...

    def mark_failed(self, entry: Waiting, error: str, *, next_attempt_at: datetime | None) -> None:
        """Note why it failed (a sentence without secrets) and when to try again; None gives it up."""
        ...
