"""
A server with a parcel service on it, to which faults are done.

in    a server of any major, not started
out   a lively database, and a way in for whoever does the faults
not   no knowledge of who watches
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pganomaly import collect, pg
from pganomaly.pg.conninfo import Secret
from pganomaly.pg.embedded import Server
from tests.faults.parcels import FLOWS, ROLES, Crowd, Flow

DATABASE = "parcels"
GUEST = "pganomaly"
SETTINGS = {"shared_buffers": "32MB", "max_wal_size": "2GB", "autovacuum_naptime": "10min", "jit": False}
"""Buffers that the service's own tables just fit into; nothing that happens by the clock within a few minutes."""

_UNSEEN = (("options", Secret("-c pg_stat_statements.track=none")),)


class Place:
    """A running server with people at work. *admin* is counted like everybody else; *unseen* in no statistics."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.conninfo = server.conninfo(DATABASE)
        self.guest = server.conninfo(DATABASE, GUEST)
        self._folder = folder
        self._crowds: dict[str, Crowd] = {}
        self._seeds = 0
        with pg.connect(server.conninfo()) as conn:
            conn.execute(f"CREATE DATABASE {DATABASE}")
        self.admin = pg.connect(self.conninfo, application_name="admin")
        self.unseen = self.visitor("postgres")
        self._build()

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.admin.info.server_version // 10_000

    def _build(self) -> None:
        self.unseen.execute((Path(__file__).parent / "parcels.sql").read_bytes())
        for name in ("pg_stat_statements", "pg_prewarm"):
            self.unseen.execute(f"CREATE EXTENSION {name}".encode())
        for role in (*ROLES, "analyst"):
            self.unseen.execute(f"CREATE ROLE {role} LOGIN".encode())
            self.unseen.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}".encode())
            self.unseen.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}".encode())
        self.unseen.execute(collect.grant_sql(GUEST, store=False).encode())
        self.unseen.execute("VACUUM ANALYZE")
        self.unseen.execute("CHECKPOINT")

    def visitor(self, role: str) -> pg.Connection:
        """Return a connection whose statements are counted nowhere."""
        return pg.connect(replace(self.server.conninfo(DATABASE, role), others=_UNSEEN), application_name="somebody")

    def open(self, *names: str) -> None:
        """Let people in: all, or those of the flows named."""
        for name in names or FLOWS:
            self._crowds[name] = self.crowd(FLOWS[name])

    def close(self, *names: str) -> None:
        """Send people home: all, or those of the flows named."""
        for name in names or tuple(self._crowds):
            self._crowds.pop(name).stop()

    def crowd(self, flow: Flow) -> Crowd:
        """Return further people at work; whoever calls this sends them home."""
        self._seeds += 1
        return Crowd(self.conninfo, flow, self._folder, seed=self._seeds)

    @contextmanager
    def while_nobody_works(self) -> Iterator[None]:
        """Send everybody home for a moment."""
        names = tuple(self._crowds)
        self.close()
        try:
            yield
        finally:
            self.open(*names)

    def setting(self, name: str, value: str | None) -> None:
        """Change a setting of the server for everybody, None: back to what it was."""
        self.admin.execute((f"ALTER SYSTEM SET {name} = '{value}'" if value else f"ALTER SYSTEM RESET {name}").encode())
        self.admin.execute("SELECT pg_reload_conf()")

    def ask(self, query: str, *args: Any) -> Any:
        """Return one value, unseen."""
        row = self.unseen.execute(query.encode(), args or None).fetchone()
        return row[0] if row else None

    def pids(self) -> list[int]:
        """Return the processes of the server."""
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def sessions(self) -> list[int]:
        """Return the processes that serve people who are at work here."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench'"
        return [pid for (pid,) in self.unseen.execute(query.encode()).fetchall()]

    def shut(self) -> None:
        """Leave nothing running."""
        self.close()
        self.admin.close()
        self.unseen.close()
        self.server.close()
