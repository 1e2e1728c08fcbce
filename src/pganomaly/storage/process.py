"""Which processes of this machine live: how a lease of a dead one is told from a lease of a busy one."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

_SAME = timedelta(seconds=2)
_TICKS = os.sysconf("SC_CLK_TCK")


@lru_cache(maxsize=4)
def _here(pid: int) -> tuple[str, int, datetime]:
    return socket.gethostname(), pid, started(pid) or datetime.now(UTC)


def here() -> tuple[str, int, datetime]:
    """Return host, process id and start of this process."""
    return _here(os.getpid())


def alive(pid: int, since: datetime) -> bool:
    """Return whether the process that began at *since* still runs: not one that got its number later, nor a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, so it runs
    if _stat(pid)[:1] == ["Z"]:
        return False  # dead, and nobody has asked for its exit code yet
    began = started(pid)
    return began is None or abs(began - since) <= _SAME


def started(pid: int) -> datetime | None:
    """Return when a process began, None where the system does not say (other than Linux)."""
    try:
        since_boot_s = int(_stat(pid)[19]) / _TICKS
    except (ValueError, IndexError):
        return None
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return datetime.fromtimestamp(booted + since_boot_s, UTC)


def _stat(pid: int) -> list[str]:
    """Return what the system says of a process, from its state on; nothing where it does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
