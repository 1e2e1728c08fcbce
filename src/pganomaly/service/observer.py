"""Reads one server and judges it, tick by tick, all in memory: what `watch` shows, and the heart of the service."""

from dataclasses import replace

from pganomaly import pipeline
from pganomaly.clock import Clock
from pganomaly.collect import KnownTexts, Session
from pganomaly.detectors import Forest
from pganomaly.pipeline import Judgement, Memory, Rules, Verdict


class Observer:
    """
    One watched server and what is remembered of it.

    A tick either succeeds and moves the memory, or fails and leaves it as it was: the next one then sees a longer
    window, and no call is lost. *model* may be replaced between ticks.
    """

    def __init__(
        self,
        session: Session,
        rules: Rules,
        clock: Clock,
        *,
        memory: Memory | None = None,
        known: KnownTexts | None = None,
        model: Forest | None = None,
    ) -> None:
        self.session = session
        self.rules = rules
        self.memory = memory or Memory(Judgement.empty(rules))
        self.model = model or Forest.untrained()
        self._known = known or KnownTexts()
        self._clock = clock

    def tick(self, interval_s: float) -> Verdict:
        """Read and judge once; errors.ConnectError or errors.TargetError where the server could not be read."""
        reading = self.session.read(self._known, interval_s, self._clock.monotonic_s())
        verdict = pipeline.judge(self.memory, reading, self.model, self.rules)
        self.memory = verdict.memory
        return verdict

    def relearn(self, judgement: Judgement) -> None:
        """Go on with what another judgement has learned, and with the incidents that are open here."""
        desk = self.memory.judgement.desk
        self.memory = replace(self.memory, judgement=replace(judgement, desk=desk))
