"""Reads one server and judges it, tick by tick, all in memory: what `watch` shows, and the heart of the service."""

from dataclasses import replace

from pganomaly import pipeline
from pganomaly.clock import Clock
from pganomaly.collect import KnownTexts, Session
from pganomaly.detectors import Forest
from pganomaly.drift import Streak
from pganomaly.pipeline import Judgement, Memory, Rules, Verdict
from pganomaly.records import Shapes, locate


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
        self.cost_ms: dict[str, float] = {}

    def tick(self, interval_s: float) -> Verdict:
        """Read and judge once; errors.ConnectError or errors.TargetError where the server could not be read."""
        began_s = self._clock.monotonic_s()
        reading = self.session.read(self._known, interval_s, began_s)
        read_s = self._clock.monotonic_s()
        try:
            verdict = pipeline.judge(self.memory, reading, self.model, self.rules)
        except Exception:
            self._known.forget([text.key for text in reading.texts])
            self.session.forget()
            raise
        self._ask_again(self.memory.shapes, verdict.memory.shapes)
        self.memory = verdict.memory
        judged_s = self._clock.monotonic_s()
        self.cost_ms = {"read": 1000 * (read_s - began_s), "judge": 1000 * (judged_s - read_s)}
        return verdict

    def _ask_again(self, before: Shapes, after: Shapes) -> None:
        """Have the text of whoever was forgotten read anew, should they come back."""
        if after is not before:
            self._known.forget(before.keys[locate(before.keys, after.keys) < 0])

    def relearn(self, judgement: Judgement) -> None:
        """Go on with what another judgement has learned, and with the incidents that are open here; the streak is 0."""
        desk = self.memory.judgement.desk
        self.memory = replace(self.memory, judgement=replace(judgement, desk=desk, streak=Streak()))
