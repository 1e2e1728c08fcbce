"""All servers of one process, side by side: a thread each, so that a dead or slow one costs the others nothing."""

import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event, Lock, Thread, Timer
from typing import Any

import structlog
from numpy.random import Generator

from pganomaly import errors
from pganomaly.clock import Clock
from pganomaly.messages import Speaker, sentences
from pganomaly.notify import Heartbeat, MemoryOutbox, channels
from pganomaly.service import export, heap, selftests, trainer
from pganomaly.service.bulletin import Bulletin
from pganomaly.service.courier import Courier
from pganomaly.service.orders import Orders
from pganomaly.service.parts import Parts
from pganomaly.service.schedule import staggered
from pganomaly.service.watcher import Watcher
from pganomaly.storage import Store

log: Any = structlog.get_logger()

INQUIRIES = 4
"""Servers that are asked for evidence at the same time."""
POOL_MOST = 8
"""Connections to the store at most, however many servers are watched."""
STOP_S = 3.0
"""Patience with all threads together at the end: SIGTERM ends us within 5 seconds."""
LEAVE_S = 4.5
LOOK_S = 1.0
"""Seconds between two looks whether windows still come."""


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
        """
        Have SIGTERM and SIGINT set *stop*. For the main thread of a process that does nothing else.

        What hangs after that, on a server that does not answer, is left behind: nothing in a store is half-written.
        """

        def end(*_: object) -> None:
            stop.set()
            leave = Timer(LEAVE_S, os._exit, (0,))
            leave.daemon = True
            leave.start()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)

    def run(self, stop: Event) -> None:
        """Watch until *stop* is set."""
        heap.keep()
        self._set_pickles_aside()
        ways = channels(self._orders.notify, self._speaker)
        own_news = MemoryOutbox()
        courier = Courier(self._store, own_news, ways, self._clock)
        trainings, errands = ThreadPoolExecutor(1, "training"), ThreadPoolExecutor(1, "errand")
        inquiries = ThreadPoolExecutor(INQUIRIES, "inquiry")
        parts = self._parts(courier, own_news, [way.name for way in ways], trainings, errands, inquiries, stop)
        watchers = self._watchers(parts)
        threads = [Thread(target=w.run, args=(stop,), name=w.target.name, daemon=True) for w in watchers]
        courier.start()
        for thread in threads:
            thread.start()
        while not stop.wait(LOOK_S):
            for watcher in watchers:
                watcher.look()
        patience = self._clock.monotonic_s() + STOP_S
        for thread in threads:
            thread.join(max(patience - self._clock.monotonic_s(), 0.0))
        courier.stop(STOP_S / 4)
        for pool in (trainings, errands, inquiries):
            pool.shutdown(wait=False, cancel_futures=True)

    def _watchers(self, parts: Parts) -> list[Watcher]:
        targets = self._orders.targets
        delays = [staggered(i, len(targets), self._orders.plan.interval_s) for i in range(len(targets))]
        return [Watcher(t, parts, delay_s=delay_s) for t, delay_s in zip(targets, delays, strict=True)]

    def _parts(
        self,
        courier: Courier,
        own_news: MemoryOutbox,
        names: Sequence[str],
        trainings: ThreadPoolExecutor,
        errands: ThreadPoolExecutor,
        inquiries: ThreadPoolExecutor,
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
            inquiries=inquiries,
            read_plans=orders.read_plans,
            fit=partial(trainer.fit, stop=stop),
            rng=self._rng,
            upkeep=self._upkeep,
            selftest=partial(selftests.in_child, stop=stop),
            bulletin=Bulletin([target.name for target in orders.targets]),
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
        if done.dropped:
            log.info("store.upkeep", dropped=done.dropped, size_bytes=done.size_bytes)
        if done.too_large:
            size = self._speaker.quantity(done.size_bytes, "bytes")
            log.warning(self._speaker.say(sentences.STORE_TOO_LARGE, size=size))

    def _set_pickles_aside(self) -> None:
        for number in range(1, len(self._orders.targets) + 1):
            file = export.path_for(self._orders.model_file, number)
            try:
                aside = export.set_aside(file, self._clock.now())
            except errors.ModelFileNotWritable as error:
                log.warning(self._speaker.error(error))
            else:
                if aside is not None:
                    log.warning(self._speaker.say(export.SET_ASIDE, file=file, aside=aside))
