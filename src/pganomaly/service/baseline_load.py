"""
Load for the baseline, on request only: pgbench in a scratch database that is made and dropped here.

For trying pganomaly out on a server that nobody uses. No table and no statistics of a user are ever touched.
"""

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

import psycopg
import structlog
from psycopg import sql

from pganomaly import errors, pg

log: Any = structlog.get_logger()

SECONDS = 180
CLIENTS = 2
_LOOK_S = 0.5


@contextmanager
def pgbench(conninfo: pg.Conninfo, stop: Event, *, seconds: int = SECONDS) -> Iterator[None]:
    """Load the server for *seconds* beside what the caller does; errors.PgbenchMissing where there is none."""
    program = shutil.which("pgbench")
    if program is None:
        raise errors.PgbenchMissing
    done = Event()
    thread = Thread(target=_load, args=(program, conninfo, seconds, stop, done), name="pgbench", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(_LOOK_S * 6)


def _load(program: str, conninfo: pg.Conninfo, seconds: int, stop: Event, done: Event) -> None:
    scratch = f"pganomaly_scratch_{secrets.token_hex(4)}"
    try:
        with pg.connect(conninfo) as conn:
            _clear_away(conn)
            conn.execute(sql.SQL("CREATE /* pganomaly */ DATABASE {}").format(sql.Identifier(scratch)))
            try:
                log.info("baseline_load.started", database=scratch, seconds=seconds)
                _run([program, "--initialize", "--quiet", "--scale=1"], conninfo, scratch, stop, done)
                _run([program, f"--time={seconds}", f"--client={CLIENTS}"], conninfo, scratch, stop, done)
            finally:
                conn.execute(sql.SQL("DROP /* pganomaly */ DATABASE {} WITH (FORCE)").format(sql.Identifier(scratch)))
                log.info("baseline_load.ended", database=scratch)
    except psycopg.errors.InsufficientPrivilege as error:
        log.warning("baseline_load.failed", error=str(error), fix=f'ALTER ROLE "{conninfo.user}" CREATEDB;')
    except (psycopg.Error, errors.ConnectError, OSError) as error:
        log.warning("baseline_load.failed", error=str(error))


def _clear_away(conn: pg.Connection) -> None:
    """Drop what a process of ours that was killed has left; one that is in use is somebody's."""
    left = conn.execute(
        "SELECT /* pganomaly */ d.datname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba"
        " WHERE d.datname ~ '^pganomaly_scratch_[0-9a-f]{8}$' AND r.rolname = current_user"
    ).fetchall()
    for (name,) in left:
        with suppress(psycopg.errors.ObjectInUse):
            conn.execute(sql.SQL("DROP /* pganomaly */ DATABASE {}").format(sql.Identifier(name)))


def _run(command: list[str], conninfo: pg.Conninfo, scratch: str, stop: Event, done: Event) -> None:
    with subprocess.Popen(  # noqa: S603 - the pgbench of this machine, on request
        command, env=pg.environment(conninfo.with_dbname(scratch)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        while child.poll() is None:
            if done.wait(_LOOK_S) or stop.is_set():
                child.terminate()
                return
