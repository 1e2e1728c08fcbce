"""
Who may write about an instance: one process at a time, whatever happens to the others.

in    a connection, an instance, a Holder
out   a Lease with its fence; errors.LeaseHeld names who has it, errors.LeaseLost stops who had it
not   no session lock: behind a pooler that would belong to somebody else

Time is the store's, so that two machines with different clocks agree. A tick locks the row and compares the fence in
its own transaction: who lost the lease writes nothing, even if it wakes up hours later.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pganomaly import errors, pg
from pganomaly.storage.process import alive, here
from pganomaly.storage.statements import fetch, load

_SQL = load("lease")
_NOBODY = 0


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
    present = _holder(conn, instance_id)
    taken = conn.execute(
        _SQL["acquire"],
        {
            "instance_id": instance_id,
            "holder": holder.name,
            "host": holder.host,
            "pid": holder.pid,
            "started": holder.started,
            "ttl_s": ttl_s,
            "seen": present.fence if present is not None and _dead(present) else _NOBODY,
        },
    ).fetchone()
    if taken is not None:
        return Lease(instance_id, taken[0], holder, ttl_s)
    held = _holder(conn, instance_id)
    if held is None:
        raise errors.LeaseLost(instance=instance_id)
    raise errors.LeaseHeld(
        instance=held.name,
        holder=held.holder,
        pid=held.pid,
        host=held.host,
        since=held.acquired_at,
        expires=held.expires_at,
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


def _holder(conn: pg.Connection, instance_id: int) -> Any:
    return next(iter(fetch(conn, _SQL["holder"], {"instance_id": instance_id})), None)


def held_by(conn: pg.Connection, instance_id: int) -> Holder | None:
    """Return who may write about an instance now, by the store's clock; None where nobody may."""
    row = next(iter(fetch(conn, _SQL["holder"], {"instance_id": instance_id})), None)
    return None if row is None or row.over else Holder(row.holder, row.host, row.pid, row.holder_started)


def _dead(present: Any) -> bool:
    """Return whether we know that the holder is gone: it ran on this host, and does not any more."""
    host, _, _ = here()
    return present.host == host and not alive(present.pid, present.holder_started)
