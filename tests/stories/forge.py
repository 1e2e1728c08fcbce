"""
Makes services that may be killed: a process that has everything imported forks one whenever it is told to.

    python -m tests.stories.forge     a line of JSON in: what told() wants; a line out: the process id
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from pganomaly import log, pg
from pganomaly.clock import SystemClock
from pganomaly.messages import speaker
from pganomaly.service.fleet import Fleet
from pganomaly.storage import Store
from tests.stories.town import told, until


class Service:
    """A service that runs as a process of its own."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def lives(self) -> bool:
        """Whether the process is there."""
        return Path(f"/proc/{self.pid}").exists()

    def kill(self) -> None:
        """End it in the middle of whatever it does, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: not self.lives, "its death")

    def stop(self) -> None:
        """Ask it to end, as an operating system does."""
        os.kill(self.pid, signal.SIGTERM)
        until(lambda: not self.lives, "its end")


class Forge:
    """The process that forks them."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.made: list[Service] = []

    def start(self, watched: pg.Conninfo, store: pg.Conninfo | None = None, **options: Any) -> Service:
        """Start a service for a private server."""
        order = {"watched": _plain(watched), "store": _plain(store or watched), "folder": str(self._folder), **options}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        service = Service(int(self._process.stdout.readline()))
        self.made.append(service)
        return service

    @property
    def log(self) -> str:
        """What all of them wrote."""
        return (self._folder / "log").read_text()


@contextmanager
def forge(folder: Path) -> Iterator[Forge]:
    """Run a forge; whatever it made is gone at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.stories.forge", str(folder / "log")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        made = Forge(process, folder)
        try:
            yield made
        finally:
            for service in made.made:
                if service.lives:
                    service.kill()
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)


def _plain(conninfo: pg.Conninfo) -> dict[str, Any]:
    return {"host": conninfo.host, "port": conninfo.port, "dbname": conninfo.dbname, "user": conninfo.user}


def main() -> None:
    """Fork a service per line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with Path(sys.argv[1]).open("a") as said:
                log.setup(stream=said)
                order = json.loads(line)
                store = order.pop("store")
                _begin(order, store)
            os._exit(0)
        print(pid, flush=True)  # noqa: T201


def _begin(order: dict[str, Any], store: dict[str, Any]) -> None:
    watched, folder = pg.Conninfo(**order.pop("watched")), Path(order.pop("folder"))
    orders = told(watched, folder, **order)
    stop = Event()
    Fleet.obey_signals(stop)
    with Store(pg.Conninfo(**store), connect_timeout_s=2.0) as opened:
        opened.migrate()
        Fleet(orders, opened, speaker("en"), SystemClock(), np.random.default_rng(os.getpid())).run(stop)


if __name__ == "__main__":
    main()
