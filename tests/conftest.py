"""
Real servers for the tests: started on demand, one of a kind per worker, gone at the end.

pg18        PostgreSQL 18 with its clients, from the wheel; listens on loopback, too
server_of   a function: server_of(16) is a running PostgreSQL 16
any_server  runs the test once per major, 13 to 18
database    a fresh database on pg18 with pg_stat_statements in it, dropped afterwards
"""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from pganomaly import pg
from pganomaly.pg.binaries import Binaries
from pganomaly.pg.embedded import Server, initialise
from tests.servers import fetch

ServerOf = Callable[[int], Server]

# A law holds or not: the same examples every time, on however slow a machine.
hypothesis.settings.register_profile("law", derandomize=True, deadline=None)
hypothesis.settings.load_profile("law")

_NUMBERS = count(1)


def _obey_signals_again() -> None:
    """
    Undo what `nohup` and `&` do to a process: with signals ignored, every child would ignore them too.

    Tests that end a child by a signal would wait for ever.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


_obey_signals_again()


def _let_children_compile_once() -> None:
    """
    Give children a place for their bytecode where the environment forbids to write it beside the sources.

    Without one each of a hundred children would compile the whole house, which takes longer than to import it.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode"))


_let_children_compile_once()


@pytest.fixture(scope="session")
def pg18() -> Iterator[Server]:
    with Server(listen=True) as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
        yield server


@pytest.fixture(scope="session")
def server_of() -> Iterator[ServerOf]:
    running: dict[int, Server] = {}

    def server(major: int) -> Server:
        if major not in running:
            running[major] = server_of_major(major).start()
            with pg.connect(running[major].conninfo()) as conn:
                conn.execute("CREATE EXTENSION pg_stat_statements")
        return running[major]

    yield server
    for each in running.values():
        each.close()


@pytest.fixture(scope="session", params=fetch.MAJORS)
def any_server(request: pytest.FixtureRequest, server_of: ServerOf) -> Server:
    return server_of(request.param)


@pytest.fixture
def database(pg18: Server) -> Iterator[pg.Conninfo]:
    name = f"test_{next(_NUMBERS)}"
    with pg.connect(pg18.conninfo()) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        conninfo = pg18.conninfo(name)
        with pg.connect(conninfo) as inside:
            inside.execute("CREATE EXTENSION pg_stat_statements")
        yield conninfo
        conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def server_of_major(major: int, **options: Any) -> Server:
    """Return a server of one major with settings of its own, not started: for tests that break or restart theirs."""
    if not fetch.is_complete():
        pytest.fail("the servers of six majors are not here: run `python tests/servers/fetch.py` (or `make setup`)")
    binaries = Binaries(fetch.installation(major))
    return Server(binaries, template=template_of(major, binaries), **options)


def template_of(major: int, binaries: Binaries) -> Path:
    """Return a data folder fresh from initdb, made once per account and kept for the next run."""
    template = fetch.SERVERS / "templates" / f"{os.geteuid()}-{major}"
    if not template.exists():
        template.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=template.parent) as scratch:
            initialise(binaries, Path(scratch) / "data")
            try:
                (Path(scratch) / "data").rename(template)
            except OSError:  # another worker was faster
                assert template.exists()
    return template
