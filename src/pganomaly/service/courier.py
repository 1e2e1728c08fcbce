"""Delivers what waits in the store and in memory, in a thread of its own: a slow channel delays no tick."""

from collections.abc import Sequence
from datetime import datetime
from threading import Event, Thread

from pganomaly.clock import Clock
from pganomaly.notify import Channel, MemoryOutbox, Pace, deliver, keep_delivering
from pganomaly.records import Waiting
from pganomaly.storage import Store


class StoreOutbox:
    """The store, as notify sees it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self, channels: Sequence[str], *, limit: int = 200) -> Sequence[Waiting]:
        """Return what these channels do not have yet."""
        return self._store.pending_outbox(channels, limit=limit)

    def claim(self, entry: Waiting, *, until: datetime) -> bool:
        """Count an attempt, unless somebody did since *entry* was read."""
        return self._store.claim(entry.message.message_id, entry.channel, entry.attempts, until=until)

    def mark_sent(self, entry: Waiting, remote_id: str, *, at: datetime) -> None:
        """Note that the channel has the message."""
        self._store.mark_sent(entry.message.message_id, entry.channel, remote_id, at=at)

    def mark_failed(self, entry: Waiting, error: str, *, next_attempt_at: datetime | None) -> None:
        """Note why it failed and when to try again."""
        self._store.mark_failed(entry.message.message_id, entry.channel, error, next_attempt_at=next_attempt_at)


def deliver_once(store: Store, ways: Sequence[Channel], clock: Clock) -> None:
    """Deliver what is due now: for scripts, which do not stay to try again. What is left waits for the next one."""
    if ways:
        deliver(StoreOutbox(store), ways, clock, pace=Pace(clock))


class Courier:
    """A thread that delivers until it is stopped."""

    def __init__(self, store: Store | None, own_news: MemoryOutbox, channels: Sequence[Channel], clock: Clock) -> None:
        self.wake = Event()
        self._stop = Event()
        outboxes = [own_news] if store is None else [StoreOutbox(store), own_news]
        self._thread = Thread(
            target=keep_delivering,
            args=(outboxes, channels, clock),
            kwargs={"wake": self.wake, "stop": self._stop},
            name="courier",
            daemon=True,
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """End; what could not be sent stays in the store and is sent by the next process."""
        self._stop.set()
        self.wake.set()
        self._thread.join(patience_s)
