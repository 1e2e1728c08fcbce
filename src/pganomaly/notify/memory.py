"""An outbox without a store: for `watch`, which writes nothing anywhere, and for troubles of the store itself."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from pganomaly.records import Message, Waiting


@dataclass(slots=True)
class _Entry:
    waiting: Waiting
    done: bool = False
    remote_id: str | None = None
    error: str | None = None


class MemoryOutbox:
    """
    Keeps the newest *capacity* entries; the oldest make room, done ones first, so that memory is bounded.

    Safe to fill from one thread and to empty from another.
    """

    def __init__(self, *, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._lock = Lock()

    def put(self, message: Message, channels: Sequence[str], *, at: datetime) -> None:
        """Queue *message* for each channel; what is already there stays as it is."""
        with self._lock:
            for channel in channels:
                entry = _Entry(Waiting(message, channel, queued_at=at, due_at=at))
                self._entries.setdefault((message.message_id, channel), entry)
            while len(self._entries) > self._capacity:
                finished = next((key for key, entry in self._entries.items() if entry.done), None)
                del self._entries[finished or next(iter(self._entries))]

    def waiting(self, channels: Sequence[str], *, limit: int = 200) -> tuple[Waiting, ...]:
        """Return what these channels do not have yet, due or not, in the order in which it was queued."""
        with self._lock:
            found = [e.waiting for e in self._entries.values() if not e.done and e.waiting.channel in channels]
            return tuple(replace(entry, thread=self._thread(entry)) for entry in found[:limit])

    def claim(self, entry: Waiting, *, until: datetime) -> bool:
        """Count an attempt and put the entry off, unless somebody did since it was read; return whether we did."""
        with self._lock:
            held = self._held(entry)
            if held is None or held.done or held.waiting.attempts != entry.attempts:
                return False
            held.waiting = replace(held.waiting, attempts=entry.attempts + 1, due_at=until)
            return True

    def mark_sent(self, entry: Waiting, remote_id: str, *, at: datetime) -> None:
        """Note that the channel has the message, and what it calls it there."""
        with self._lock:
            if held := self._held(entry):
                held.done, held.remote_id = True, remote_id

    def mark_failed(self, entry: Waiting, error: str, *, next_attempt_at: datetime | None) -> None:
        """Note why it failed and when to try again; None gives it up."""
        with self._lock:
            if held := self._held(entry):
                held.error, held.done = error, next_attempt_at is None
                held.waiting = replace(held.waiting, due_at=next_attempt_at or held.waiting.due_at)

    def _held(self, entry: Waiting) -> _Entry | None:
        return self._entries.get((entry.message.message_id, entry.channel))

    def _thread(self, entry: Waiting) -> str | None:
        about = entry.message.about
        if about is None:
            return None
        same = (e for e in self._entries.values() if e.waiting.channel == entry.channel and e.remote_id)
        return next((e.remote_id for e in same if e.waiting.message.about == about), None)
