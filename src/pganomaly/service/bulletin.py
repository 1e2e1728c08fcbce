"""
What concerns all watchers of a process at once is told once: the store that they share.

in    who meets a trouble with the store, and who is over it
out   whether that is news: of the first who meets it, and of the last who is over it
not   no opinion on how long a trouble must last: each watcher has its own patience (troubles.py)
"""

from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from pganomaly.messages.trouble import Trouble

OURS = "pganomaly"
"""Whose trouble it is where several servers are watched."""
SHARED = frozenset({Trouble.STORE_DOWN, Trouble.STORE_FULL})


class Bulletin:
    """Troubles that were told for all of *servers*. May be asked from several threads."""

    def __init__(self, servers: Sequence[str]) -> None:
        self.name = servers[0] if len(servers) == 1 else OURS
        self._lock = Lock()
        self._since: dict[Trouble, datetime] = {}
        self._met: dict[Trouble, set[str]] = {}

    def begins(self, kind: Trouble, server: str, since: datetime) -> bool:
        """Note that *server* meets a trouble since then; return whether it is the first."""
        with self._lock:
            first = kind not in self._since
            self._since.setdefault(kind, since)
            self._met.setdefault(kind, set()).add(server)
            return first

    def ends(self, kind: Trouble, server: str) -> datetime | None:
        """Note that *server* is over a trouble; return since when there was one if it is over for all."""
        with self._lock:
            left = self._met.get(kind, set())
            left.discard(server)
            return None if left else self._since.pop(kind, None)
