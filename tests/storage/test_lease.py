"""One process writes about an instance at a time, and who lost the right writes nothing."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pganomaly import errors, pg
from pganomaly.storage import Holder, Lease, Store, process
from tests.builders import key, snapshot
from tests.storage.keeper import Keeper

ELSEWHERE = Holder("another machine", "db-host-2", 4711, datetime(2026, 11, 21, tzinfo=UTC))


def rows(store: Store, table: str) -> int:
    with pg.connect(store.conninfo) as conn:
        row = conn.execute(f"SELECT count(*) FROM monitoring.{table}".encode()).fetchone()
    return int(row[0]) if row else -1


def expire(store: Store) -> None:
    with pg.connect(store.conninfo) as conn:
        conn.execute("UPDATE monitoring.leases SET expires_at = now() - interval '1 second'")


def test_the_second_is_told_who_has_it(store: Store, shop: int) -> None:
    store.acquire(shop, ELSEWHERE, ttl_s=60)
    with pytest.raises(errors.LeaseHeld) as held:
        store.acquire(shop, Holder.this("me"), ttl_s=60)
    assert "shop is already watched by another machine (process 4711 on db-host-2)" in str(held.value)
    assert held.value.exit_code == 4


def test_time_is_the_stores(store: Store, shop: int) -> None:
    first = store.acquire(shop, ELSEWHERE, ttl_s=60)
    expire(store)
    second = store.acquire(shop, Holder.this("me"), ttl_s=60)
    assert second.fence == first.fence + 1
    with pytest.raises(errors.LeaseLost):
        store.renew(first)


def test_a_released_lease_is_free_at_once_and_its_fence_never_returns(store: Store, shop: int) -> None:
    first = store.acquire(shop, ELSEWHERE, ttl_s=60)
    store.release(first)
    second = store.acquire(shop, Holder.this("me"), ttl_s=60)
    store.release(first)  # too late: it is somebody else's
    assert second.fence > first.fence
    store.renew(second)


def test_a_holder_that_died_on_this_host_is_replaced_at_once(store: Store, shop: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    began = process.started(child.pid) or datetime.now(UTC)
    dead = replace(Holder.this("a child"), pid=child.pid, started=began)
    store.acquire(shop, dead, ttl_s=3600)
    with pytest.raises(errors.LeaseHeld):
        store.acquire(shop, Holder.this("me"), ttl_s=60)

    child.communicate(b"")
    store.acquire(shop, Holder.this("me"), ttl_s=60)


def test_a_number_that_another_process_got_later_does_not_keep_a_lease(store: Store, shop: int) -> None:
    """Containers give every first process the number 1."""
    me = Holder.this("me")
    store.acquire(shop, replace(me, started=me.started - timedelta(hours=1)), ttl_s=3600)
    store.acquire(shop, me, ttl_s=60)
    assert me.pid == os.getpid()


def test_of_many_that_want_it_at_once_one_gets_it(store: Store, shop: int) -> None:
    got: list[Lease] = []
    refused: list[errors.LeaseHeld] = []
    ready = threading.Barrier(4)

    def want(number: int) -> None:
        ready.wait()
        try:
            got.append(store.acquire(shop, replace(ELSEWHERE, pid=number), ttl_s=60))
        except errors.LeaseHeld as error:
            refused.append(error)

    threads = [threading.Thread(target=want, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(refused)) == (1, 3)


def test_who_lost_the_lease_writes_nothing(store: Store, shop: int) -> None:
    sleeper = Keeper(store, store.acquire(shop, ELSEWHERE, ttl_s=60))
    sleeper.tick(snapshot(0, {key(1): {"calls": 1}}))
    expire(store)
    store.acquire(shop, Holder.this("me"), ttl_s=60)

    with pytest.raises(errors.LeaseLost):
        sleeper.tick(snapshot(60, {key(1): {"calls": 2}}))
    assert (rows(store, "snapshots"), rows(store, "pgss_snapshots_raw")) == (1, 1)


def test_nobody_takes_the_lease_in_the_middle_of_a_tick(store: Store, shop: int) -> None:
    """Even one that has run out: the tick extends it, and the other one waits for its end to see that."""
    lease = store.acquire(shop, ELSEWHERE, ttl_s=60)
    expire(store)
    outcome: list[BaseException | Lease] = []

    def take() -> None:
        try:
            outcome.append(store.acquire(shop, Holder.this("me"), ttl_s=60))
        except errors.StoreError as error:
            outcome.append(error)

    other = threading.Thread(target=take)
    with store.tick(lease) as work:
        other.start()
        taken = snapshot(0, {key(1): {"calls": 1}})
        work.snapshot(taken, newest=None, moved=taken.counters["calls"] > 0)
    other.join()
    assert isinstance(outcome[0], errors.LeaseHeld)
    assert rows(store, "snapshots") == 1


def test_a_tick_that_fails_leaves_nothing(store: Store, keeper: Keeper) -> None:
    taken = snapshot(0, {key(1): {"calls": 1}})

    def doomed() -> None:
        with store.tick(keeper.lease) as work:
            work.snapshot(taken, newest=None, moved=taken.counters["calls"] > 0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        doomed()
    assert rows(store, "snapshots") == rows(store, "pgss_snapshots_raw") == 0
    keeper.tick(taken)
    assert rows(store, "snapshots") == rows(store, "pgss_snapshots_raw") == 1
