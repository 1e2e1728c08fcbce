"""A store's life in short, for servers of every age: collect, close windows, judge, keep up."""

from datetime import timedelta

from pganomaly.records import Block, Message
from pganomaly.storage import Holder, Retention, Store
from tests.builders import at, key, snapshot
from tests.storage.keeper import Keeper


def a_day_in_the_life(store: Store) -> None:
    shop = store.instance("shop")
    keeper = Keeper(store, store.acquire(shop, Holder.this("the test"), ttl_s=60))
    for minute in range(62):
        entry = {"calls": 10 * minute + 1, "total_exec_time": 5.5 * minute, "rows": minute}
        keeper.tick(snapshot(60 * minute, {key(1): entry, key(2): {"calls": 1}}))
    with store.tick(keeper.lease) as work:
        work.outbox([Message("m1", "incident.opened", "i1", (Block("headline", "news"),))], ["telegram"], at=at(0))
        assert work.state(at(61 * 60), 0)
    assert [len(w) for w in store.pending_detection(shop)] == []
    assert sum(len(w) for w in store.windows(shop, None)) == 61
    latest = store.latest(shop)
    assert latest is not None
    assert len(latest.newest) == 2
    done = store.upkeep(at(62 * 60), Retention())
    assert done.hours == 1
    later = store.upkeep(at(62 * 60) + timedelta(days=30), Retention())
    assert any(name.startswith("pgss_deltas_") for name in later.dropped)
    assert store.pending_outbox(["telegram"])[0].message.headline == "news"
