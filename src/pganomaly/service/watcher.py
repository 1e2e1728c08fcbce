"""
One watched server in the service: holds the lease, watches, and after any failure tries again.

in    a target, and what the watchers of a process share
out   nothing returns until it is told to stop
not   no second process writes beside it: without the lease it waits, and says who has it
"""

from threading import Event
from typing import Any

import structlog

from pganomaly import errors
from pganomaly.collect import Session, Target
from pganomaly.messages.trouble import Trouble
from pganomaly.service import stages
from pganomaly.service.newsroom import Newsroom
from pganomaly.service.parts import Parts
from pganomaly.service.schedule import Backoff
from pganomaly.service.watch import Watch
from pganomaly.storage import Holder

log: Any = structlog.get_logger()

STANDBY_S = 2.0
"""Seconds between two looks whether whoever watches instead of us still lives."""


class Watcher:
    """Watches one server until it is stopped. Everything happens in the thread that calls `run`."""

    def __init__(self, target: Target, parts: Parts, *, delay_s: float = 0.0) -> None:
        self.target = target
        self._parts = parts
        self._delay_s = delay_s
        self._log = log.bind(target=target.name)
        self._news = Newsroom(
            target.name,
            parts.own_news,
            parts.channels,
            parts.courier,
            parts.speaker,
            parts.clock,
            interval_s=parts.plan.interval_s,
            slowest_s=parts.plan.baseline_interval_s,
            bulletin=parts.bulletin,
        )
        self._held_by: str | None = None
        self._instance_id: int | None = None

    def look(self) -> None:
        """Tell people where no window comes. Called by another thread: one that hangs cannot tell that itself."""
        self._news.look()

    def run(self, stop: Event) -> None:
        """Watch until *stop* is set. No failure ends this: what failed is tried again, and told if it lasts."""
        clock, interval_s = self._parts.clock, self._parts.plan.interval_s
        backoff = Backoff(first_s=min(1.0, interval_s), most_s=interval_s)
        clock.wait(self._delay_s, stop)
        while not stop.is_set():
            began_s = clock.monotonic_s()
            try:
                self._hold_and_watch(stop)
            except errors.LeaseHeld as error:
                self._stand_by(error)
                clock.wait(min(interval_s, STANDBY_S), stop)
                continue
            except Exception as error:  # noqa: BLE001 - a server that cannot be watched now is tried again
                if clock.monotonic_s() - began_s > backoff.most_s:
                    backoff = backoff.succeeded()
                backoff = backoff.failed()
                self._instance_id = None
                self._failed(error, backoff.wait_s)
                clock.wait(backoff.wait_s, stop)

    def _stand_by(self, error: errors.LeaseHeld) -> None:
        """Say once who watches instead; should they die, the next look finds out."""
        self._news.off_duty()
        holder = f"{error.facts['holder']} {error.facts['pid']} {error.facts['host']}"
        if holder != self._held_by:
            self._held_by = holder
            self._log.info("lease.held", error=self._parts.speaker.error(error), then="standing by")

    def _failed(self, error: Exception, wait_s: float) -> None:
        if isinstance(error, errors.LeaseLost):
            self._log.warning("lease.lost", error=self._parts.speaker.error(error))
        elif isinstance(error, (errors.StoreError, errors.ConnectError)):
            self._log.warning("store.failed", error=self._parts.speaker.error(error), retry_s=wait_s)
            self._news.seen(Trouble.STORE_DOWN, error)
        else:
            self._log.error("watcher.failed", exc_info=error, retry_s=wait_s)

    def _hold_and_watch(self, stop: Event) -> None:
        store = self._parts.store
        if self._instance_id is None:
            store.migrate()
            self._instance_id = stages.instance_of(store, self.target)
        lease = store.acquire(self._instance_id, Holder.this("pganomaly run"), self._parts.plan.lease_s)
        self._held_by = None
        self._news.on_duty()
        session = Session(self.target)
        try:
            Watch(self.target, session, lease, self._news, self._parts, self._log).run(stop)
        finally:
            session.close()
            try:
                store.release(lease)
            except (errors.StoreError, errors.ConnectError) as error:
                self._log.warning("lease.not_released", error=self._parts.speaker.error(error))
