"""Ticks on their way into the store: in their order, under one lease, waiting in memory while the store is down."""

from collections import deque
from collections.abc import Sequence

from pganomaly import errors
from pganomaly.errors import PganomalyError
from pganomaly.records import Message
from pganomaly.service import commit as committing
from pganomaly.service.commit import Commit
from pganomaly.service.plan import BACKLOG_TICKS
from pganomaly.storage import DetectorState, Lease, Store


class Ledger:
    """
    The way of one server's ticks into the store.

    seen  the detector's state as we last wrote or read it
    """

    def __init__(
        self,
        store: Store,
        lease: Lease,
        channels: Sequence[str],
        seen: DetectorState | None,
        *,
        capacity: int = BACKLOG_TICKS,
    ) -> None:
        self.store = store
        self.lease = lease
        self.seen = seen
        self.was_reset = False
        self._channels = tuple(channels)
        self._capacity = capacity
        self._waiting: deque[Commit] = deque()

    def __len__(self) -> int:
        """Return the number of ticks that wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether no further tick may be made: what happens meanwhile ends up in one long window."""
        return len(self._waiting) >= self._capacity

    def add(self, commit: Commit) -> None:
        """Queue a tick."""
        self._waiting.append(commit)

    def flush(self) -> PganomalyError | None:
        """
        Store what waits, oldest first; return what stopped it, None where everything is stored.

        What waiting cannot mend is raised: errors.LeaseLost, and whatever a tick met that the store will never take.
        What is stored is the truth then, and whoever comes next begins with that.
        """
        while self._waiting:
            try:
                self._write(self._waiting[0])
            except (errors.LeaseLost, errors.WindowOutOfPlace, errors.StoreRefused):
                raise
            except (errors.StoreError, errors.ConnectError) as error:
                return error
            self._waiting.popleft()
        return None

    def _write(self, commit: Commit) -> None:
        try:
            state = committing.write(
                self.store,
                self.lease,
                commit,
                channels=self._channels,
                seen=self.seen,
                was_reset=self.was_reset,
            )
        except errors.AlreadyStored:
            # The answer to an earlier commit got lost, the commit did not.
            state = self.store.state(self.lease.instance_id)
            window = commit.verdict.window
            if window is not None and (state is None or state.last_window_end != window.end):
                state = None
        if state is None:
            self.was_reset = True
        else:
            self.seen = state

    def take_messages(self) -> tuple[Message, ...]:
        """Return the messages of all that waits, which the store will then not tell again."""
        messages = tuple(message for commit in self._waiting for message in commit.messages)
        self._waiting = deque(commit.told() for commit in self._waiting)
        return messages
