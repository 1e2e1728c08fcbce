"""A watched server, as the tests of this room see it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from pganomaly import pg
from pganomaly.collect import KnownTexts, Limits, Session, Target
from pganomaly.pg import Conninfo
from pganomaly.records import Reading, Snapshot

Watch = Callable[..., "Watched"]

_SECONDS = count(1)


class Watched:
    """A session and its memory of texts, read as often as a test likes; later_s pretends that time has passed."""

    def __init__(self, conninfo: Conninfo, limits: Limits | None = None) -> None:
        self.conninfo = conninfo
        self.session = Session(Target("test", conninfo), limits=limits)
        self.known = KnownTexts()
        self.later_s = 0.0

    def read(self) -> Reading:
        return self.session.read(self.known, 60.0, time.monotonic() + self.later_s)

    def execute(self, *statements: str, user: str | None = None) -> None:
        """Run statements as somebody else than the session that watches."""
        conninfo = self.conninfo if user is None else as_user(self.conninfo, user)
        with pg.connect(conninfo, application_name="shop") as conn:
            for statement in statements:
                conn.execute(statement)


def as_user(conninfo: Conninfo, user: str) -> Conninfo:
    return Conninfo(host=conninfo.host, port=conninfo.port, dbname=conninfo.dbname, user=user)


@pytest.fixture
def watch() -> Iterator[Watch]:
    opened: list[Watched] = []

    def start(conninfo: Conninfo, limits: Limits | None = None) -> Watched:
        opened.append(Watched(conninfo, limits))
        return opened[-1]

    yield start
    for each in opened:
        each.session.close()


@pytest.fixture
def watched(database: Conninfo, watch: Watch) -> Watched:
    """A fresh database on PostgreSQL 18, watched."""
    return watch(database)


@contextmanager
def role(conninfo: Conninfo, *grants: str) -> Iterator[str]:
    """A role of its own, dropped afterwards; grants are statements with {role} in them."""
    name = f"guest_{next(_SECONDS)}"
    with pg.connect(conninfo) as conn:
        conn.execute(f"CREATE ROLE {name} LOGIN")
        for grant in grants:
            conn.execute(grant.format(role=name))
        yield name
        conn.execute(f"DROP OWNED BY {name}")
        conn.execute(f"DROP ROLE {name}")


def texts_of(reading: Reading) -> dict[str, int]:
    """How often each text that was read was called by then."""
    calls = {
        tuple(key): n for key, n in zip(reading.snapshot.keys.tolist(), reading.snapshot.counters["calls"], strict=True)
    }
    return {text.text: int(calls[text.key]) for text in reading.texts if text.text is not None}


def calls_of(snapshot: Snapshot, dbid: int) -> float:
    return float(snapshot.counters["calls"][snapshot.keys["dbid"] == dbid].sum())
