"""When to do the next thing: ticks that do not drift, and retries that back off."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from pganomaly.clock import Clock

BACKOFF_FACTOR = 2.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    Moments *interval_s* apart on the steady clock, from *start_s* on.

    A tick that takes longer than the interval skips the moments it missed: late work is never done twice in a row.
    """

    start_s: float
    interval_s: float

    def next_after(self, now_s: float) -> float:
        """Return the first moment of the schedule that lies after *now_s*."""
        if now_s < self.start_s:
            return self.start_s
        return self.start_s + ((now_s - self.start_s) // self.interval_s + 1) * self.interval_s


def wait_looking(clock: Clock, due_s: float, stop: Event, look: Callable[[], None], *, every_s: float) -> bool:
    """Wait until *due_s* on the steady clock or until *stop*, and *look* every so often; return whether to stop."""
    while due_s - clock.monotonic_s() > every_s:
        if clock.wait(every_s, stop):
            return True
        look()
    return clock.wait(due_s - clock.monotonic_s(), stop)


def staggered(position: int, of: int, interval_s: float) -> float:
    """Return how many seconds into the interval server *position* of *of* starts: ticks do not come together."""
    return interval_s * position / max(of, 1)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after *failures* failures in a row: doubling from *first_s*, never above *most_s*."""

    first_s: float
    most_s: float
    failures: int = 0

    @property
    def wait_s(self) -> float:
        """Seconds to wait now; 0 while nothing has failed."""
        if not self.failures:
            return 0.0
        return min(self.first_s * BACKOFF_FACTOR ** (self.failures - 1), self.most_s)

    def failed(self) -> "Backoff":
        """Return the back-off after one more failure."""
        return Backoff(self.first_s, self.most_s, self.failures + 1)

    def succeeded(self) -> "Backoff":
        """Return the back-off after a success."""
        return Backoff(self.first_s, self.most_s)
