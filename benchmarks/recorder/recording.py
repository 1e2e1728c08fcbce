"""Records one application: a server, its users, an observer, and what is done to them."""

import csv
import json
import multiprocessing
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from benchmarks.recorder import client, labels, server
from benchmarks.recorder.application import App, Change
from benchmarks.recorder.director import Director
from benchmarks.recorder.faults import Mischief
from benchmarks.recorder.observer import T0, Observer, stamp_of
from benchmarks.recorder.timetable import CALM, Event, timetable
from pganomaly.pg.embedded import Server

SAMPLES = 5
WARM_UP_S = 25.0
PATIENCE_S = 120.0
"""How long the users may take to be there."""


@dataclass(frozen=True, slots=True)
class Length:
    """
    How many windows there are, how many of them before anything is done, and how many make a day.

    calm  windows between one thing that is done and the next, from and to
    """

    windows: int = 1450
    train: int = 450
    day: int = 400
    calm: tuple[int, int] = CALM


class Stage:
    """What mischief has to hand: sessions of the operator and of roles, and the users' ear."""

    def __init__(self, app: App, running: Server, pipe: Pipe) -> None:
        self._app, self._server, self._pipe = app, running, pipe

    def connect(self, user: str = "", database: str = "") -> psycopg.Connection[Any]:
        """Return a new session; of the operator, where no role is named."""
        database = database or self._app.databases.get(user, self._app.main)
        return server.connect(self._server, database, user or server.OPERATOR)

    def tell(self, change: Change) -> None:
        """Let the users behave otherwise from now on."""
        self._pipe.send(change)


def record(
    app: App,
    seed: int,
    folder: Path,
    length: Length,
    *,
    choice: Sequence[Mischief] | None = None,
    warm_up_s: float = WARM_UP_S,
) -> list[dict[str, Any]]:
    """Write a recording into *folder* and return its labels."""
    chosen = app.faults if choice is None else choice
    events = timetable(chosen, Random(seed), length.train, length.windows, length.calm)
    with server.running(app) as running:
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        ways_in = {role: running.conninfo(db, role).keywords() for role, db in app.databases.items()}
        users = multiprocessing.get_context("spawn").Process(
            target=client.play, args=(app, ways_in, seed, length.day, theirs), daemon=True
        )
        users.start()
        director = Director(Stage(app, running, ours), events)
        try:
            with closing(server.connect(running, app.main, server.MONITOR)) as conn:
                observer = Observer(conn)
                ours.poll(PATIENCE_S)
                time.sleep(warm_up_s)
                ours.send(time.monotonic() + 0.5)
                _watch(observer, director, events, length.windows)
                meta = _meta(conn, app, seed, length)
        finally:
            director.close()
            ours.send(None)
            users.join(5)
            users.terminate()
    meta |= observer.write(folder)
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    (folder / "events.json").write_text(json.dumps([_event(e) for e in events], indent=1) + "\n", encoding="utf-8")
    return label(app, folder)


def label(app: App, folder: Path) -> list[dict[str, Any]]:
    """Write labels.csv of a recorded folder: what its events did, as its counters say."""
    rows = labels.table(app, folder)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]) if rows else ["event_id"])
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _watch(observer: Observer, director: Director, events: Sequence[Event], windows: int) -> None:
    missed = {w for e in events if e.mischief.cls == "missed_snapshot" for w in range(e.first, e.last)}
    start = time.monotonic() + 0.5
    observer.begin(time.time() + 0.5)
    for window in range(windows + 1):
        late_s = _sleep_until(start + window)
        if window not in missed:
            observer.snapshot(window, late_s * 1000)
        director.turn(window)
        for nth in range(SAMPLES):
            part = (nth + 0.5) / SAMPLES
            if window < windows and _sleep_until(start + window + part) < 1 / SAMPLES:
                observer.sample(window + 1, part)


def _sleep_until(moment: float) -> float:
    """Return by how much it was too late."""
    time.sleep(max(moment - time.monotonic(), 0.0))
    return time.monotonic() - moment


def _event(event: Event) -> dict[str, Any]:
    m = event.mischief
    return {
        "kind": m.kind, "class": m.cls, "first": event.first, "last": event.last, "severity": m.severity,
        "culprits": m.culprits, "reach": m.reach, "note": m.note, "failed": event.failed,
    }  # fmt: skip


def _meta(conn: psycopg.Connection[Any], app: App, seed: int, length: Length) -> dict[str, Any]:
    def pairs(sql: str) -> dict[str, str]:
        return {str(key): str(value) for key, value in conn.execute(sql.encode()).fetchall()}

    version = conn.execute("SELECT version()").fetchone() or ("",)
    return {
        "recording": f"{app.name}-{seed}", "app": app.name, "server_version": version[0],
        "settings": pairs("SELECT name, current_setting(name) FROM pg_settings WHERE source = 'configuration file'"
                          " AND name NOT LIKE 'unix_socket%' ORDER BY name"),
        "t0": T0.isoformat(), "window_s": 60, "real_window_s": 1.0, "windows": length.windows,
        "day_windows": length.day, "train_end": stamp_of(length.train),
        "databases": pairs("SELECT oid, datname FROM pg_database WHERE datallowconn AND NOT datistemplate"),
        "users": pairs("SELECT oid, rolname FROM pg_roles WHERE rolcanlogin"),
        "activity_samples_per_window": SAMPLES, "note": "a real server; one window is one real second of work",
    }  # fmt: skip
