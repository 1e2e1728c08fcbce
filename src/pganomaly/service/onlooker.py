"""Watches one server from memory alone and writes nothing anywhere: reads, judges, asks for evidence, tells."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from pganomaly import errors, pipeline
from pganomaly.clock import Clock
from pganomaly.collect import Session, Target
from pganomaly.messages import Speaker
from pganomaly.pipeline import Memory, Rules, Verdict
from pganomaly.records import Evidence, Message
from pganomaly.service.observer import Observer
from pganomaly.service.witness import Witness, patience_s


class Onlooker:
    """
    An observer of one server with a witness beside it. What it remembers ends with it.

    wait_s  how long news waits for what the server shows; as long as ticks allow if it is not said
    """

    def __init__(
        self,
        target: Target,
        rules: Rules,
        speaker: Speaker,
        clock: Clock,
        *,
        interval_s: float,
        plans: bool = False,
        wait_s: float | None = None,
    ) -> None:
        self.target = target
        self._speaker = speaker
        self._clock = clock
        self._interval_s = interval_s
        self._wait_s = patience_s(interval_s) if wait_s is None else wait_s
        self._session = Session(target)
        self._observer = Observer(self._session, rules, clock)
        self._inquiries = ThreadPoolExecutor(1, "inquiry")
        self._witness = Witness(target, self._inquiries, clock, plans=plans)
        self._evidence: Mapping[str, Evidence] = {}

    @property
    def memory(self) -> Memory:
        """What is remembered after the last tick."""
        return self._observer.memory

    def tick(self) -> Verdict:
        """Read and judge once; errors.ConnectError or errors.TargetError where the server could not be read."""
        verdict = self._observer.tick(self._interval_s)
        self._evidence = self._witness.evidence(verdict, self._wait_s)
        if self._evidence:
            verdict = pipeline.enlightened(verdict, self._evidence)
            self._observer.memory = verdict.memory
        self._witness.rest(verdict)
        return verdict

    def sample(self) -> None:
        """See who is at work, for the next tick. A server that cannot be asked now is that tick's news."""
        with suppress(errors.ConnectError, errors.TargetError):
            self._session.sample()

    def news(self, verdict: Verdict) -> tuple[Message, ...]:
        """Return what people are told of the last tick, with what the server shows of it."""
        return pipeline.account(
            verdict.memory,
            verdict.changes,
            verdict.drift,
            server=self.target.name,
            speaker=self._speaker,
            now=self._clock.now(),
            matrix=verdict.matrix,
            evidence=self._evidence,
        )

    def close(self) -> None:
        """End the conversation."""
        self._inquiries.shutdown(wait=False, cancel_futures=True)
        self._session.close()
