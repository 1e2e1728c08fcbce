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
        )

    def run(self, stop: Event) -> None:
        """Watch until *stop* is set. No failure ends this: what failed is tried again, and told if it lasts."""
        clock, interval_s = self._parts.clock, self._parts.plan.interval_s
        backoff = Backoff(first_s=1.0, most_s=interval_s)
        clock.wait(self._delay_s, stop)
        while not stop.is_set():
            try:
                self._hold_and_watch(stop)
                backoff = backoff.succeeded()
            except errors.LeaseHeld as error:
                self._log.info("lease.held", error=str(error))
                clock.wait(interval_s, stop)
            except errors.LeaseLost as error:
                self._log.warning("lease.lost", error=str(error))
            except (errors.StoreError, errors.ConnectError) as error:
                backoff = backoff.failed()
                self._log.warning("store.failed", error=str(error), retry_s=backoff.wait_s)
                self._news.seen(Trouble.STORE_DOWN, error)
                clock.wait(backoff.wait_s, stop)
            except Exception:  # noqa: BLE001 - a server that cannot be watched now is tried again; the log has all of it
                backoff = backoff.failed()
                self._log.exception("watcher.failed", retry_s=backoff.wait_s)
                clock.wait(backoff.wait_s, stop)

    def _hold_and_watch(self, stop: Event) -> None:
        store = self._parts.store
        store.migrate()
        instance_id = stages.instance_of(store, self.target)
        lease = store.acquire(instance_id, Holder.this("pganomaly run"), self._parts.plan.lease_s)
        session = Session(self.target)
        try:
            Watch(self.target, session, lease, self._news, self._parts, self._log).run(stop)
        finally:
            session.close()
            try:
                store.release(lease)
            except (errors.StoreError, errors.ConnectError) as error:
                self._log.warning("lease.not_released", error=str(error))
