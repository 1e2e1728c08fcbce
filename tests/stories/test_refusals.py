"""What cannot work is said with its fix and its exit code; what is secret is never said."""

import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pganomaly import pg
from pganomaly.cli import main
from pganomaly.pg import Secret
from pganomaly.pg.embedded import Server
from tests.stories.town import Shop, ask

PASSWORD = "hunter2-s3cr3t"


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    text: str


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, with variables."""

    def command(*arguments: str, **variables: object) -> Said:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(sys, "argv", ["pganomaly"])
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out + said.err)

    return command


def at(conninfo: pg.Conninfo) -> dict[str, object]:
    """Return the variables that lead to a database."""
    found = {
        "DB_HOST": conninfo.host, "DB_PORT": conninfo.port, "DB_NAME": conninfo.dbname, "DB_USERNAME": conninfo.user,
        "DB_PASSWORD": conninfo.password.reveal() if conninfo.password else None,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize("command", ["run", "collect", "status", "doctor"])
def test_a_wrong_password(pg18: Server, run: Run, command: str):
    """One sentence, exit 3 (doctor: 1, a problem found), and the password is not in it."""
    said = run(command, **at(pg18.tcp_conninfo(password=Secret(PASSWORD))))

    assert said.code == (1 if command == "doctor" else 3)
    assert "PGA-006" in said.text
    assert PASSWORD not in said.text
    assert "Traceback" not in said.text


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"DB_NAME": "nowhere"}, 3),
        ({"DB_USERNAME": "nobody_here"}, 3),
        ({"DB_PORT": "0"}, 2),
        ({"TARGETS": "nonsense"}, 2),
    ],
)
def test_other_ways_not_to_get_in(database: pg.Conninfo, run: Run, wrong: dict[str, str], code: int):
    said = run("collect", **(at(database) | {"DB_PASSWORD": PASSWORD} | wrong))

    assert said.code == code, said
    assert PASSWORD not in said.text
    assert "Traceback" not in said.text


@pytest.mark.parametrize("command", ["run", "collect", "detect", "db"])
def test_a_schema_of_somebody_else(database: pg.Conninfo, run: Run, command: str):
    """`run` stops with exit 4 and prints the fix; nothing is altered, and the fix works."""
    with pg.connect(database) as conn:
        conn.execute("CREATE SCHEMA monitoring")
        conn.execute("CREATE TABLE monitoring.anomaly_scores (precious int)")
        conn.execute("INSERT INTO monitoring.anomaly_scores VALUES (42)")

    said = run(*(["db", "migrate"] if command == "db" else [command]), **at(database))

    assert said.code == 4
    fix = "ALTER SCHEMA monitoring RENAME TO"
    assert fix in said.text
    tables = "SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'monitoring'"
    assert ask(database, tables) == "anomaly_scores"
    statement = said.text[said.text.index(fix) :].split(";")[0]
    with pg.connect(database) as conn:
        conn.execute(statement.encode())
    assert run("collect").code == 0


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("opened"),))  # type: ignore[return-value]


def test_a_pickle_in_the_way_of_the_model(shop: Shop, database: pg.Conninfo, run: Run, tmp_path: Path):
    """It is moved aside and never opened, said so, and a model is trained anew."""
    model = tmp_path / "model_baseline_v1"
    model.write_bytes(pickle.dumps(_Bomb()))
    variables = at(database) | {
        "MODEL_FILE": model,
        "MODEL_MIN_ROWS": 10,
        "MODEL_MIN_QUERYIDS": 5,
        "MODEL_N_ESTIMATORS": 5,
    }
    for _ in range(3):
        shop.work()
        run("collect", **variables)
    assert run("rebuild").code == 0

    said = run("train")

    assert said.code == 0
    assert "was not opened" in said.text
    (aside,) = tmp_path.glob("model_baseline_v1.not-ours-*")
    assert aside.read_bytes() == pickle.dumps(_Bomb())
    assert not Path("opened").exists()
    assert model.read_bytes()[:2] == b"PK"


def test_a_model_file_that_cannot_be_written(shop: Shop, database: pg.Conninfo, run: Run, tmp_path: Path):
    """The model is in force all the same: its home is the store."""
    (tmp_path / "file").write_text("")
    variables = at(database) | {
        "MODEL_FILE": tmp_path / "file" / "model", "MODEL_MIN_ROWS": 10,
        "MODEL_MIN_QUERYIDS": 5, "MODEL_N_ESTIMATORS": 5,
    }  # fmt: skip
    for _ in range(3):
        shop.work()
        run("collect", **variables)
    run("rebuild")

    said = run("train")

    assert said.code == 0
    assert "could not be exported" in said.text
    assert ask(database, "SELECT count(*) FROM monitoring.models WHERE active") == 1


def test_secrets_in_statements_stay_where_they_are(shop: Shop, database: pg.Conninfo, run: Run):
    """Whatever is planted in SQL is in no table of ours and in nothing that is printed."""
    planted = [f"planted-{n}-xyzzy" for n in range(8)]
    with pg.connect(database, application_name="shop") as conn:
        for statement in (
            f"CREATE ROLE {shop.role}_x PASSWORD '{planted[0]}'",
            f"ALTER ROLE {shop.role}_x PASSWORD '{planted[1]}'",
            f"COMMENT ON TABLE goods IS '{planted[2]}'",
            f"DO $x$ BEGIN PERFORM '{planted[3]}'; END $x$",
            f"SET application_name = '{planted[4]}'",
            f"SELECT count(*) FROM goods WHERE name = '{planted[5]}' -- {planted[6]}",
            f"SELECT /* {planted[7]} */ 1",
            f"DROP ROLE {shop.role}_x",
        ):
            conn.execute(statement.encode())
    said = ""
    for command in (
        ["collect"],
        ["collect"],
        ["rebuild"],
        ["detect"],
        ["status"],
        ["watch", "--windows", "1", "--interval", "1"],
    ):
        answer = run(*command, **at(database))
        assert answer.code == 0, answer
        said += answer.text

    with pg.connect(database) as conn:
        columns = conn.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_schema, table_name) WHERE c.table_schema = 'monitoring' AND t.table_type = 'BASE TABLE'"
            " AND c.data_type IN ('text', 'jsonb', 'ARRAY')"
        ).fetchall()
        assert len(columns) > 20
        for table, column in columns:
            found = conn.execute(
                f"SELECT count(*) FROM monitoring.{table} WHERE {column}::text LIKE '%xyzzy%'".encode()
            )
            assert found.fetchone() == (0,), f"{table}.{column}"
    assert "xyzzy" not in said


def test_statements_that_are_hidden_from_us_are_said_to_be(
    shop: Shop, database: pg.Conninfo, run: Run, monkeypatch: pytest.MonkeyPatch
):
    """The service says who grants what, once; the stage and the look say who knows."""
    monkeypatch.setattr("pganomaly.service.fleet.Fleet.run", lambda self, stop: None)
    shop.work()
    with pg.connect(database) as conn:
        conn.execute(f"CREATE ROLE {shop.role}_guest LOGIN")
        conn.execute(f"GRANT CREATE ON DATABASE {database.dbname} TO {shop.role}_guest")
    try:
        guest = at(database) | {"DB_USERNAME": f"{shop.role}_guest"}
        assert f'GRANT pg_monitor TO "{shop.role}_guest";' in run("run", **guest).text
        for command in (["collect"], ["watch", "--windows", "1", "--interval", "1"]):
            said = run(*command, **guest)
            assert said.code == 0
            assert "hidden from us. What to grant: pganomaly doctor" in said.text
    finally:
        with pg.connect(database) as conn:
            conn.execute(f"DROP OWNED BY {shop.role}_guest CASCADE")
            conn.execute(f"DROP ROLE {shop.role}_guest")


def test_what_an_older_system_left_is_said_once(database: pg.Conninfo, run: Run, monkeypatch: pytest.MonkeyPatch):
    """drift_state.json is ignored, a placeholder is no token, and what is not there yet is named."""
    Path("drift_state.json").write_text("{}")
    monkeypatch.setattr("pganomaly.service.fleet.Fleet.run", lambda self, stop: None)

    said = run(
        "run", **at(database), TELEGRAM_BOT_TOKEN="secret", TELEGRAM_CHAT_ID="-1001", ALERT_BUDGET_PER_DAY="2", LANG="C"
    )

    assert said.code == 0
    assert said.text.count("drift_state.json") == 1
    assert "TELEGRAM_BOT_TOKEN" in said.text
    assert "Traceback" not in said.text
