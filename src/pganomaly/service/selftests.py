"""
The self-test on stored traffic: on demand, and every night in a child process, so that no tick waits for it.

in    a store, an instance, the rules that the service judges by
out   a SelfTest in the store
not   nothing is judged anew, nobody is told
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import numpy as np
import structlog

from pganomaly import errors, selftest
from pganomaly.clock import Clock
from pganomaly.incidents import AlertSettings
from pganomaly.pg import Conninfo, Secret
from pganomaly.pipeline import Rules
from pganomaly.records import Window
from pganomaly.selftest import NotEnough, SelfTest
from pganomaly.service import restore, trainer
from pganomaly.storage import Store

log: Any = structlog.get_logger()

PAST = timedelta(days=2)
"""A day to learn from, and a day to test."""
NIGHTLY = timedelta(hours=12)
"""A self-test is due when the last one is so old, and it is night where the service runs."""
NIGHT_HOURS = range(1, 6)
AGAIN_S = 3600.0
"""Seconds until a self-test is tried again that failed or found too little."""
NIGHTS = 7
"""Self-tests whose false alarms are told together: one day says little."""
PATIENCE_S = 3 * 3600.0
COMMAND = ("-m", "pganomaly.service.selftest_child")


def evaluate(
    store: Store,
    instance_id: int,
    rules: Rules,
    clock: Clock,
    *,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> SelfTest | NotEnough:
    """Test what would have been caught on the last day's stored traffic, store the result and return it."""
    began_s = clock.monotonic_s()
    newest = next(iter(store.newest_snapshots(instance_id)), None)
    if newest is None:
        return NotEnough(0, selftest.NEEDED, 0)
    known = restore.texts(store, instance_id)

    def windows() -> Iterator[Window]:
        return store.windows(instance_id, newest.snapshot_ts - PAST, newest.snapshot_ts)

    result = selftest.run(
        windows, shapes=known.shapes, outsiders=known.outsiders, rules=rules, rng=np.random.default_rng(seed),
        progress=progress,
    )  # fmt: skip
    if isinstance(result, SelfTest):
        store.put_selftest(instance_id, result, at=clock.now(), seconds=clock.monotonic_s() - began_s)
    return result


def order(store: Conninfo, instance_id: int, rules: Rules, *, seed: int) -> bytes:
    """Return what a child process (COMMAND) reads. It holds the store's password: only ever sent through a pipe."""
    given = {
        "store": store.keywords(),
        "instance_id": instance_id,
        "alerts": rules.alerts.model_dump(),
        "day_windows": rules.day_windows,
        "baseline_windows": rules.baseline_windows,
        "seed": seed,
    }
    return json.dumps(given).encode()


def obey(given: bytes, clock: Clock) -> SelfTest | NotEnough:
    """Do what an *order* says."""
    told = json.loads(given)
    rules = Rules(
        alerts=AlertSettings(**told["alerts"]), instance=told["instance_id"], day_windows=told["day_windows"],
        baseline_windows=told["baseline_windows"],
    )  # fmt: skip
    with Store(_conninfo(told["store"]), pool_size=1) as store:
        return evaluate(store, told["instance_id"], rules, clock, seed=told["seed"])


def _conninfo(keywords: dict[str, Any]) -> Conninfo:
    own = {name: keywords.pop(name, None) for name in ("host", "port", "dbname", "user", "sslmode", "sslrootcert")}
    password = keywords.pop("password", None)
    others = tuple((name, Secret(str(value))) for name, value in keywords.items())
    return Conninfo(**own, password=Secret(password) if password is not None else None, others=others)


def in_child(given: bytes, stop: Event | None = None) -> None:
    """Have a child process do what an *order* says; errors.SelfTestFailed with its own words where it cannot."""
    trainer.converse(COMMAND, given, stop=stop, patience_s=PATIENCE_S, failure=errors.SelfTestFailed)


class Nights:
    """
    Tests one server every night, on *workers*.

    test  does it, in a child process; it may take minutes
    """

    def __init__(self, test: Callable[[], None], workers: Executor, clock: Clock, *, last: datetime | None) -> None:
        self._test = test
        self._workers = workers
        self._clock = clock
        self._last = last
        self._running: Future[None] | None = None
        self._not_before_s = float("-inf")

    def step(self, newest: Callable[[], datetime | None], *, windows: int) -> bool:
        """
        Start a self-test where it is due; return whether one has ended well since the last step.

        newest   gives the moment of the last one that is stored
        windows  judged so far: of too few nothing can be tested
        """
        if self._running is not None:
            return self._ended(newest)
        now = self._clock.now()
        due = self._last is None or (now - self._last >= NIGHTLY and now.astimezone().hour in NIGHT_HOURS)
        if due and windows >= selftest.NEEDED and self._clock.monotonic_s() >= self._not_before_s:
            self._running = self._workers.submit(self._test)
        return False

    def _ended(self, newest: Callable[[], datetime | None]) -> bool:
        if self._running is None or not self._running.done():
            return False
        future, self._running = self._running, None
        self._not_before_s = self._clock.monotonic_s() + AGAIN_S
        error = future.exception()
        if error is not None:
            log.warning("selftest.failed", error=str(error))
            return False
        before, self._last = self._last, newest()
        return self._last != before
