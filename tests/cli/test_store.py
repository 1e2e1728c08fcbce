"""Looking into a store: before anything is there, and on a terminal that is too narrow."""

import json

import pytest

from pganomaly import pg
from pganomaly.cli import main


@pytest.fixture
def shop(database: pg.Conninfo, monkeypatch: pytest.MonkeyPatch, tmp_path) -> pg.Conninfo:
    for name in ("TARGETS", "STORE_URL", "APP_LANG", "LC_ALL", "LANG", "DB_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    where = {"HOST": database.host, "PORT": database.port, "NAME": database.dbname, "USERNAME": database.user}
    for name, value in where.items():
        monkeypatch.setenv(f"DB_{name}", str(value))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pganomaly"])
    return database


@pytest.mark.parametrize("command", [["status"], ["health"], ["db", "size"], ["db", "prune"]])
def test_before_the_first_start_there_is_nothing_to_look_into(shop: pg.Conninfo, command: list[str], capsys):
    assert main(command) == 4
    assert "db migrate" in capsys.readouterr().err

    with pg.connect(shop) as conn:
        assert conn.execute("SELECT to_regnamespace('monitoring')").fetchone() == (None,)


def test_the_doctor_says_what_the_store_may_come_to_before_anything_is_written(shop: pg.Conninfo, capsys):
    assert main(["doctor"]) == 0
    assert "STORE_MAX_GB keeps it below 5 GB" in capsys.readouterr().out.splitlines()[-1]

    assert main(["doctor", "--json"]) == 0
    ((*_, store),) = json.loads(capsys.readouterr().out).values()
    assert (store["code"], store["name"], store["state"]) == ("PGA-012", "store", "ok")
    with pg.connect(shop) as conn:
        assert conn.execute("SELECT to_regnamespace('monitoring')").fetchone() == (None,)


def test_a_limit_that_cannot_be_kept_is_said(shop: pg.Conninfo, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("STORE_MAX_GB", "0.001")
    assert main(["collect"]) == 0
    capsys.readouterr()

    assert main(["db", "prune"]) == 0
    assert "more than STORE_MAX_GB allows" in capsys.readouterr().out


def test_a_table_is_never_cut(shop: pg.Conninfo, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("COLUMNS", "30")
    assert main(["collect"]) == 0
    capsys.readouterr()

    assert main(["status"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split("  ")[-1].strip() == "collected by"
    assert str(shop.dbname) in row
