"""When to train, and with what result: first after the baseline, then by the clock or after confirmed drift."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import structlog

from pganomaly import errors
from pganomaly.clock import Clock
from pganomaly.detectors import Forest
from pganomaly.service.plan import HOURLY_S, Plan
from pganomaly.training import NotEnough, Part

log: Any = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trained:
    """
    How a training ended.

    model     None where none was accepted: `why` says what is missing, what it would have learned or does worse
    kept_out  there was a new model, and the one in force stays: to be tried again when it is time, no sooner
    """

    model: Forest | None
    why: tuple[Part, ...]
    missing: NotEnough | None = None
    kept_out: bool = False


class Learner:
    """
    Keeps one server's model fresh. Training runs on *workers*, never in the tick.

    train        trains, stores and exports; it may take minutes
    trained_ago  seconds since the model in use was trained, None without one
    """

    def __init__(
        self, train: Callable[[], Trained], workers: Executor, clock: Clock, plan: Plan, *, trained_ago_s: float | None
    ) -> None:
        self._train = train
        self._workers = workers
        self._clock = clock
        self._plan = plan
        self._running: Future[Trained] | None = None
        self._has_model = trained_ago_s is not None
        self._tries = 0
        self._wanted = False
        now_s = clock.monotonic_s()
        self._due_s = now_s + max(plan.retrain_interval_s - trained_ago_s, 0.0) if trained_ago_s is not None else now_s

    @property
    def tries(self) -> int:
        """How often in a row training found too little data."""
        return self._tries

    @property
    def gave_up(self) -> bool:
        """Whether the service goes on with the per-statement engine alone, and tries hourly only."""
        return not self._has_model and self._tried_enough

    @property
    def _tried_enough(self) -> bool:
        return self._tries >= max(self._plan.retry_limit, 1)

    def step(self, *, windows: int, drifted: bool = False) -> Trained | None:
        """Return how a training ended since the last step, None where none did; start one where it is due."""
        done = self._finished()
        ready = self._has_model or windows >= self._plan.baseline_windows
        self._wanted = self._wanted or drifted
        due = self._wanted or self._clock.monotonic_s() >= self._due_s
        if self._running is None and ready and due:
            self._wanted = False
            self._running = self._workers.submit(self._train)
        return done

    def _finished(self) -> Trained | None:
        if self._running is None or not self._running.done():
            return None
        future, self._running = self._running, None
        try:
            done = future.result()
        except errors.PganomalyError as error:
            log.warning("training.failed", error=str(error))
            done = Trained(None, ())
        except Exception:
            log.exception("training.failed")
            done = Trained(None, ())
        self._has_model = self._has_model or done.model is not None
        self._tries = 0 if done.model is not None or done.kept_out else self._tries + 1
        self._due_s = self._clock.monotonic_s() + self._pause_s()
        return done

    def _pause_s(self) -> float:
        if not self._tries:
            return self._plan.retrain_interval_s
        if self._has_model or self._tried_enough:
            return HOURLY_S
        return self._plan.baseline_windows * self._plan.baseline_interval_s
