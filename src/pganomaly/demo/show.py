"""
One performance: window after window is judged, and on its cue mischief is done or undone.

in    the watched server as a guest sees it, its owner's connection for the mischief, a script
out   a Scene per window, and the Ledger

The judge (an Onlooker) is never told of the mischief: it has its own connection and sees what any guest sees.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from threading import Event

from pganomaly import errors, pg
from pganomaly.clock import Clock
from pganomaly.collect import Target
from pganomaly.demo import scene
from pganomaly.demo.ledger import Ledger, News
from pganomaly.demo.mischief import Mischief
from pganomaly.demo.scene import Case, Scene
from pganomaly.demo.script import Cue, Script
from pganomaly.messages import Speaker
from pganomaly.messages.naming import QUERY_CHARS, shortened
from pganomaly.pipeline import Rules, Verdict
from pganomaly.records import ChangeKind
from pganomaly.service import witness
from pganomaly.service.onlooker import Onlooker
from pganomaly.service.orders import DAY_S
from pganomaly.service.plan import sample_every_s
from pganomaly.service.schedule import Schedule, wait_looking


class Show:
    """Plays once; ledger says afterwards, and at any time, what was done and what was told."""

    def __init__(
        self,
        target: Target,
        owner: pg.Connection,
        acts: Sequence[Mischief],
        script: Script,
        speaker: Speaker,
        clock: Clock,
    ) -> None:
        self.ledger = Ledger()
        self._owner = owner
        self._acts = acts
        self._script = script
        self._speaker = speaker
        self._clock = clock
        self._cases: dict[str, Case] = {}
        self._act: Mischief | None = None
        rules = Rules(day_windows=DAY_S / script.interval_s, baseline_windows=script.learn)
        # News waits for the server's own word as it does where ticks come once a minute: here a window grows longer.
        self._onlooker = Onlooker(
            target, rules, speaker, clock, interval_s=script.interval_s, wait_s=witness.PATIENCE_S
        )

    def play(self, *, encore: str | None) -> Generator[Scene, None, None]:
        """Yield a scene per window until the script ends; with an *encore* to say, say it then and go on for ever."""
        cues = self._script.cues(len(self._acts))
        next(cues)
        with ExitStack() as undone:
            for number, verdict in enumerate(self._windows(), start=1):
                lines = [*self._news(verdict)]
                cue = self._cue(cues)
                if cue is None and encore is None:
                    yield self._scene(verdict, number, lines)
                    return
                if cue is None and encore:
                    lines, encore = [*lines, encore], ""
                lines += self._obey(cue, undone)
                yield self._scene(verdict, number, lines)

    def _windows(self) -> Iterator[Verdict]:
        """Yield a verdict per window, at the script's pace."""
        interval_s = self._script.interval_s
        schedule = Schedule(self._clock.monotonic_s(), interval_s)
        never = Event()
        try:
            while True:
                try:
                    verdict = self._onlooker.tick()
                except errors.ReadTimedOut:
                    verdict = None  # a busy machine: the next window is a longer one
                if verdict is not None and verdict.window is not None:
                    yield verdict
                due_s = schedule.next_after(self._clock.monotonic_s())
                wait_looking(self._clock, due_s, never, self._onlooker.sample, every_s=sample_every_s(interval_s))
        finally:
            self._onlooker.close()

    def _cue(self, cues: Generator[Cue, bool, None]) -> Cue | None:
        """Return what to do now, None once the script has ended."""
        found = self._act is not None and self.ledger.faults[-1].found
        try:
            return cues.send(found)
        except StopIteration:
            return None

    def _obey(self, cue: Cue | None, undone: ExitStack) -> Iterator[str]:
        """Do what the cue says, and yield what to say about it."""
        if cue is Cue.INJECT:
            number = len(self.ledger.faults)
            act = self._act = self._acts[number]
            self.ledger = self.ledger.injected(act.name, act.hits, self._clock.now())
            undone.callback(act.undo, self._owner)
            act.inject(self._owner)
            yield self._speaker.say(
                "Mischief {number} of {all}: {what}.",
                number=number + 1,
                all=len(self._acts),
                what=self._speaker.say(act.says),
            )
        elif cue is Cue.UNDO and self._act is not None:
            act, self._act = self._act, None
            act.undo(self._owner)
            if not self.ledger.faults[-1].found:
                yield self._speaker.say("Not found. It is undone.")
            else:
                yield self._speaker.say("It is undone.")

    def _news(self, verdict: Verdict) -> Iterator[str]:
        """Enter what people are told of a window, and yield it with what it means for the show."""
        told = {message.about: message.headline for message in self._onlooker.news(verdict)}
        for change in verdict.changes:
            incident = change.incident
            what = told.get(incident.incident_id)
            if what is None or change.kind is ChangeKind.UPDATED:
                continue
            if change.kind is not ChangeKind.OPENED:
                yield what
                continue
            shape = verdict.memory.shapes.by_key.get(incident.key)
            query = shortened(shape.redacted, QUERY_CHARS) if shape else str(incident.key.queryid)
            yield self._heard(News(incident.opened_at, shape.fingerprint if shape else None, query, what))

    def _heard(self, news: News) -> str:
        before, self.ledger = self.ledger, self.ledger.told(news)
        for old, new in zip(before.faults, self.ledger.faults, strict=True):
            if new.found_at and not old.found:
                return self._speaker.say(
                    "FOUND after {duration}: {what}",
                    duration=self._speaker.duration(new.found_at - new.injected_at),
                    what=news.what,
                )
        if self.ledger.others > before.others:
            return self._speaker.say("Told, though nothing was done to it: {what}", what=news.what)
        return news.what

    def _scene(self, verdict: Verdict, number: int, lines: Sequence[str]) -> Scene:
        self._cases = scene.cases(self._cases, verdict, self._speaker)
        learned = min(number, self._script.learn)
        return Scene(
            at=_end(verdict),
            traffic=scene.traffic(verdict),
            learned=None if self.ledger.faults else (learned, self._script.learn),
            mischief=self._speaker.say(self._act.says) if self._act else None,
            cases=tuple(self._cases.values()),
            lines=tuple(lines),
        )


def _end(verdict: Verdict) -> datetime:
    return verdict.snapshot.taken_at
