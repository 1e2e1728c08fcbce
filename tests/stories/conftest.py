"""A shop on a fresh database of PostgreSQL 18, gone afterwards."""

from collections.abc import Iterator

import pytest

from pganomaly import log, pg
from tests.notify.receiver import Receiver, listening
from tests.stories.town import Shop


@pytest.fixture
def shop(database: pg.Conninfo) -> Iterator[Shop]:
    opened = Shop.opened(database)
    yield opened
    with pg.connect(database) as conn:
        conn.execute(f"DROP OWNED BY {opened.role} CASCADE")
        conn.execute(f"DROP ROLE {opened.role}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as running:
        yield running


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch) -> None:
    """No .env and no variable of this machine has a part in a story."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "DB_HOST",
        "DB_PORT",
        "DB_NAME",
        "DB_USERNAME",
        "DB_PASSWORD",
        "STORE_URL",
        "TARGETS",
        "LANG",
        "APP_LANG",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="session")
def plain_log() -> None:
    """Events as users see them."""
    log.setup()
