"""What the watchers of one process share."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from numpy.random import Generator

from pganomaly.clock import Clock
from pganomaly.detectors import Forest
from pganomaly.messages import Speaker
from pganomaly.notify import Heartbeat, MemoryOutbox
from pganomaly.pipeline import Rules
from pganomaly.service.bulletin import Bulletin
from pganomaly.service.plan import Plan
from pganomaly.storage import Store
from pganomaly.training import ModelSettings


@dataclass(frozen=True, slots=True)
class Parts:
    """
    The store, the clock, the user's choices, and the ways to people.

    rules      of an instance, by its number
    threshold  the user's own for the forest, instead of the model's
    channels   names of the ways to reach people
    own_news   an outbox that works while the store is down
    courier    set when there is something to deliver
    trainings  where models are trained, one at a time; fit starts the child process that does it
    errands    where small things are done that must not delay a tick
    inquiries  where watched servers are asked for evidence
    selftest   has a child process test an instance; None: nobody does
    read_plans whether plans are read as evidence
    upkeep     keeps the store in order; called now and then by whoever has time
    bulletin   where troubles with the store are told once for all; None: each watcher tells its own
    """

    store: Store
    clock: Clock
    speaker: Speaker
    plan: Plan
    rules: Callable[[int], Rules]
    model: ModelSettings
    model_file: Path
    threshold: float | None
    channels: Sequence[str]
    own_news: MemoryOutbox
    courier: Event
    trainings: Executor
    errands: Executor
    inquiries: Executor
    fit: Callable[[bytes], Forest]
    rng: Generator
    upkeep: Callable[[], None]
    heartbeat: Heartbeat | None = None
    read_plans: bool = False
    selftest: Callable[[bytes], None] | None = None
    bulletin: Bulletin | None = None
