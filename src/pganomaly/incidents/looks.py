"""What one window says of one statement."""

from collections.abc import Callable, Iterator
from functools import partial
from math import isnan
from typing import NamedTuple, Self

from pganomaly.records import KINDS, IncidentKind, Key, KeyArray, Reason, Scores, locate


class Look(NamedTuple):
    """
    A column of Scores, for the few statements that are looked at one by one.

    shows     whether the window shows it, and it is not merely not over yet
    surprise  0 where it cannot be said: of a newcomer to a server of which nothing is known yet
    share     of the server's DB time that is in excess
    reasons   strongest first, made when they are asked for
    """

    key: Key
    alarm: bool
    still: bool
    shows: bool
    strength: float
    kind: IncidentKind
    surprise: float
    share: float
    demand: float
    steady: float
    reasons: Callable[[], tuple[Reason, ...]]

    @classmethod
    def at(cls, scores: Scores, column: int) -> Self:
        """Return what *scores* say of the statement in *column*."""
        dbid, userid, queryid, toplevel = scores.keys[column].item()
        surprise = float(scores.surprise[column])
        return cls(
            key=Key(dbid, userid, queryid, toplevel),
            alarm=bool(scores.alarm[column]),
            still=bool(scores.still[column]),
            shows=bool(scores.shows[column]),
            strength=float(scores.strength[column]),
            kind=KINDS[int(scores.family[column])],
            surprise=0.0 if isnan(surprise) else surprise,
            share=float(scores.excess_share[column]),
            demand=float(scores.demand[column]),
            steady=float(scores.steady[column]),
            reasons=partial(scores.reasons, column),
        )


def alarms(scores: Scores) -> Iterator[Look]:
    """Yield every statement of a window that is an alarm, those included that did not run."""
    for part in (scores, scores.silent):
        if part is not None:
            yield from (Look.at(part, int(column)) for column in part.alarm.nonzero()[0])


def looks_at(keys: KeyArray, scores: Scores) -> list[Look | None]:
    """Return what a window says of each of *keys*, None where nothing is left to say."""
    looks: list[Look | None] = [None] * len(keys)
    for part in (scores, scores.silent):
        if part is not None:
            for n, column in enumerate(locate(keys, part.keys)):
                looks[n] = Look.at(part, int(column)) if column >= 0 else looks[n]
    return looks
