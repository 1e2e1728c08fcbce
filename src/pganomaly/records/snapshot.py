"""What was read from a server at one moment."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.activity import Activity
from pganomaly.records.grid import Counters
from pganomaly.records.keys import Key, KeyArray
from pganomaly.records.outsiders import Outsiders

UNKNOWN_US = np.iinfo(np.int64).min
"""Stands in arrays of microseconds where the server does not say."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """
    The life of a server's counters: while it does not change, counters only grow.

    None means that this server or this role cannot tell.
    """

    system_identifier: int | None = None
    timeline: int | None = None
    in_recovery: bool | None = None
    postmaster_start: datetime | None = None
    stats_reset: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """
    The cumulative counters of every visible statement at one moment.

    taken_at        the watched server's clock, read once per snapshot; moved forward where that clock went back
    monotonic_s     our own steady clock at the same moment; NaN for a snapshot that comes out of a store
    epoch           which life of the counters this is
    keys            one per statement
    counters        one column per statement; a row is NaN where this server has no such counter
    stats_since_us  when each entry began, microseconds since 1970; UNKNOWN_US where not said (extension before 1.11)
    entries_max     pg_stat_statements.max, None where it may not be read
    dealloc         how often the server has thrown out entries since stats_reset, None before extension 1.9
    hidden          entries whose queryid the role may not see; they are in no other field
    interval_s      the interval in force when it was taken
    server_clock    the clock as it was read, where taken_at had to be moved; None where both are the same
    """

    taken_at: datetime
    monotonic_s: float
    epoch: Epoch
    keys: KeyArray
    counters: Counters
    stats_since_us: NDArray[np.int64]
    entries_max: int | None = None
    dealloc: int | None = None
    hidden: int = 0
    interval_s: float = 60.0
    server_clock: datetime | None = None

    def __len__(self) -> int:
        """Return the number of statements."""
        return len(self.keys)

    @property
    def clock(self) -> datetime:
        """The watched server's clock as it was read."""
        return self.server_clock or self.taken_at


class TextState(StrEnum):
    """What is known of a statement's text."""

    READ = "read"
    HIDDEN = "hidden"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Text:
    """
    The text of one statement as the server holds it: unredacted, so it never leaves memory.

    text is None unless state is READ; cut says that it was longer than what was read.
    """

    key: Key
    state: TextState
    text: str | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """
    Everything one tick reads: the snapshot, the texts never seen before, the activity sampled since the last tick.

    databases, roles  names by oid, as far as the server tells
    outsiders         our own role where only we use it, and the platform's roles and databases
    major             of the server's version, None where it is not known
    extension_schema  where pg_stat_statements lies, quoted, None where that is not known
    """

    snapshot: Snapshot
    texts: tuple[Text, ...] = ()
    activity: tuple[Activity, ...] = ()
    databases: dict[int, str] = field(default_factory=dict)
    roles: dict[int, str] = field(default_factory=dict)
    outsiders: Outsiders = field(default_factory=Outsiders)
    major: int | None = None
    extension_schema: str | None = None
