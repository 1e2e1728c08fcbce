"""
Whether a statement that is called more often follows another one, window by window.

in    a window's scores, the members of an incident, what earlier windows of it showed
out   a Trail: of one statement and of those that it may follow, how their calls move, and move together
not   no opinion on causes

A page that asks for every row by itself calls the same statement many times for each call of another one: the more
pages are asked for in a window, the more calls, and their ratio stays. Whoever scrapes comes when he likes. One that
rises as much as the statement itself (the rest of a scraped page) says nothing, only one that hardly rises does.
"""

from collections.abc import Iterable
from math import nan
from typing import NamedTuple

import numpy as np

from pganomaly.explain.sums import CALLS, ROWS
from pganomaly.records import Key, Matrix, Scores, keys_of, locate
from pganomaly.records.grid import F8

RISEN = 2.0
"""How many times the expected calls make a statement one that is called more often."""
EACH = 3.0
"""Calls beyond the usual that it must have for each such call of the one that it follows."""
AS_MANY = 1.4
"""Times as many calls beyond the usual, or as few, up to which two statements belong to one page."""
LEAST = 3.0
"""Calls of the first window, or rows of them, from which on a statement may be followed."""
MOST = 24
"""Statements that it may follow, the most called first."""
WINDOWS = 5
"""Windows in which they must have moved together."""
BY_CHANCE = 8.0
"""What the best of many is held back by, over the number of windows: with few windows some statement always fits."""


class Beside(NamedTuple):
    """
    How the calls of a statement, or the *rows* of them, moved beside those of the one that may follow it.

    beyond  its calls beyond the usual so far
    mean, squares  of the logarithm of a window;  together  sum of the products of both deviations
    """

    key: Key
    rows: bool
    beyond: float = 0.0
    mean: float = 0.0
    squares: float = 0.0
    together: float = 0.0


class Trail(NamedTuple):
    """Whose calls rose most, over how many windows it was watched, how they moved, and those that it may follow."""

    key: Key
    windows: int = 0
    beyond: float = 0.0
    mean: float = 0.0
    squares: float = 0.0
    beside: tuple[Beside, ...] = ()

    @property
    def follows(self) -> float:
        """How closely it follows one of them: 1 to the call, 0 not at all; NaN before that can be told."""
        led = [b for b in self.beside if b.beyond * EACH <= self.beyond and self.squares + b.squares > 0]
        if self.windows < WINDOWS or not led:
            return nan
        best = max(2.0 * b.together / (self.squares + b.squares) for b in led)
        return max(1.0 - (1.0 - best) * (1.0 + BY_CHANCE / (self.windows - 1)), 0.0)

    @property
    def company(self) -> int:
        """How many, itself among them, have about as many calls beyond the usual, as on one page."""
        least, most = self.beyond / AS_MANY, self.beyond * AS_MANY
        return 1 + sum(least <= b.beyond <= most for b in self.beside if not b.rows)


class _Calls(NamedTuple):
    """The calls of a window and what they are beyond the usual, NaN without history."""

    scores: Scores
    calls: F8
    beyond: F8

    @classmethod
    def of(cls, scores: Scores) -> "_Calls":
        calls = scores.window.deltas["calls"].astype(np.float64)
        return cls(scores, calls, calls - scores.usual[scores.channels.index(CALLS)] * scores.window.length_s)

    def risen(self, members: Iterable[Key]) -> int:
        """Return the column of the member with most calls beyond the usual, -1 where none is called much more often."""
        columns = locate(keys_of(members), self.scores.keys)
        least = (RISEN - 1.0) * (self.calls - self.beyond) + LEAST
        risen = [int(c) for c in columns if c >= 0 and self.beyond[c] >= least[c]]
        return max(risen, key=lambda c: float(self.beyond[c]), default=-1)

    def led(self, matrix: Matrix, column: int) -> tuple[Beside, ...]:
        """Return what the statement in *column* may follow: others of its role, by their calls and by their rows."""
        keys, window = self.scores.keys, self.scores.window
        fit = (keys["dbid"] == keys["dbid"][column]) & (keys["userid"] == keys["userid"][column])
        fit &= window.keys["toplevel"] & ~matrix.system & (self.calls >= LEAST)
        fit[column] = False
        found = np.flatnonzero(fit)
        most = [Key(*keys[c].item()) for c in found[np.argsort(-self.calls[found], kind="stable")][:MOST]]
        return tuple(Beside(key, rows) for key in most for rows in (False, True))


def after(trail: Trail | None, scores: Scores, matrix: Matrix, members: Iterable[Key]) -> Trail | None:
    """Return the trail with one more window; None as long as no member is called much more often."""
    if not {CALLS, ROWS} <= set(scores.channels):
        return trail
    now = _Calls.of(scores)
    column = now.risen([trail.key] if trail is not None else members)
    if column < 0:
        return trail
    if trail is None:
        trail = Trail(Key(*scores.keys[column].item()), beside=now.led(matrix, column))
    n = trail.windows + 1
    level = float(np.log1p(now.calls[column]))
    moved, mean = level - trail.mean, trail.mean + (level - trail.mean) / n
    rows = scores.window.deltas["rows"].astype(np.float64)
    places = locate(keys_of(b.key for b in trail.beside), scores.keys)
    beside = []
    for b, place in zip(trail.beside, places.tolist(), strict=True):
        other = float(np.log1p((rows if b.rows else now.calls)[place])) if place >= 0 else 0.0
        middle = b.mean + (other - b.mean) / n
        beyond = float(np.nan_to_num(now.beyond[place], nan=now.calls[place])) if place >= 0 else 0.0
        beside.append(
            Beside(
                b.key,
                b.rows,
                b.beyond + beyond,
                middle,
                b.squares + (other - b.mean) * (other - middle),
                b.together + moved * (other - middle),
            )
        )
    return Trail(
        trail.key,
        n,
        trail.beyond + float(now.beyond[column]),
        mean,
        trail.squares + moved * (level - mean),
        tuple(beside),
    )
