"""
Who may write about an instance: one process at a time, whatever happens to the others.

in    a connection, an instance, a Holder
out   a Lease with its fence; errors.LeaseHeld names who has it, errors.LeaseLost stops who had it
not   no session lock: behind a pooler that would belong to somebody else

Time is the store's, so that two machines with different clocks agree. A tick locks the row and compares the fence in
its own transaction: who lost the lease writes nothing, even if it wakes up hours later.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import namedtuple_row

from pganomaly import errors, pg
from pganomaly.storage.process import alive, here
from pganomaly.storage.statements import load

_SQL = load("lease")
_NOBODY = 0
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that collects. *name* is what people read when it keeps another from working."""

    name: str
    host: str
    pid: int
    started: datetime

    @classmethod
    def this(cls, name: str) -> "Holder":
        """Return this process."""
        host, pid, started = here()
        return cls(name, host, pid, started)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write about one instance, until somebody else's fence is higher."""

    instance_id: int
    fence: int
    holder: Holder
    ttl_s: float


def acquire(conn: pg.Connection, instance_id: int, holder: Holder, ttl_s: float) -> Lease:
    """Return the lease, or raise errors.LeaseHeld. A holder that died on this host is replaced at once."""
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        present = cursor.execute(_SQL["holder"], {"instance_id": instance_id}).fetchone()
        free = present is not None and _dead(Holder(present.holder, present.host, present.pid, present.holder_started))
        given = {
            "instance_id": instance_id,
            "holder": holder.name,
            "host": holder.host,
            "pid": holder.pid,
            "started": holder.started,
            "ttl_s": ttl_s,
            "seen": present.fence if present is not None and free else _NOBODY,
        }
        taken = cursor.execute(_SQL["acquire"], given).fetchone()
        if taken is not None:
            return Lease(instance_id, taken.fence, holder, ttl_s)
        held = cursor.execute(_SQL["holder"], {"instance_id": instance_id}).fetchone()
    if held is None:
        raise errors.LeaseLost(instance=instance_id)
    raise errors.LeaseHeld(
        instance=held.name,
        holder=held.holder,
        pid=held.pid,
        host=held.host,
        since=held.acquired_at.astimezone(UTC),
        expires=min(held.expires_at, _FAR).astimezone(UTC),
    )


def hold(conn: pg.Connection, lease: Lease) -> None:
    """Lock the lease for the rest of the transaction and extend it; errors.LeaseLost where it is somebody else's."""
    row = conn.execute(_SQL["hold"], {"instance_id": lease.instance_id}).fetchone()
    if row is None or row[0] != lease.fence:
        raise errors.LeaseLost(instance=lease.instance_id)
    renew(conn, lease)


def renew(conn: pg.Connection, lease: Lease) -> None:
    """Give the lease its whole time again; errors.LeaseLost where it is somebody else's."""
    given = {"instance_id": lease.instance_id, "fence": lease.fence, "ttl_s": lease.ttl_s}
    if conn.execute(_SQL["extend"], given).rowcount != 1:
        raise errors.LeaseLost(instance=lease.instance_id)


def release(conn: pg.Connection, lease: Lease) -> None:
    """Free the lease for the next one. Freeing what is already somebody else's does nothing."""
    conn.execute(_SQL["release"], {"instance_id": lease.instance_id, "fence": lease.fence})


def _dead(holder: Holder) -> bool:
    """Return whether we know that this process is gone: it ran on this host, and does not any more."""
    host, _, _ = here()
    return holder.host == host and not alive(holder.pid, holder.started)
