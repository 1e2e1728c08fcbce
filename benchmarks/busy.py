"""A private server on which any number of different statements run in every window."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pganomaly import pg
from pganomaly.pg.embedded import Server


@dataclass(frozen=True)
class Busy:
    """A server, and a connection that runs *statements* different statements whenever it is asked to."""

    server: Server
    conn: psycopg.Connection
    statements: int

    @property
    def conninfo(self) -> pg.Conninfo:
        return self.server.conninfo()

    def run(self) -> None:
        """Run every statement once."""
        width = math.isqrt(self.statements) + 1
        with self.conn.pipeline():
            for number in range(self.statements):
                a, b = divmod(number, width)
                self.conn.execute(f"SELECT c{a}, c{b} FROM wide".encode())

    def backends_ms(self) -> float:
        """Return the CPU time of all sessions but ours, those that have ended included, in ms."""
        total = _ended_ms(self.server.pid)
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != self.conn.info.backend_pid:
                total += _session_ms(process, self.server.pid)
        return total


@contextmanager
def server(statements: int) -> Iterator[Busy]:
    """Start a server whose pg_stat_statements has room for twice as many."""
    settings: dict[str, int | str] = {
        "pg_stat_statements.max": 2 * statements + 2000,
        "shared_buffers": "128MB",
        "autovacuum": "off",
    }
    with (
        Server(settings=settings) as running,
        pg.connect(running.conninfo(), application_name="bench") as conn,
    ):
        columns = ", ".join(f"c{n} int" for n in range(math.isqrt(statements) + 2))
        conn.execute("CREATE EXTENSION pg_stat_statements")
        conn.execute(f"CREATE TABLE wide ({columns})".encode())
        busy = Busy(running, conn, statements)
        busy.run()
        yield busy


def _ended_ms(postmaster: int | None) -> float:
    """Return the CPU time of the processes that a postmaster has outlived."""
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * 10.0


def _session_ms(process: Path, postmaster: int | None) -> float:
    """Return the CPU time of a client session of this server, 0 for any other process."""
    try:
        name = (process / "cmdline").read_text()
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    if int(fields[1]) != postmaster or "[local]" not in name:
        return 0.0
    try:
        return int((process / "schedstat").read_text().split()[0]) / 1e6
    except OSError:  # a kernel that counts in 10 ms alone
        return (int(fields[11]) + int(fields[12])) * 10.0
