"""What one window says of one statement."""

from collections.abc import Callable, Iterator
from functools import partial
from math import isnan
from typing import NamedTuple, Self

from pganomaly.incidents.rules import AlertSettings
from pganomaly.records import KINDS, IncidentKind, Key, KeyArray, Reason, Scores, locate


class Look(NamedTuple):
    """
    A column of Scores, for the few statements that are looked at one by one.

    surprise         0 where it cannot be said: of a newcomer to a server of which nothing is known yet
    share, ms_per_s  the excess, of the server's DB time and in ms per second
    reasons          strongest first, made when they are asked for
    """

    key: Key
    odd: bool
    calm: bool
    newcomer: bool
    kind: IncidentKind
    surprise: float
    share: float
    ms_per_s: float
    steady: float
    reasons: Callable[[], tuple[Reason, ...]]

    @classmethod
    def at(cls, scores: Scores, column: int) -> Self:
        """Return what *scores* say of the statement in *column*."""
        dbid, userid, queryid, toplevel = scores.keys[column].item()
        surprise = float(scores.surprise[column])
        return cls(
            key=Key(dbid, userid, queryid, toplevel),
            odd=bool(scores.odd[column]),
            calm=bool(scores.calm[column]),
            newcomer=bool(scores.newcomer[column]),
            kind=KINDS[int(scores.kind[column])],
            surprise=0.0 if isnan(surprise) else surprise,
            share=float(scores.excess_share[column]),
            ms_per_s=float(scores.excess_ms[column]) / scores.window.length_s,
            steady=float(scores.steady[column]),
            reasons=partial(scores.reasons, column),
        )

    def matters(self, rules: AlertSettings) -> bool:
        """Return whether what is in excess is worth a message."""
        return self.share >= rules.min_share and self.ms_per_s >= rules.min_ms_per_s


def odd_ones(scores: Scores) -> Iterator[Look]:
    """Yield every odd statement of a window, those included that did not run."""
    for part in (scores, scores.silent):
        if part is not None:
            yield from (Look.at(part, int(column)) for column in part.odd.nonzero()[0])


def looks_at(keys: KeyArray, scores: Scores) -> list[Look | None]:
    """Return what a window says of each of *keys*, None where a statement neither ran nor was missed."""
    looks: list[Look | None] = [None] * len(keys)
    for part in (scores, scores.silent):
        if part is not None:
            for n, column in enumerate(locate(keys, part.keys)):
                looks[n] = Look.at(part, int(column)) if column >= 0 else looks[n]
    return looks
