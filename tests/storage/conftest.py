"""A store on a fresh database, with one instance and the lease on it."""

from collections.abc import Iterator

import pytest

from pganomaly import pg
from pganomaly.storage import Holder, Lease, Store
from tests.storage.keeper import Keeper


@pytest.fixture
def store(database: pg.Conninfo) -> Iterator[Store]:
    with Store(database) as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def shop(store: Store) -> int:
    return store.instance("shop", host="db1", port=5432, dbname="shop")


@pytest.fixture
def lease(store: Store, shop: int) -> Lease:
    return store.acquire(shop, Holder.this("the test"), ttl_s=60)


@pytest.fixture
def keeper(store: Store, lease: Lease) -> Keeper:
    return Keeper(store, lease)
