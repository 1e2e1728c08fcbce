"""
What a server lets us read, found out once per connection.

in    a connection
out   Capabilities: columns that exist, what beside them may be read, the settings that matter
not   no branch on the server's version: the columns follow the version of the extension, on old and new servers alike
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from pganomaly import errors, pg
from pganomaly.collect import platforms, preload
from pganomaly.collect.target import Limits

SETTINGS = (
    "compute_query_id",
    "pg_stat_statements.max",
    "pg_stat_statements.track",
    "pg_stat_statements.track_planning",
    "pg_stat_statements.track_utility",
    "shared_preload_libraries",
    "track_activities",
    "track_io_timing",
)
"""What decides whether and which statements are counted. shared_preload_libraries needs pg_read_all_settings."""

_NEEDED = ("dbid", "userid", "queryid", "calls", "total_exec_time")
_SQL = pg.statements(files(__package__) / "probe.sql") | pg.statements(files(__package__) / "moment.sql")


@dataclass(frozen=True, slots=True)
class Server:
    """
    Who answered, and as whom we came.

    role_oid  None where the role is not in pg_roles
    sees_all  whether the role may see other roles' statements (pg_read_all_stats, also through pg_monitor)
    pooled    whether a pooler stands between: the backend is not the one that we were told at the start
    settings  those of SETTINGS that may be read
    platform  the cloud that runs it, None where people do
    """

    version: int
    in_recovery: bool
    database: str
    role: str
    role_oid: int | None
    sees_all: bool
    has_query_id: bool
    pooled: bool
    settings: Mapping[str, str]
    platform: platforms.Platform | None

    @property
    def loaded(self) -> bool:
        """Whether the library runs: only then the server knows its settings."""
        return "pg_stat_statements.max" in self.settings


@dataclass(frozen=True, slots=True)
class Extension:
    """
    The extension as one database has it.

    schema    quoted and ready for SQL
    usable    whether our role may use that schema and call the function in it
    has_info  pg_stat_statements_info is there and readable (1.9 on)
    """

    version: str
    schema: str
    usable: bool
    has_info: bool


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What may be read from one server, as one role, through one database.

    columns      of pg_stat_statements, with the oid of each one's type
    has_control  the control file and the position of the log may be read: who this server is, and its timeline
    """

    server: Server
    extension: Extension
    columns: Mapping[str, int]
    has_control: bool = True

    @property
    def entries_max(self) -> int | None:
        """pg_stat_statements.max, None where it may not be read."""
        value = self.server.settings.get("pg_stat_statements.max")
        return int(value) if value is not None else None

    @property
    def missing(self) -> tuple[str, ...]:
        """Columns without which nothing can be read: extensions before 1.8."""
        return tuple(name for name in _NEEDED if name not in self.columns)

    def moment(self) -> str:
        """Return the statement that reads the moment and the epoch here."""
        info = _SQL["info" if self.extension.has_info else "info_absent"].format(schema=self.extension.schema)
        return _SQL["moment" if self.has_control else "moment_without_control"].format(info=info)


def probe(conn: pg.Connection, limits: Limits) -> Capabilities:
    """Return what may be read here; an error of errors.TargetError where that is not enough, with the fix."""
    here = server(conn, limits)
    there = extension(conn, limits)
    if there is None:
        raise errors.ExtensionMissing(database=here.database)
    if not here.loaded:
        raise errors.ExtensionNotLoaded(
            database=here.database, fix=preload.fix(here.settings.get("shared_preload_libraries"), here.platform)
        )
    if not there.usable:
        raise errors.ExtensionOutOfReach(
            role=here.role, schema=there.schema, database=here.database, fix=reach(there, here.role)
        )
    can = of(conn, here, there, limits)
    if can.missing:
        raise errors.ExtensionTooOld(version=there.version, database=here.database, missing=", ".join(can.missing))
    return can


def reach(there: Extension, role: str) -> str:
    """Return what lets *role* use the extension where it lies."""
    who = '"' + role.replace('"', '""') + '"'
    function = f"{there.schema}.pg_stat_statements(boolean)"
    return f"GRANT USAGE ON SCHEMA {there.schema} TO {who}; GRANT EXECUTE ON FUNCTION {function} TO {who};"


def of(conn: pg.Connection, here: Server, there: Extension, limits: Limits) -> Capabilities:
    """Return what the extension gives on this server, be it enough or not."""
    known = Capabilities(here, there, columns(conn, there, limits))
    return known if _tells_who_it_is(conn, known, limits) else replace(known, has_control=False)


def server(conn: pg.Connection, limits: Limits) -> Server:
    """Return who answers and as whom we came. Needs nothing of the extension."""
    row = _row(conn, _SQL["server"], limits, {"settings": list(SETTINGS), "platform_roles": sorted(platforms.ROLES)})
    if row is None:
        raise errors.ServerWentAway(server=conn.info.host)
    return Server(
        version=conn.info.server_version,
        in_recovery=row["in_recovery"],
        database=row["database"],
        role=row["role"],
        role_oid=row["role_oid"],
        sees_all=row["sees_all"],
        has_query_id=row["has_query_id"],
        pooled=row["backend_pid"] != conn.info.backend_pid,
        settings=MappingProxyType(row["settings"]),
        platform=platforms.recognised(frozenset(row["platform_roles"])),
    )


def extension(conn: pg.Connection, limits: Limits) -> Extension | None:
    """Return the extension of this database, None where it has none."""
    row = _row(conn, _SQL["extension"], limits)
    return Extension(**row) if row else None


def columns(conn: pg.Connection, there: Extension, limits: Limits) -> Mapping[str, int]:
    """Return the columns that the extension has here; later ones that nobody here knows are welcome."""
    with limits.transaction(conn):
        described = conn.execute(_SQL["columns"].format(schema=there.schema)).description or ()
        return MappingProxyType({column.name: column.type_code for column in described})


def _tells_who_it_is(conn: pg.Connection, known: Capabilities, limits: Limits) -> bool:
    """Try it: some clouds refuse it whatever the privileges say."""
    try:
        _row(conn, known.moment(), limits, {"memory": limits.memory})
    except (psycopg.ProgrammingError, psycopg.NotSupportedError):
        return False
    return True


def _row(conn: pg.Connection, query: str, limits: Limits, args: dict[str, Any] | None = None) -> DictRow | None:
    with limits.transaction(conn), conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, args).fetchone()
