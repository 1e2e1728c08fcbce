"""How a watched server is in quiet times: what Evidence is compared with. One per server, read at start and hourly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pganomaly.records.evidence import Plan, TableState

Counts = Mapping[str, float]
"""Cumulative counters of the server, by name."""


@dataclass(frozen=True, slots=True)
class IndexThen:
    """An index as it was; usual_per_s scans before that, None where only one reading is known."""

    name: str
    definition: str | None
    unique: bool
    valid: bool
    size_bytes: int
    scans: float
    usual_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class TableThen:
    """
    A table as it was.

    oid     another oid under the same name is another table
    counts  of pg_stat_all_tables; usual_per_s their rates before
    """

    oid: int
    state: TableState
    counts: Counts
    usual_per_s: Counts
    indexes: tuple[IndexThen, ...]


@dataclass(frozen=True, slots=True)
class DatabaseThen:
    """
    One database: its counters (pg_stat_database), their rates before, the tables of the heaviest statements by name.

    settings  of roles and of the database (ALTER ROLE, ALTER DATABASE), "scope/name" to value
    """

    at: datetime
    counts: Counts
    usual_per_s: Counts
    tables: Mapping[str, TableThen] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """
    The last quiet reading of one server.

    settings  name to value with unit, of the whole server; settings_loaded_at is when it last read them
    counts    checkpoints and write-ahead log, cumulative; usual_per_s their rates before
    plans     by statement, where plans are read
    """

    at: datetime
    postmaster_start: datetime | None = None
    timeline: int | None = None
    in_recovery: bool | None = None
    settings_loaded_at: datetime | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    usual_per_s: Counts = field(default_factory=dict)
    databases: Mapping[str, DatabaseThen] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
