"""Lets things happen in their windows, each in a thread of its own, while somebody else keeps the time."""

import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event as Signal
from threading import Thread

from benchmarks.recorder.faults import Stage
from benchmarks.recorder.timetable import Event

PATIENCE_S = 30.0


@dataclass(slots=True)
class Director:
    """What happens, and what is happening."""

    stage: Stage
    events: Sequence[Event]
    _now: dict[int, tuple[Thread, Signal]] = field(default_factory=dict)

    def turn(self, ended: int) -> None:
        """A window has *ended*: end what ended with it and begin what begins with the next."""
        for number, event in enumerate(self.events):
            if event.last == ended and number in self._now:
                self._now[number][1].set()
            if event.first == ended + 1:
                over = Signal()
                thread = Thread(target=self._run, args=(event, over), daemon=True)
                self._now[number] = (thread, over)
                print(f"{ended + 1}: {event.mischief.cls} {event.mischief.note}", flush=True)
                thread.start()

    def close(self) -> None:
        """End everything."""
        for thread, over in self._now.values():
            over.set()
            thread.join(PATIENCE_S)

    def _run(self, event: Event, over: Signal) -> None:
        try:
            event.mischief.run(self.stage, over)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the recording goes on and says so
            event.failed = str(error)
            traceback.print_exc(file=sys.stdout)
