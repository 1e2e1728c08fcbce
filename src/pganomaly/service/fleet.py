"""All servers of one process, side by side: a thread each, so that a dead or slow one costs the others nothing."""

import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event, Lock, Thread
from typing import Any

import structlog
from numpy.random import Generator

from pganomaly.clock import Clock
from pganomaly.messages import Speaker
from pganomaly.notify import Heartbeat, MemoryOutbox, channels
from pganomaly.service import export, trainer
from pganomaly.service.courier import Courier
from pganomaly.service.orders import Orders
from pganomaly.service.parts import Parts
from pganomaly.service.schedule import staggered
from pganomaly.service.watcher import Watcher
from pganomaly.storage import Store

log: Any = structlog.get_logger()

POOL_MOST = 8
"""Connections to the store at most, however many servers are watched."""
STOP_S = 4.0
"""Patience for threads at the end: SIGTERM ends us within 5 seconds."""


class Fleet:
    """Watches every target until it is stopped."""

    def __init__(self, orders: Orders, store: Store, speaker: Speaker, clock: Clock, rng: Generator) -> None:
        self._orders = orders
        self._store = store
        self._speaker = speaker
        self._clock = clock
        self._rng = rng
        self._in_order = Lock()

    @staticmethod
    def obey_signals(stop: Event) -> None:
        """Have SIGTERM and SIGINT set *stop*. For the main thread of a process that does nothing else."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())

    def run(self, stop: Event) -> None:
        """Watch until *stop* is set."""
        self._set_pickles_aside()
        ways = channels(self._orders.notify, self._speaker)
        own_news = MemoryOutbox()
        courier = Courier(self._store, own_news, ways, self._clock)
        trainings, errands = ThreadPoolExecutor(1, "training"), ThreadPoolExecutor(1, "errand")
        parts = self._parts(courier, own_news, [way.name for way in ways], trainings, errands, stop)
        threads = self._threads(parts, stop)
        courier.start()
        for thread in threads:
            thread.start()
        stop.wait()
        for thread in threads:
            thread.join(STOP_S)
        courier.stop(STOP_S / 4)
        for pool in (trainings, errands):
            pool.shutdown(wait=False, cancel_futures=True)

    def _threads(self, parts: Parts, stop: Event) -> list[Thread]:
        targets = self._orders.targets
        delays = [staggered(i, len(targets), self._orders.plan.interval_s) for i in range(len(targets))]
        return [
            Thread(target=Watcher(t, parts, delay_s=delay_s).run, args=(stop,), name=t.name, daemon=True)
            for t, delay_s in zip(targets, delays, strict=True)
        ]

    def _parts(
        self,
        courier: Courier,
        own_news: MemoryOutbox,
        names: Sequence[str],
        trainings: ThreadPoolExecutor,
        errands: ThreadPoolExecutor,
        stop: Event,
    ) -> Parts:
        orders = self._orders
        url = orders.notify.heartbeat_url
        return Parts(
            store=self._store,
            clock=self._clock,
            speaker=self._speaker,
            plan=orders.plan,
            rules=orders.rules,
            model=orders.model,
            model_file=orders.model_file,
            threshold=orders.threshold,
            channels=names,
            own_news=own_news,
            courier=courier.wake,
            trainings=trainings,
            errands=errands,
            fit=partial(trainer.fit, stop=stop),
            rng=self._rng,
            upkeep=self._upkeep,
            heartbeat=Heartbeat(url, interval_s=orders.plan.interval_s, clock=self._clock) if url else None,
        )

    def _upkeep(self) -> None:
        """Keep the store in order; one watcher at a time does it for all."""
        if not self._in_order.acquire(blocking=False):
            return
        try:
            done = self._store.upkeep(self._clock.now(), self._orders.retention)
        finally:
            self._in_order.release()
        if done.dropped or done.too_large:
            log.info("store.upkeep", dropped=done.dropped, size_bytes=done.size_bytes, too_large=done.too_large)

    def _set_pickles_aside(self) -> None:
        for number in range(1, len(self._orders.targets) + 1):
            file = export.path_for(self._orders.model_file, number)
            aside = export.set_aside(file, self._clock.now())
            if aside is not None:
                say = self._speaker.say
                log.warning(
                    say(
                        "{file} is not a model of ours and was not opened: it is {aside} now, a new one is trained.",
                        file=file,
                        aside=aside,
                    )
                )
