"""
Watches a place as `pganomaly watch` does, window by window, and keeps what people are told.

in    a server, as a role that may look and nothing else
out   a Window per call, the news so far
not   no wall clock: whoever waits here waits for windows
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np

from pganomaly.clock import SystemClock
from pganomaly.collect import Target
from pganomaly.messages import speaker
from pganomaly.pipeline import Rules, Verdict
from pganomaly.records import Evidence, Incident, IncidentKind, Key, Message
from pganomaly.service.onlooker import Onlooker
from pganomaly.service.orders import DAY_S
from pganomaly.service.schedule import Schedule, wait_looking
from tests.faults.place import Place

WINDOW_S = 0.6
LOOK_S = 0.2
LEARN = 36
"""Windows before the first fault: calls are judged from 30 on."""
READ_WITHIN_S = 30.0
PATIENT_S = 6.0
NEWCOMERS_FROM = 30
LASTS = 8
"""Windows that the server may have been slow before people are told so."""
STARVED = 0.5
"""Share of the time that the server's processes wanted a CPU and had none, from which on the machine is to blame."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message, what it is about, and what the server showed. *window* counts from the first."""

    window: int
    incident: Incident
    message: Message
    evidence: Evidence | None

    @property
    def text(self) -> str:
        """What people read."""
        return "\n".join(block.text for block in self.message.blocks)


class Watchman:
    """Ticks when told to; *names* are the statements that it knows of, by fingerprint."""

    def __init__(
        self, place: Place, names: Mapping[str, str], *, day_windows: float = DAY_S, window_s: float = WINDOW_S
    ) -> None:
        self._place = place
        self._names = names
        self._clock = SystemClock()
        self._schedule = Schedule(self._clock.monotonic_s(), window_s)
        rules = Rules(day_windows=day_windows, baseline_windows=NEWCOMERS_FROM)
        # A message waits for its evidence: a busy machine needs longer for that than a window lasts here.
        self._onlooker = Onlooker(
            Target("parcels", place.guest),
            rules,
            speaker("en"),
            self._clock,
            interval_s=READ_WITHIN_S,
            wait_s=PATIENT_S,
        )
        self._ran: dict[int, tuple[float, float]] = {}
        self.window = 0
        self.news: list[Told] = []
        self.starved: list[float] = []
        self.nightly: Callable[[int], None] = lambda window: None

    def look(self, windows: int = 1) -> None:
        """Let so many windows pass."""
        for _ in range(windows):
            self._tick()

    def until(self, true: Callable[[], object], at_most: int) -> bool:
        """Let windows pass until something is true, *at_most* so many; return whether it is."""
        for _ in range(at_most):
            if true():
                return True
            self._tick()
        return bool(true())

    @property
    def open(self) -> tuple[Incident, ...]:
        """Incidents that are open now, told or not."""
        return self._onlooker.memory.judgement.desk.open

    def name(self, key: Key) -> str:
        """Return what a statement is called here: its short name, else its text."""
        shape = self._onlooker.memory.shapes.by_key.get(key)
        if shape is None:
            return "hidden"
        return self._names.get(shape.fingerprint, shape.redacted)

    def since(self, window: int) -> list[Told]:
        """Return the news after a window, without those that the machine is to blame for."""
        return [told for told in self.news if told.window > window and not self._of_machine(told)]

    def close(self) -> None:
        """End the conversation."""
        self._onlooker.close()

    def _of_machine(self, told: Told) -> bool:
        """Whether the whole server was slow because other tests' processes had the CPU: true, and not the fault's."""
        if told.incident.kind is not IncidentKind.HOST:
            return False
        return max(self.starved[max(told.window - LASTS, 0) : told.window], default=0.0) > STARVED

    def _tick(self) -> None:
        self.nightly(self.window)
        due_s = self._schedule.next_after(self._clock.monotonic_s())
        wait_looking(self._clock, due_s, Event(), self._onlooker.sample, every_s=LOOK_S)
        verdict = self._onlooker.tick()
        self.starved.append(self._starved())
        if verdict.window is not None:
            self.window += 1
            self.news += self._told(verdict)

    def _told(self, verdict: Verdict) -> list[Told]:
        messages = self._onlooker.news(verdict)
        about = {change.incident.incident_id: change.incident for change in verdict.changes}
        evidence = verdict.memory.evidence
        return [Told(self.window, about[m.about], m, evidence.get(m.about)) for m in messages if m.about in about]

    def _starved(self) -> float:
        """Return which share of the time, since this was last asked, the server's processes wanted a CPU in vain."""
        before, self._ran = self._ran, dict(self._times())
        grown = [np.subtract(now, before[pid]) for pid, now in self._ran.items() if pid in before]
        ran, waited = np.sum(grown, axis=0) if grown else (0.0, 0.0)
        return float(waited / max(ran + waited, 1.0))

    def _times(self) -> Iterator[tuple[int, tuple[float, float]]]:
        """Yield each process of the server with the ns that it ran and that it waited for a CPU."""
        for pid in self._place.pids():
            with suppress(OSError):  # it has ended meanwhile
                ran, waited = Path(f"/proc/{pid}/schedstat").read_text().split()[:2]
                yield pid, (float(ran), float(waited))
