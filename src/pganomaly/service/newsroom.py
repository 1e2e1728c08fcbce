"""
Tells people of our own troubles with one server, past a store that may be part of them.

Whoever watches says what it meets; somebody else looks whether it still says anything (`look`), because a thread that
hangs or fails for ever cannot tell that itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, RLock
from typing import Any

import structlog

from pganomaly.clock import Clock
from pganomaly.errors import PganomalyError
from pganomaly.messages import Speaker, trouble
from pganomaly.messages.trouble import Trouble
from pganomaly.notify import MemoryOutbox
from pganomaly.records import Message
from pganomaly.service.bulletin import SHARED, Bulletin
from pganomaly.service.plan import SILENT_INTERVALS, UNREACHABLE_INTERVALS
from pganomaly.service.troubles import News, Troubles

log: Any = structlog.get_logger()


class Newsroom:
    """What is wrong with our watching of one server, and who was told."""

    def __init__(
        self,
        server: str,
        outbox: MemoryOutbox,
        channels: Sequence[str],
        courier: Event,
        speaker: Speaker,
        clock: Clock,
        *,
        interval_s: float,
        slowest_s: float = 0.0,
        bulletin: Bulletin | None = None,
    ) -> None:
        self._server = server
        self._bulletin = bulletin or Bulletin((server,))
        self._outbox = outbox
        self._channels = tuple(channels)
        self._courier = courier
        self._speaker = speaker
        self._clock = clock
        self._lock = RLock()
        self._silence_s = SILENT_INTERVALS * max(interval_s, slowest_s)
        self._window_s: float | None = None
        short_s = (UNREACHABLE_INTERVALS - 1) * interval_s
        self._troubles = Troubles(
            {
                Trouble.SERVER_UNREACHABLE: short_s,
                Trouble.STORE_DOWN: short_s,
            }
        )

    @property
    def open(self) -> frozenset[Trouble]:
        """What is wrong now, told or not."""
        return frozenset(self._troubles.open)

    def seen(self, kind: Trouble, error: PganomalyError | None = None) -> None:
        """Note that something is wrong, and tell people once it has lasted."""
        reason = self._speaker.error(error) if error is not None else ""
        with self._lock:
            self._note(kind, reason, self._clock.now())

    def over(self, *kinds: Trouble) -> None:
        """Note that something is well (again), and tell those who were told that it was not."""
        with self._lock:
            for kind in kinds:
                self._troubles, news = self._troubles.over(kind, self._clock.now())
                if news is not None:
                    self._say(news)

    def on_duty(self) -> None:
        """Expect windows from now on."""
        with self._lock:
            self._window_s = self._clock.monotonic_s() if self._window_s is None else self._window_s

    def off_duty(self) -> None:
        """Expect nothing: somebody else watches, and what is wrong is theirs to tell."""
        with self._lock:
            self._window_s = None
            self.over(Trouble.STORE_DOWN, Trouble.STORE_FULL, Trouble.NO_WINDOW)
            self._troubles = replace(self._troubles, open={})

    def window(self) -> None:
        """Note that a window was completed."""
        with self._lock:
            self._window_s = self._clock.monotonic_s()
            self.over(Trouble.NO_WINDOW)

    def look(self) -> None:
        """Tell people where windows are missing and nothing else that they know of explains it."""
        with self._lock:
            if self._window_s is None or self.open - {Trouble.NO_WINDOW}:
                return
            silent_s = self._clock.monotonic_s() - self._window_s
            if silent_s >= self._silence_s:
                self._note(Trouble.NO_WINDOW, "", self._clock.now() - timedelta(seconds=silent_s))

    def pass_on(self, messages: Sequence[Message]) -> None:
        """Tell what the store would have told, were it up."""
        for message in messages:
            self._outbox.put(message, self._channels, at=self._clock.now())
        if messages:
            self._courier.set()

    def _note(self, kind: Trouble, reason: str, since: datetime) -> None:
        self._troubles = self._troubles.seen(kind, reason, since)
        self._troubles, news = self._troubles.due(self._clock.now())
        for entry in news:
            self._say(entry)

    def _say(self, news: News) -> None:
        kind, since, server = news.trouble.kind, news.trouble.since, self._server
        if kind in SHARED:
            began, server = self._told_once(news), self._bulletin.name
            if began is None:
                return
            since = began
        if news.over:
            message = trouble.resolved(self._speaker, kind, server=server, since=since, now=news.at)
        else:
            detail = news.trouble.reason or None
            message = trouble.opened(self._speaker, kind, server=server, since=since, now=news.at, detail=detail)
        log.warning(message.kind, says=message.headline)
        self.pass_on((message,))

    def _told_once(self, news: News) -> datetime | None:
        """Return since when a trouble that all share goes on; None where that is nobody's news."""
        kind, since = news.trouble.kind, news.trouble.since
        if news.over:
            return self._bulletin.ends(kind, self._server)
        return since if self._bulletin.begins(kind, self._server, since) else None
