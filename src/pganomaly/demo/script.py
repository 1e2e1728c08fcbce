"""
The order of the show: first the judge learns, then one fault after the other is done, shown, and undone.

in    after every window: whether the fault on stage was found
out   what to do next
not   no clock, no server: a show of a hundred windows is played in a test within a moment
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum


class Cue(StrEnum):
    """What to do after a window."""

    WATCH = "watch"
    INJECT = "inject"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Script:
    """
    How long everything takes, in windows.

    learn     before the first fault
    shown     how long a fault stays after it was found
    patience  how long one stays that is not found
    calm      between two faults, and after the last
    """

    interval_s: float = 1.0
    learn: int = 30
    shown: int = 3
    patience: int = 15
    calm: int = 6

    def cues(self, faults: int) -> Generator[Cue, bool, None]:
        """Yield what to do after each window; send() whether the fault on stage was found. The end is the end."""
        yield from self._watch(self.learn)
        for _ in range(faults):
            found = yield Cue.INJECT
            yet_to_show = self.shown
            for _ in range(self.patience + self.shown):
                yet_to_show -= found
                if yet_to_show < 0:
                    break
                found = yield Cue.WATCH
            yield Cue.UNDO
            yield from self._watch(self.calm)

    @staticmethod
    def _watch(windows: int) -> Generator[Cue, bool, None]:
        for _ in range(windows):
            yield Cue.WATCH
