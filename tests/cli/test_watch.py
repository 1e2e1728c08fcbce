"""A look at a real server that writes nothing anywhere."""

import json

import pytest

from pganomaly import pg
from pganomaly.cli import main
from pganomaly.pg import Conninfo


@pytest.fixture
def url(database: Conninfo, monkeypatch, tmp_path) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pganomaly"])
    for name in ("APP_LANG", "LANG", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    with pg.connect(database) as conn:
        conn.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    return f"host={database.host} port={database.port} dbname={database.dbname} user={database.user}"


def test_a_window_is_a_line_and_nothing_is_written(url, database, capsys):
    assert main(["watch", url, "--windows", "2", "--interval", "1"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("First snapshot:")
    assert sum("statements ran" in line for line in lines) == 2
    with pg.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'monitoring'").fetchone() == (0,)


def test_a_stream_of_json_has_a_line_per_window(url, capsys):
    assert main(["watch", url, "--windows", "1", "--interval", "1", "--json"]) == 0

    (window,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert window["quality"] in ("ok", "gap")  # a busy machine may make two seconds of one
    assert window["ran"] > 0


def test_of_several_servers_the_first_is_shown_and_said_to_be(url, database, monkeypatch, capsys):
    address = f"postgresql://{database.user}@:{database.port}/{database.dbname}?host={database.host}"
    monkeypatch.setenv("TARGETS", f"shop={address} crm={address}")
    assert main(["watch", "--windows", "1", "--interval", "1"]) == 0
    assert capsys.readouterr().out.startswith("Of all servers in TARGETS shop is shown")
