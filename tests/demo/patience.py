"""Waiting for another process, which comes when it comes."""

import time
from collections.abc import Callable

_ENOUGH_S = 90.0


def comes_true(it: Callable[[], bool]) -> bool:
    """Return whether *it* becomes true before patience ends."""
    until = time.monotonic() + _ENOUGH_S
    while not it():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
