"""Every statement that we ship is prepared on every version, with the fragments that it gets there."""

from importlib.resources import files

import pytest

from pganomaly import pg
from pganomaly.collect import Limits, capabilities
from pganomaly.collect.counters import Layout
from pganomaly.pg.embedded import Server

_FOLDER = files("pganomaly.collect")
_FRAGMENTS = {"info", "info_absent", "counters"}
"""Parts of other statements: they are prepared inside them."""
_VALUES = {
    "settings": "'{}'",
    "platform_roles": "'{}'",
    "memory": "'1MB'",
    "chars": "1",
    "dbid": "'{}'",
    "userid": "'{}'",
    "queryid": "'{}'",
    "oids": "'{}'",
    "ignored": "'{}'",
    "most": "1",
    "most_partitions": "1",
    "most_indexes": "1",
    "printed": "'{}'",
    "names": "'{}'",
    "role": "'x'",
    "volatile": "'{}'",
    "texts": "'{}'",
    "ours": "'x'",
    "also": "'{}'",
    "pids": "'{}'",
}


def shipped() -> list[tuple[str, str]]:
    names = [file.name for file in _FOLDER.iterdir() if file.name.endswith(".sql") and file.name != "grant.sql"]
    return [(file, name) for file in sorted(names) for name in pg.statements(_FOLDER / file)]


@pytest.mark.parametrize(("file", "name"), [pair for pair in shipped() if pair[1] not in _FRAGMENTS])
def test_every_statement_is_understood(any_server: Server, file: str, name: str) -> None:
    limits = Limits()
    with pg.connect(any_server.conninfo()) as conn:
        if (file, name) == ("evidence.sql", "wal") and conn.info.server_version < 140000:
            pytest.skip("came with 14")
        can = capabilities.probe(conn, limits)
        info = pg.statements(_FOLDER / "moment.sql")["info" if can.extension.has_info else "info_absent"]
        statement = pg.statements(_FOLDER / file)[name].format(
            schema=can.extension.schema,
            info=info.format(schema=can.extension.schema),
            toplevel="s.toplevel" if "toplevel" in can.columns else "true",
            query_id="a.query_id" if can.server.has_query_id else "NULL::bigint",
            query="a.query",
            text="a.query",
            view="pg_catalog.pg_stat_bgwriter",
            waited="NULL::float8",
            last_scan="NULL::timestamptz",
        )
        assert statement.split(pg.MARK)[0].strip().isupper(), "the mark stands behind the first keyword"
        with limits.transaction(conn):
            conn.execute(f"PREPARE shipped AS {statement % _VALUES if '%(' in statement else statement}".encode())
            conn.execute("DEALLOCATE shipped")


def test_the_counters_are_understood(any_server: Server) -> None:
    limits = Limits()
    with pg.connect(any_server.conninfo()) as conn:
        layout = Layout.of(capabilities.probe(conn, limits))
        with limits.transaction(conn):
            assert conn.execute(f"{layout.query} LIMIT 0".encode()).description is not None
