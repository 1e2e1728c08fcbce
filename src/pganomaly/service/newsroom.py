"""Tells people of our own troubles with one server, past a store that may be part of them."""

from collections.abc import Sequence
from threading import Event

from pganomaly.clock import Clock
from pganomaly.errors import PganomalyError
from pganomaly.messages import Speaker, trouble
from pganomaly.messages.trouble import Trouble
from pganomaly.notify import MemoryOutbox
from pganomaly.records import Message
from pganomaly.service.plan import SILENT_INTERVALS, UNREACHABLE_INTERVALS
from pganomaly.service.troubles import News, Troubles


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
    ) -> None:
        self._server = server
        self._outbox = outbox
        self._channels = tuple(channels)
        self._courier = courier
        self._speaker = speaker
        self._clock = clock
        short_s = (UNREACHABLE_INTERVALS - 1) * interval_s
        self._troubles = Troubles(
            {
                Trouble.SERVER_UNREACHABLE: short_s,
                Trouble.STORE_DOWN: short_s,
                Trouble.NO_WINDOW: SILENT_INTERVALS * interval_s,
            }
        )

    @property
    def open(self) -> frozenset[Trouble]:
        """What is wrong now, told or not."""
        return frozenset(self._troubles.open)

    def seen(self, kind: Trouble, error: PganomalyError | None = None) -> None:
        """Note that something is wrong, and tell people once it has lasted."""
        reason = self._speaker.error(error) if error is not None else ""
        self._troubles = self._troubles.seen(kind, reason, self._clock.now())
        self._troubles, news = self._troubles.due(self._clock.now())
        for entry in news:
            self._say(entry)

    def over(self, *kinds: Trouble) -> None:
        """Note that something is well (again), and tell those who were told that it was not."""
        for kind in kinds:
            self._troubles, news = self._troubles.over(kind, self._clock.now())
            if news is not None:
                self._say(news)

    def pass_on(self, messages: Sequence[Message]) -> None:
        """Tell what the store would have told, were it up."""
        for message in messages:
            self._outbox.put(message, self._channels, at=self._clock.now())
        if messages:
            self._courier.set()

    def _say(self, news: News) -> None:
        kind, since = news.trouble.kind, news.trouble.since
        if news.over:
            message = trouble.resolved(self._speaker, kind, server=self._server, since=since, now=news.at)
        else:
            detail = news.trouble.reason or None
            message = trouble.opened(self._speaker, kind, server=self._server, since=since, now=news.at, detail=detail)
        self.pass_on((message,))
