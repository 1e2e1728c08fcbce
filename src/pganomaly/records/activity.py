"""One client session as pg_stat_activity showed it between two snapshots."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """
    A session that was not idle at *sampled_at* (the watched server's clock).

    query_id     None before PostgreSQL 14, where compute_query_id is off, and while a statement is still being analysed
    fingerprint  of the text of who waits for a lock and has no query_id
    ages         in seconds
    """

    sampled_at: datetime
    pid: int
    dbid: int | None
    userid: int | None
    query_id: int | None
    state: str | None
    wait_event_type: str | None
    wait_event: str | None
    query_age_s: float | None
    transaction_age_s: float | None
    blocked_by: tuple[int, ...] = ()
    fingerprint: str | None = None
