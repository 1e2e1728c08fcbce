"""One watched server whose ticks a test makes by hand: the service's own parts, without its threads and its clock."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import numpy as np
import structlog

from pganomaly import pg
from pganomaly.clock import Clock, SystemClock
from pganomaly.collect import Session, Target
from pganomaly.detectors import newcomers
from pganomaly.messages import speaker
from pganomaly.notify import MemoryOutbox
from pganomaly.service import stages, trainer
from pganomaly.service.newsroom import Newsroom
from pganomaly.service.orders import Orders
from pganomaly.service.parts import Parts
from pganomaly.service.watch import Watch
from pganomaly.storage import Holder, Store


class Hand:
    """A service between two ticks. *outbox* is where it tells what the store cannot."""

    def __init__(self, orders: Orders, store: Store, *, channels: tuple[str, ...] = (), clock: Clock | None = None):
        self.orders = orders
        self.store = store
        self.outbox = MemoryOutbox()
        self.channels = channels
        self.clock = clock or SystemClock()
        self._pool = ThreadPoolExecutor(1)
        self.parts = Parts(
            store=store, clock=self.clock, speaker=speaker("en"), plan=orders.plan, rules=orders.rules,
            model=orders.model, model_file=orders.model_file, threshold=orders.threshold, channels=channels,
            own_news=self.outbox, courier=Event(), trainings=self._pool, errands=self._pool,
            inquiries=self._pool, fit=trainer.fit, rng=np.random.default_rng(1), upkeep=lambda: None,
        )  # fmt: skip
        self.target: Target = orders.targets[0]
        self.news = Newsroom(
            self.target.name, self.outbox, channels, Event(), self.parts.speaker, self.clock,
            interval_s=orders.plan.interval_s,
        )  # fmt: skip
        self.watch: Watch
        self.start()

    def start(self) -> None:
        """Begin as a new process does, with what is in the store."""
        instance_id = stages.instance_of(self.store, self.target)
        holder = Holder.this("the test")
        self.store.migrate()
        lease = self.store.acquire(instance_id, holder, 30.0)
        self.session = Session(self.target)
        self.watch = Watch(self.target, self.session, lease, self.news, self.parts, structlog.get_logger())

    def restart(self) -> None:
        """Die and begin anew: only what is stored is left."""
        lease = self.watch._lease
        self.session.close()
        self.store.release(lease)
        self.start()

    def slow_call(self) -> str:
        """Return a call that is news where it was never seen; on a busy machine it must take longer for that."""
        bar_ms = newcomers.bar_ms(self.watch._observer.memory.judgement.baseline.durations)
        return f"SELECT pg_sleep({bar_ms / 1000 + 0.05})"

    def tick(self) -> None:
        """Read, judge, store."""
        self.watch._tick()

    def flush(self) -> list[str]:
        """Try to store what waits; return what was told by then."""
        self.watch._store()
        return self.told()

    def spare(self) -> None:
        """Do what can wait, in plenty of time."""
        self.watch._spare_time(self.clock.monotonic_s() + 60.0, Event())

    def told(self) -> list[str]:
        """Return the headlines that went past the store."""
        return [entry.message.headline for entry in self.outbox.waiting(self.channels)]

    def close(self) -> None:
        """End."""
        self.session.close()
        self._pool.shutdown()


@contextmanager
def by_hand(orders: Orders, store: pg.Conninfo, **options: object) -> Iterator[Hand]:
    """Open the store and begin."""
    with Store(store, connect_timeout_s=2.0) as opened:
        opened.migrate()
        hand = Hand(orders, opened, **options)  # type: ignore[arg-type]
        try:
            yield hand
        finally:
            hand.close()
