"""
What was done to the shop, and what people were told of it: the show's honest account of the judge.

in    faults as they are injected, news as it is told
out   for each fault whether and when it was found, on which statement; and what was told besides
not   no opinion: news counts for a fault when it names one of the statements that the fault hits, after it was injected
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class News:
    """
    An incident that people were told of.

    fingerprint  of the statement it names, None where its text is not known
    what         the whole news in one line
    """

    told_at: datetime
    fingerprint: str | None
    query: str
    what: str


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One fault that was injected, and what was told of it.

    hits       fingerprints of the statements that it must show in
    also_told  news of other statements, from its injection to the next one's (of the first: from the very beginning)
    """

    name: str
    hits: tuple[str, ...]
    injected_at: datetime
    found_at: datetime | None = None
    query: str | None = None
    what: str | None = None
    also_told: tuple[News, ...] = ()

    @property
    def found(self) -> bool:
        """Whether it was told on the right statement, after it was injected."""
        return self.found_at is not None

    def answers(self, news: News) -> bool:
        """Return whether *news* is of this fault."""
        return news.fingerprint in self.hits and news.told_at > self.injected_at


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it so far. early is the news told before anything was injected."""

    faults: tuple[Fault, ...] = ()
    early: tuple[News, ...] = ()

    def injected(self, name: str, hits: Sequence[str], at: datetime) -> "Ledger":
        """Return the ledger with one more fault."""
        return Ledger((*self.faults, Fault(name, tuple(hits), at, also_told=self.early)))

    def told(self, news: News) -> "Ledger":
        """Return the ledger with *news* entered where it belongs; what is told again of a fault changes nothing."""
        if not self.faults:
            return replace(self, early=(*self.early, news))
        of = next((fault for fault in self.faults if fault.answers(news)), None)
        if of is None:
            latest = self.faults[-1]
            return self._with(latest, replace(latest, also_told=(*latest.also_told, news)))
        if of.found:
            return self
        return self._with(of, replace(of, found_at=news.told_at, query=news.query, what=news.what))

    def _with(self, old: Fault, new: Fault) -> "Ledger":
        return replace(self, faults=tuple(new if fault is old else fault for fault in self.faults))

    @property
    def others(self) -> int:
        """How many incidents were told on statements that nothing was done to."""
        return len(self.early) + sum(len(fault.also_told) for fault in self.faults)

    def facts(self) -> list[dict[str, Any]]:
        """Return every fault for machines."""
        return [
            {
                "fault": fault.name,
                "found": fault.found,
                "injected_at": fault.injected_at.isoformat(),
                "found_at": fault.found_at.isoformat() if fault.found_at else None,
                "query": fault.query,
                "what": fault.what,
                "also_told": [asdict(news) | {"told_at": news.told_at.isoformat()} for news in fault.also_told],
            }
            for fault in self.faults
        ]
