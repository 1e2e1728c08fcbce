"""What there is to say about the servers in a store, for whoever asks from outside."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pganomaly.selftest import SelfTest
from pganomaly.storage import Instance, Retention, Store

_RECENT = 20


@dataclass(frozen=True, slots=True)
class Status:
    """
    One watched server.

    age_s       seconds since its last snapshot, None before the first
    statements  that ran in the last window
    holder      who collects now
    self_test   the last one, and when it was (self_tested_at)
    """

    name: str
    instance_id: int
    last_window_end: datetime | None
    age_s: float | None
    statements: int | None
    quality: str | None
    incidents_open: int
    streak: int
    model: str | None
    holder: str | None
    self_test: SelfTest | None = None
    self_tested_at: datetime | None = None


def servers(store: Store, now: datetime) -> tuple[Status, ...]:
    """Return every server that the store knows, in the order in which they came."""
    return tuple(_status(store, instance, now) for instance in store.instances())


def _status(store: Store, instance: Instance, now: datetime) -> Status:
    number = instance.instance_id
    newest = next(iter(store.newest_snapshots(number)), None)
    state, model, holder = store.state(number), store.active_model(number), store.held_by(number)
    tested = next(iter(store.selftests(number)), None)
    return Status(
        name=instance.name,
        instance_id=number,
        last_window_end=newest.snapshot_ts if newest else None,
        age_s=(now - newest.snapshot_ts).total_seconds() if newest else None,
        statements=newest.statements if newest else None,
        quality=newest.quality.value if newest and newest.quality else None,
        incidents_open=len(store.open_incidents(number)),
        streak=state.streak if state else 0,
        model=model.model_version if model else None,
        holder=f"{holder.name} ({holder.host}, {holder.pid})" if holder else None,
        self_test=tested.result if tested else None,
        self_tested_at=tested.tested_at if tested else None,
    )


def statements_per_window(store: Store) -> float:
    """Return how many statements run in a window, all servers together."""
    total = 0.0
    for instance in store.instances():
        ran = [h.statements for h in store.newest_snapshots(instance.instance_id, _RECENT) if h.statements is not None]
        total += sum(ran) / len(ran) if ran else 0.0
    return total


def shorter(retention: Retention, keep: timedelta) -> Retention:
    """Return *retention* with snapshots, deltas and features kept for *keep* at most."""
    return replace(
        retention,
        raw=min(retention.raw, keep),
        deltas=min(retention.deltas, keep),
        features=min(retention.features, keep),
    )
