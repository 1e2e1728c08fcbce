"""
The runnable lines that the doctor prints.

in    what is wrong, on which server
out   SQL that mends it, with comments; on a cloud that changes settings elsewhere, a sentence that says where
not   nothing is run here; every one of them is run by a test
"""

from pganomaly.collect import capabilities, preload
from pganomaly.collect.capabilities import Extension, Server

CREATE = "CREATE EXTENSION pg_stat_statements;"
UPDATE = "ALTER EXTENSION pg_stat_statements UPDATE;"
_PACKAGE = "-- first install the server's package of additional modules (postgresql-contrib)\n"
_ON_PRIMARY = "-- on its primary:\n"


def create(server: Server, *, available: bool) -> str:
    """Return how to create the extension, where its files are there and where they are not."""
    return _where_writable(server, CREATE if available else _PACKAGE + CREATE)


def update(server: Server) -> str:
    """Return how to bring the extension to the version of its files."""
    return _where_writable(server, UPDATE)


def load(server: Server) -> str:
    """Return how to load the library."""
    return preload.fix(server.settings.get("shared_preload_libraries"), server.platform)


def grant(server: Server) -> str:
    """Return how to let the role see everybody's statements."""
    return _where_writable(server, f"GRANT pg_monitor TO {quoted(server.role)};")


def reach(server: Server, extension: Extension) -> str:
    """Return how to let the role use the extension where it lies."""
    return _where_writable(server, capabilities.reach(extension, server.role))


def setting(server: Server, name: str, value: str, *, restart: bool = False) -> str:
    """Return how to change a setting for good."""
    if server.platform is not None:
        then = f"; then {server.platform.restart}" if restart else ""
        return f"{server.platform.name}: {server.platform.where}, set {name} to {value}{then}."
    then = "-- then restart PostgreSQL" if restart else "SELECT pg_reload_conf();"
    return f"ALTER SYSTEM SET {name} = '{value}'; {then}"


def read_texts_through(server: Server, database: str | None) -> str:
    """Return how to come to a database through which every text can be read."""
    if database is not None:
        return _where_writable(
            server,
            f"-- in database {quoted(database)}, through which to watch from then on (DB_NAME={database}):\n"
            "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;",
        )
    return _where_writable(
        server,
        "CREATE DATABASE pganomaly_texts ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;\n"
        "-- in database pganomaly_texts, through which to watch from then on (DB_NAME=pganomaly_texts):\n"
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;",
    )


def quoted(name: str) -> str:
    """Return a name as SQL wants it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def _where_writable(server: Server, fix: str) -> str:
    return _ON_PRIMARY + fix if server.in_recovery else fix
