"""A server of the demo's own: its shop brings roles and thousands of statements that other tests should not meet."""

from collections.abc import Iterator

import pytest

from pganomaly import pg
from pganomaly.demo.shop import Shop
from pganomaly.pg import embedded


@pytest.fixture(scope="session")
def server() -> Iterator[pg.Conninfo]:
    with embedded.Server() as running:
        with pg.connect(running.conninfo()) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
        yield running.conninfo()


@pytest.fixture(scope="session")
def shop(server: pg.Conninfo) -> Iterator[Shop]:
    built = Shop(server).build()
    yield built
    built.close()


@pytest.fixture
def owner(shop: Shop) -> Iterator[pg.Connection]:
    with pg.connect(shop.conninfo) as conn:
        yield conn
