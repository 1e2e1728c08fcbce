"""
Keeps a shop busy: crowds of visitors on connections of their own, at a steady pace, in a process of their own.

in    a Plan: which server, who visits how often
out   nothing but the statements themselves
not   no knowledge of who watches the server, or what else is done to it

The process (python -m pganomaly.demo.traffic) reads its plan from standard input, says "open" when everybody is
connected, and ends when its input does: it cannot outlive whoever started it, however that one ended.
"""

import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from random import Random
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Event, Thread
from time import monotonic
from typing import Any, Self

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.numeric import Int4Dumper

from pganomaly import errors, pg
from pganomaly.demo.flows import FLOWS, Visit

_PATIENCE_S = 0.5
"""Visitors who would have to wait longer than this do not come: a slow shop is not answered with a rush."""

_GOODBYE_S = 2.0
"""How long a process that was told to end may take before it is ended."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """
    Visitors of one kind.

    role         whom they connect as
    connections  how many at the same time
    per_s        visits a second, by the name of the flow
    """

    role: str
    connections: int
    per_s: dict[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who visits which shop. The same seed makes the same visitors."""

    dsn: str
    seed: int
    crowds: tuple[Crowd, ...]

    def dumps(self) -> str:
        """Return the plan as one line."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def loads(cls, line: str) -> Self:
        """Return the plan that a line says."""
        said = json.loads(line)
        return cls(said["dsn"], said["seed"], tuple(Crowd(**crowd) for crowd in said["crowds"]))


class Traffic:
    """The process that plays a plan, from start() to stop()."""

    def __init__(self, conninfo: pg.Conninfo, crowds: tuple[Crowd, ...], *, seed: int) -> None:
        self._plan = Plan(make_conninfo("", **conninfo.keywords()), seed, crowds)
        self._process: Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        """The process, None while there is none."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Let the visitors in; return when all are connected."""
        # A session of its own: Ctrl-C is for whoever started us, and reaches the visitors through stop().
        process = Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__], stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 - says what PIPE means
        assert process.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):
            process.stdin.write(self._plan.dumps())
            process.stdin.flush()
        if not process.stdout.readline():
            raise errors.DemoTrafficFailed(reason=self._end(process))
        return self

    def stop(self) -> None:
        """Send the visitors home; a second time does nothing."""
        process, self._process = self._process, None
        if process:
            self._end(process)

    @staticmethod
    def _end(process: Popen[str]) -> str:
        """End the process and return the last line that it complained about."""
        try:
            _, complaints = process.communicate(timeout=_GOODBYE_S)
        except TimeoutExpired:
            process.kill()
            _, complaints = process.communicate()
        return (complaints.strip().splitlines() or ["it ended"])[-1]

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()


@cache
def statements() -> dict[str, str]:
    """Return what the shop's programs say to their database, by name."""
    return pg.statements(files("pganomaly.demo") / "statements.sql", own=False)


class _Counter:
    """One connection of the shop, and the visitors who come to it one after the other."""

    def __init__(self, plan: Plan, crowd: Crowd, rng: Random) -> None:
        conninfo = pg.Conninfo.parse(make_conninfo(plan.dsn, user=crowd.role))
        self._conn = pg.connect(conninfo, application_name=f"shop-{crowd.role}")
        # One integer type, so that a statement is one entry of pg_stat_statements whatever the size of its numbers.
        self._conn.adapters.register_dumper(int, Int4Dumper)
        self._rng = rng
        self._flows = [FLOWS[name] for name in crowd.per_s]
        self._weights = list(crowd.per_s.values())
        self._per_s = sum(self._weights) / crowd.connections

    def serve(self, closing: Event) -> None:
        """Serve visitors until *closing* is set or the server is gone."""
        visit = Visit(self._run, self._conn.transaction, self._rng)
        due = monotonic()
        while not self._conn.closed:
            due = max(due, monotonic() - _PATIENCE_S) + self._rng.expovariate(self._per_s)
            if closing.wait(max(due - monotonic(), 0.0)):
                break
            (flow,) = self._rng.choices(self._flows, self._weights)
            with suppress(psycopg.Error):
                flow(visit)
        self._conn.close()

    def _run(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        cursor = self._conn.execute(statements()[name].encode(), values)
        return cursor.fetchall() if cursor.description else []


def main() -> None:
    """Play the plan that standard input says, until it ends."""
    plan = Plan.loads(sys.stdin.readline())
    closing = Event()
    rng = Random(plan.seed)  # noqa: S311 - visitors, not secrets
    counters = [_Counter(plan, crowd, Random(rng.random())) for crowd in plan.crowds for _ in range(crowd.connections)]  # noqa: S311
    threads = [Thread(target=counter.serve, args=(closing,), daemon=True) for counter in counters]
    for thread in threads:
        thread.start()
    print("open", flush=True)  # noqa: T201 - to whoever started us
    sys.stdin.read()
    closing.set()
    for thread in threads:
        thread.join(_GOODBYE_S / 2)


if __name__ == "__main__":
    main()
