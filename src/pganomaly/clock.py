"""Time as an argument: the one place that reads a clock of this machine."""

import time
from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """What may ask for the time or wait. Tests pass one that they move by hand."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never jump, from an arbitrary start."""
        ...

    def wait(self, seconds: float, wake: Event) -> bool:
        """Wait until *seconds* have passed or *wake* is set; return whether it was set."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds that never jump, from an arbitrary start."""
        return time.monotonic()

    def wait(self, seconds: float, wake: Event) -> bool:
        """Wait until *seconds* have passed or *wake* is set; return whether it was set."""
        return wake.wait(max(seconds, 0.0))
