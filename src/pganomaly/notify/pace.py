"""How fast a channel may be used: its own limits, and the pauses it asked for."""

from collections import defaultdict, deque

from pganomaly.clock import Clock
from pganomaly.notify.channel import Channel


class Pace:
    """Remembers what went out when, per channel. Shared by all outboxes of one process, used by one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent_s: defaultdict[str, deque[float]] = defaultdict(deque)
        self._paused_until_s: dict[str, float] = {}

    def delay_s(self, channel: Channel) -> float:
        """Return how long to wait before the next message; 0 is "now"."""
        now_s = self._clock.monotonic_s()
        free_s = [self._paused_until_s.get(channel.name, now_s)]
        stamps = self._sent_s[channel.name]
        free_s += [stamps[-n.messages] + n.per_s for n in channel.limits if len(stamps) >= n.messages]
        return max(0.0, *(moment - now_s for moment in free_s))

    def note(self, channel: Channel) -> None:
        """Remember that a message goes out now."""
        stamps = self._sent_s[channel.name]
        stamps.append(self._clock.monotonic_s())
        while len(stamps) > max((limit.messages for limit in channel.limits), default=0):
            stamps.popleft()

    def pause(self, channel: Channel, seconds: float) -> None:
        """Leave the channel alone for *seconds*."""
        until_s = self._clock.monotonic_s() + seconds
        self._paused_until_s[channel.name] = max(until_s, self._paused_until_s.get(channel.name, until_s))
