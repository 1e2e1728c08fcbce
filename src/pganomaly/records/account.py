"""Why a statement misbehaves, as arithmetic, and who is to blame: the nouns that messages, tables and pages read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pganomaly.records.keys import Key


class Cause(StrEnum):
    """Why statements misbehave. The names are an interface: tables, exports and rules hold them."""

    MISSING_INDEX = "missing_index"
    PLAN_CHANGE = "plan_change"
    LOCK_WAIT = "lock_wait"
    COMMIT_WAIT = "commit_wait"
    COLD_CACHE = "cold_cache"
    MORE_IO = "more_io"
    TEMP_SPILL = "temp_spill"
    DATA_GROWTH = "data_growth"
    DATA_SKEW = "data_skew"
    BLOAT = "bloat"
    CALL_SURGE = "call_surge"
    N_PLUS_ONE = "n_plus_one"
    RETRY_STORM = "retry_storm"
    NEW_QUERY = "new_query"
    CALL_DROP = "call_drop"
    WAL_GROWTH = "wal_growth"
    HOST_SLOW = "host_slow"
    CPU_SATURATION = "cpu_saturation"
    SLOW_DRIFT = "slow_drift"
    SCHEDULE = "schedule"
    UNKNOWN = "unknown"


FactorName = Literal["time", "calls", "work", "pace"]
PartName = Literal["rows", "hits", "reads", "temp", "wal"]


@dataclass(frozen=True, slots=True)
class Factor:
    """
    One factor of a statement's time, or one part of its work; None is "cannot say".

    value      since the incident began, in *unit* (the value of a catalog.Unit)
    usual      the same as it usually is; low and high are what windows like these usually lie between
    factor     times the usual: 1 is as ever
    certainty  from 0 to 1, how sure it is that this is not as ever
    """

    name: FactorName | PartName
    unit: str
    value: float | None
    usual: float | None
    low: float | None = None
    high: float | None = None
    factor: float | None = None
    certainty: float | None = None


@dataclass(frozen=True, slots=True)
class Clue:
    """
    What speaks for a cause, or against it.

    name   which clue: explain has its sentence
    value  what was seen, in the clue's own terms; None where seeing it is all there is to say
    bits   by how many bits it speaks for the cause, against the average cause
    """

    name: str
    value: float | None = None
    bits: float = 0.0


@dataclass(frozen=True, slots=True)
class Likely:
    """A cause with its probability, and what speaks for it, strongest first."""

    cause: Cause
    probability: float
    why: tuple[Clue, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    What is known of one misbehaving statement, or of an incident by its lead.

    total          time per second of the server: the product of the factors
    factors        calls, work per call, time per work
    parts          of the work: rows, hits, reads, temp, wal
    db_time_share  of the server's time that it takes
    excess_share   of the server's time that it takes beyond the usual
    since          start of the first window that counts; windows is how many were seen since
    causes         strongest first; their probabilities sum to 1
    culprit        whose fault it is: it wants more than usual, or others wait for it. None: no statement's,
                   as when the whole host is slow
    victims        who suffers, dearest first
    """

    key: Key
    total: Factor
    factors: tuple[Factor, ...]
    parts: tuple[Factor, ...]
    db_time_share: float | None
    excess_share: float | None
    since: datetime
    windows: int
    causes: tuple[Likely, ...]
    culprit: Key | None
    victims: tuple[Key, ...] = ()

    def factor(self, name: FactorName | PartName) -> Factor | None:
        """Return the factor or part called *name*."""
        every: Iterable[Factor] = (self.total, *self.factors, *self.parts)
        return next((f for f in every if f.name == name), None)

    @property
    def likeliest(self) -> Likely:
        """The strongest cause; UNKNOWN where nothing was ruled in."""
        return self.causes[0] if self.causes else Likely(Cause.UNKNOWN, 1.0)
