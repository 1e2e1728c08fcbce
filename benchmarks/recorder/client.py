"""
The people who use the application: a process of its own, with a few sessions per role.

Runs of a flow arrive at random at a rate that follows the time of day and a mood of its own. Who finds everybody busy
waits in a queue, who finds the queue full goes away.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from random import Random
from typing import Any

import psycopg
from psycopg.types.numeric import Int4Dumper

from benchmarks.recorder.application import App, Change, Flow, pieces, rhythm, written

TICK_S = 0.01
MEMBERS = (2, 9)
"""Elements of a list, from and to."""
LONGEST_GAP_S = 1.0
QUEUE = 40
MOOD_STAYS, MOOD_SHIFTS = 0.9, 0.06


@dataclass
class Crowd:
    """Runs of one flow to come: at *next_at* one *comes*, or the question is put anew."""

    flow: Flow
    next_at: float = 0.0
    comes: bool = False
    mood: float = 0.0


class Client:
    """Everybody, in one event loop."""

    def __init__(self, app: App, ways_in: Mapping[str, Mapping[str, Any]], seed: int, day_windows: int) -> None:
        self._app = app
        self._ways_in = ways_in
        self._rng = Random(seed)
        self._day_windows = day_windows
        self._change = Change()
        self._released = {f.name for f in app.flows if f.released}
        self._generation = dict.fromkeys(app.databases, 0)
        self._queues: dict[str, asyncio.Queue[Flow]] = {}
        self._crowds = [Crowd(f) for f in app.flows if not f.every]
        self._jobs = {f.name: f for f in app.flows if f.every}
        self._start = 0.0
        self._window = -1

    async def run(self, pipe: Pipe) -> None:
        """Say True, then play until told None; a number is when window 0 begins, a Change is what differs now."""
        pipe.send(True)
        self._queues = {role: asyncio.Queue(QUEUE) for role in self._app.databases}
        workers = [asyncio.create_task(self._work(role)) for role, n in self._app.sessions.items() for _ in range(n)]
        self._start = time.monotonic() + 1e6
        while True:
            while pipe.poll():
                told = pipe.recv()
                if told is None:
                    for worker in workers:
                        worker.cancel()
                    return
                self._hear(told)
            self._arrive(time.monotonic())
            await asyncio.sleep(TICK_S)

    def _hear(self, told: float | Change) -> None:
        if isinstance(told, float):
            self._start = told
            return
        self._change = told
        self._released |= set(told.release)
        for role in told.reconnect:
            self._generation[role] += 1
        for name in told.run:
            self._enqueue(self._jobs[name])

    def _arrive(self, now: float) -> None:
        window = math.floor(now - self._start)
        if window != self._window:
            self._window = window
            self._begin_window(window)
        phase = (window / self._day_windows) % 1 if window >= 0 else 0.0
        for crowd in self._crowds:
            while crowd.next_at <= now:
                if crowd.comes:
                    for _ in range(self._together(crowd.flow)):
                        self._enqueue(crowd.flow)
                rate = self._rate(crowd, phase) / crowd.flow.burst
                gap = self._rng.expovariate(rate) if rate > 0 else math.inf
                crowd.comes = gap <= LONGEST_GAP_S
                crowd.next_at = max(crowd.next_at, now - 0.1) + min(gap, LONGEST_GAP_S)

    def _begin_window(self, window: int) -> None:
        for crowd in self._crowds:
            crowd.mood = MOOD_STAYS * crowd.mood + self._rng.gauss(0, MOOD_SHIFTS)
        for job in self._jobs.values():
            if window >= 0 and job.name in self._released and window % job.every == job.at:
                self._enqueue(job)

    def _together(self, flow: Flow) -> int:
        if flow.burst <= 1:
            return 1
        return 1 + min(int(self._rng.expovariate(1 / (flow.burst - 0.5))), 20)

    def _rate(self, crowd: Crowd, phase: float) -> float:
        flow = crowd.flow
        changed = (self._change.rate or {}).get(flow.name)
        if flow.name not in self._released and changed is None:
            return 0.0
        times = 1.0 if changed is None else changed
        return self._app.pace * flow.rate * rhythm(flow.rhythm, phase) * math.exp(crowd.mood) * times

    def _enqueue(self, flow: Flow) -> None:
        queue = self._queues[flow.role]
        if not queue.full():
            queue.put_nowait(flow)

    async def _work(self, role: str) -> None:
        conn: psycopg.AsyncConnection[Any] | None = None
        generation = 0
        while True:
            flow = await self._queues[role].get()
            if conn and (conn.closed or generation != self._generation[role]):
                await conn.close()
                conn = None
            try:
                if conn is None:
                    generation = self._generation[role]
                    conn = await self._connect(role)
                await self._play(conn, flow)
            except psycopg.Error as error:
                if conn is None or conn.closed:
                    conn = None
                else:
                    print(f"{self._app.name} {flow.name}: {error}", flush=True)
                    if conn.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                        await conn.execute("ROLLBACK")

    async def _connect(self, role: str) -> psycopg.AsyncConnection[Any]:
        conn = await psycopg.AsyncConnection.connect(
            **self._ways_in[role], autocommit=True, cursor_factory=psycopg.AsyncRawCursor
        )
        if not (self._app.settings or {}).get("recorder.sized_integers"):
            conn.adapters.register_dumper(int, Int4Dumper)
        return conn

    async def _play(self, conn: psycopg.AsyncConnection[Any], flow: Flow) -> None:
        for nth in range(flow.times):
            tries = (self._change.fail or {}).get(flow.name, 0)
            for _ in range(tries):
                await self._attempt(conn, flow, fails=True)
            if not tries:
                await self._attempt(conn, flow, fails=False)
            if flow.pause_s and nth < flow.times - 1:
                await asyncio.sleep(flow.pause_s)

    async def _attempt(self, conn: psycopg.AsyncConnection[Any], flow: Flow, *, fails: bool) -> None:
        if flow.transaction:
            await conn.execute("BEGIN")
        values: dict[str, Any] = {}
        for step in flow.steps[: len(flow.steps) - fails]:
            times = (self._change.repeat or {}).get(step, 1)
            for _ in range(times):
                await self._execute(conn, step, values if times == 1 else {})
        if fails:
            with suppress(psycopg.errors.DivisionByZero):
                await conn.execute("SELECT 1 / $1::int", [0])
        if flow.transaction:
            await conn.execute("ROLLBACK" if fails else "COMMIT")

    async def _execute(self, conn: psycopg.AsyncConnection[Any], name: str, values: dict[str, Any]) -> None:
        text = self._app.texts[name]
        members = self._rng.randint(*MEMBERS)
        given: list[Any] = []
        seen: set[str] = set()
        for value, many in pieces(text)[1]:
            if many:
                given += [self._draw(value) for _ in range(members)]
            elif value not in seen:
                seen.add(value)
                if value not in values:
                    values[value] = self._draw(value)
                given.append(values[value])
        cursor = await conn.execute(written(text, members).encode(), given)
        if cursor.description:
            await cursor.fetchall()

    def _draw(self, name: str) -> Any:
        replaced = (self._change.values or {}).get(name)
        return (replaced or self._app.values[name]).draw(self._rng)


def play(app: App, ways_in: Mapping[str, Mapping[str, Any]], seed: int, day_windows: int, pipe: Pipe) -> None:
    """Be the process."""
    asyncio.run(Client(app, ways_in, seed, day_windows).run(pipe))
