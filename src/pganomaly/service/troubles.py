"""
Our own trouble, told like anybody else's: once when it begins, once when it is over.

A trouble has to last before it is told, so that one lost packet is not news.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from pganomaly.messages.trouble import Trouble as TroubleKind


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: since when, what was met last, and whether people know."""

    kind: TroubleKind
    since: datetime
    reason: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """A trouble that people should hear of: that it began, or (where *over*) that it has ended."""

    trouble: Trouble
    over: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Troubles:
    """What is wrong with one watched server and its store, and how long each must last before it is told."""

    patience_s: dict[TroubleKind, float]
    open: dict[TroubleKind, Trouble] = field(default_factory=dict)

    def seen(self, kind: TroubleKind, reason: str, at: datetime) -> "Troubles":
        """Return the troubles with *kind* going on, since now where it was not."""
        known = self.open.get(kind)
        trouble = replace(known, reason=reason) if known else Trouble(kind, at, reason)
        return replace(self, open={**self.open, kind: trouble})

    def over(self, kind: TroubleKind, at: datetime) -> "tuple[Troubles, News | None]":
        """Return the troubles without *kind*, and the news of its end where its beginning was told."""
        trouble = self.open.get(kind)
        if trouble is None:
            return self, None
        left = replace(self, open={k: t for k, t in self.open.items() if k is not kind})
        return left, News(trouble, over=True, at=at) if trouble.told else None

    def due(self, at: datetime) -> "tuple[Troubles, tuple[News, ...]]":
        """Return what has lasted long enough to be told now, marked as told."""
        news = tuple(News(replace(t, told=True), over=False, at=at) for t in self._ripe(at))
        told = {n.trouble.kind: n.trouble for n in news}
        return replace(self, open={**self.open, **told}), news

    def _ripe(self, at: datetime) -> Iterator[Trouble]:
        for trouble in self.open.values():
            if not trouble.told and (at - trouble.since).total_seconds() >= self.patience_s.get(trouble.kind, 0.0):
                yield trouble
