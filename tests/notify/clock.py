"""A clock that tests move by hand."""

from datetime import UTC, datetime, timedelta
from threading import Event

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class HandClock:
    """Stands still until it is told how many seconds have passed; waiting is passing."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return 1000.0 + self.passed_s

    def wait(self, seconds: float, wake: Event) -> bool:
        self.waits.append(seconds)
        if wake.is_set():
            return True
        self.passed_s += seconds
        return False
