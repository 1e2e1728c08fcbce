"""The way in: languages, errors and exit codes, before any server is asked for."""

import json

import pytest

import pganomaly
from pganomaly.cli import main


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    for name in ("DB_HOST", "DB_NAME", "TARGETS", "STORE_URL", "APP_LANG", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pganomaly"])


def test_the_version_is_that_of_the_package(capsys):
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"pganomaly {pganomaly.__version__}\n"

    assert main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": pganomaly.__version__}


def test_what_is_not_a_command_is_a_mistake_of_usage(capsys):
    assert main(["collekt"]) == 2
    assert "collekt" in capsys.readouterr().err


def test_without_a_server_a_command_says_what_to_set(capsys):
    assert main(["status"]) == 2
    assert "DB_HOST" in capsys.readouterr().err


def test_errors_speak_the_language_that_was_asked_for(capsys):
    assert main(["status", "--lang", "ru"]) == 2
    assert "PGA-024" in (said := capsys.readouterr().err)
    assert "сервер" in said.lower()


def test_a_language_that_we_do_not_speak_is_refused():
    with pytest.raises(SystemExit) as stopped:
        main(["version", "--lang=fr"])
    assert stopped.value.code == 2


def test_a_wrong_setting_is_named_with_its_reason(capsys, monkeypatch):
    monkeypatch.setenv("COLLECT_INTERVAL", "soon")
    monkeypatch.setenv("RETAIN_RAW", "a while")

    assert main(["status"]) == 2

    said = capsys.readouterr().err
    assert "COLLECT_INTERVAL" in said
    assert "RETAIN_RAW" in said


def test_it_is_named_in_the_language_of_the_file_that_is_wrong(capsys, tmp_path):
    (tmp_path / ".env").write_text("APP_LANG=ru\nDB_PORT=soon\n")

    assert main(["status"]) == 2

    assert 'DB_PORT: "soon" — не целое число' in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["db", "prune", "--keep", "long"],
        ["incidents", "--since", "long"],
        ["replay", ".", "--out", "found", "--set", "ALERT_MIN_SHARE=much"],
        ["replay", ".", "--out", "found", "--set", "MUCH"],
        ["replay", ".", "--out", "found", "--from", "long ago"],
    ],
)
def test_a_wrong_option_is_named_with_its_reason(arguments, capsys, monkeypatch):
    monkeypatch.setenv("DB_HOST", "127.0.0.1")

    assert main(arguments) == 2

    assert (said := capsys.readouterr().err).startswith(("PGA-020", "PGA-021"))
    assert "Traceback" not in said


def test_a_store_is_not_touched_where_the_servers_are_named_wrongly(capsys, monkeypatch):
    monkeypatch.setenv("STORE_URL", "postgresql://127.0.0.1:1/nothing")
    monkeypatch.setenv("TARGETS", "shop")
    assert main(["collect"]) == 2
    assert "PGA-026" in capsys.readouterr().err


def test_every_help_names_the_languages(capsys):
    for command in ([], ["watch"], ["db"], ["db", "size"]):
        assert main([*command, "--help"]) == 0
        assert "--lang en|ru" in capsys.readouterr().out


def test_every_error_explains_itself_by_its_code(capsys):
    assert main(["help", "PGA-001", "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert {entry["code"] for entry in explained} == {"PGA-001"}
    assert any("CREATE EXTENSION" in entry["message"] for entry in explained)

    assert main(["help"]) == 0
    assert capsys.readouterr().out.count("PGA-") >= 30

    assert main(["help", "PGA-999"]) == 2


def test_help_is_in_the_readers_language(capsys):
    assert main(["--help"]) == 0
    assert "Watch for ever" in capsys.readouterr().out

    assert main(["--lang", "ru", "--help"]) == 0
    assert "Watch for ever" not in capsys.readouterr().out


def test_nothing_listens_is_exit_code_3_for_a_look(capsys):
    assert main(["watch", "postgresql://me@127.0.0.1:1/nothing"]) == 3
    assert "127.0.0.1:1" in capsys.readouterr().err


def test_a_malformed_address_never_shows_its_password(capsys):
    assert main(["watch", "postgresql://me:p@ss:w%rd@h/db"]) == 2
    assert "ss:w" not in capsys.readouterr().err
