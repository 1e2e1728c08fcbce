"""The scripts, run as users run them, each alone on a fresh database."""

import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pganomaly import pg
from pganomaly.pg.embedded import Server
from tests.stories.conftest import quiet_place
from tests.stories.town import Shop

__all__ = ["quiet_place"]

SCRIPTS = Path(__file__).parents[2] / "scripts"


@dataclass(frozen=True)
class Said:
    """What a script answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a script in this process, with variables."""

    def script(name: str, *arguments: str, **variables: object) -> Said:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, str(value))
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return script


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[pg.Conninfo], None]:
    """Point DB_* at a database, and make a model possible after a few windows."""

    def point(conninfo: pg.Conninfo) -> None:
        variables = {
            "DB_HOST": conninfo.host, "DB_PORT": conninfo.port, "DB_NAME": conninfo.dbname,
            "DB_USERNAME": conninfo.user,
            "MODEL_FILE": tmp_path / "model", "MODEL_MIN_ROWS": 20, "MODEL_MIN_QUERYIDS": 5, "MODEL_N_ESTIMATORS": 10,
            "APP_LANG": "en",
        }  # fmt: skip
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))

    return point


@pytest.fixture
def shop_on() -> Iterator[Callable[[Server, str], Shop]]:
    """Open a shop in a database of its own on any server; gone afterwards."""
    opened: list[tuple[Server, Shop]] = []

    def shop(server: Server, name: str) -> Shop:
        with pg.connect(server.conninfo()) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        with pg.connect(server.conninfo(name)) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
        opened.append((server, Shop.opened(server.conninfo(name))))
        return opened[-1][1]

    yield shop
    for server, each in opened:
        with pg.connect(server.conninfo()) as conn:
            conn.execute(f"DROP DATABASE {each.conninfo.dbname} WITH (FORCE)")
            conn.execute(f"DROP ROLE {each.role}")
