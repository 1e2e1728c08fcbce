"""What a self-test measured."""

from dataclasses import dataclass
from datetime import datetime

SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Shares of DB time that are told apart: a statement belongs to the nearest, on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Cell:
    """
    How often and how soon one size of change was told of.

    size        times slower
    share       of DB time, one of SHARES; None for all statements together
    tried       changes that were made
    statements  different ones among them
    found       changes that people would have been told of within the patience of the test
    delay, late_delay  windows until then, half and nine tenths of the found ones not longer; None where none was found
    """

    size: float
    share: float | None
    tried: int
    statements: int
    found: int
    delay: float | None
    late_delay: float | None

    @property
    def power(self) -> float:
        """Share of the changes that were found."""
        return self.found / self.tried if self.tried else float("nan")


@dataclass(frozen=True, slots=True)
class SelfTest:
    """
    One self-test.

    since, upto  start of the first and end of the last window that was tested, after what was only learned from
    windows      tested, window_s their usual length
    statements   tried: those that run in most windows; other_statements that ran, too rarely for it or system ones
    patience     windows within which a change had to be found
    alarms       incidents that people would have been told of without any change
    days         of tested windows
    cells        sizes of all statements together first, then by share
    """

    since: datetime
    upto: datetime
    windows: int
    window_s: float
    statements: int
    other_statements: int
    patience: int
    alarms: int
    days: float
    cells: tuple[Cell, ...]

    @property
    def alarms_per_day(self) -> float:
        """Alarms a day without any change: false ones, and whatever really happened."""
        return self.alarms / self.days

    def cell(self, size: float, share: float | None = None) -> Cell | None:
        """Return the cell of one size and share."""
        return next((c for c in self.cells if c.size == size and c.share == share), None)


@dataclass(frozen=True, slots=True)
class NotEnough:
    """
    Why there is nothing to measure yet.

    windows     stored, of *needed*
    statements  that run most of the time
    """

    windows: int
    needed: int
    statements: int
