"""The real command as a process of its own: it starts, watches several servers, stands a signal, and costs little."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pganomaly import pg
from tests.notify.receiver import TOKEN, Receiver
from tests.stories.town import Shop, ask, assert_adds_up, assert_whole, sums, until, wait_windows, windows


def url(conninfo: pg.Conninfo) -> str:
    """Return a connection string for a private server."""
    return f"postgresql://{conninfo.user}@:{conninfo.port}/{conninfo.dbname}?host={conninfo.host}"


@contextmanager
def running(folder: Path, **variables: object) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `pganomaly run` with 1-second windows; what it prints goes to the file `said`."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DB_", "PG", "TELEGRAM_"))},
        "COLLECT_INTERVAL": "1", "TRAIN_COLLECT_SLEEP": "0.5", "TRAIN_COLLECT_ITERATIONS": "6", "MODEL_MIN_ROWS": "30",
        "MODEL_MIN_QUERYIDS": "5", "MODEL_N_ESTIMATORS": "10", "APP_LANG": "en",
        **{name: str(value) for name, value in variables.items()},
    }  # fmt: skip
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "pganomaly", "run"], cwd=folder, env=environment, stdout=said, stderr=said
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def left_in(folder: Path) -> list[str]:
    """Return the processes that still run in a folder: children that were left behind."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and (process / "cwd").resolve() == folder.resolve():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it ended meanwhile
    return found


def slowness_s() -> float:
    """Return how long this machine takes now for what it does in a twentieth of a second when it is idle."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-S", "-c", ""], check=True)
    return time.monotonic() - began


@pytest.fixture
def silence() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(64)
        yield deaf.getsockname()[1]


def test_a_dead_server_costs_the_others_nothing(
    shop: Shop, database: pg.Conninfo, receiver: Receiver, silence: int, tmp_path: Path
):
    """Three servers, one hangs, one refuses: the third is watched as if it were alone, and SIGTERM ends it in time."""
    targets = (
        f"shop={url(database)} deaf=postgresql://x:{TOKEN}@127.0.0.1:{silence}/x gone=postgresql://x@127.0.0.1:1/x"
    )
    before = shop.counters()
    with running(
        tmp_path, TARGETS=targets, STORE_URL=url(database), TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_CHAT_ID="-1001",
        TELEGRAM_API_URL=receiver.url,
    ) as process:  # fmt: skip
        until(lambda: windows(database) >= 1, "the first window")
        with shop.busy(0.05):
            wait_windows(database, 10)
        until(lambda: {"deaf", "gone"} <= {p.text.split(":")[0] for p in receiver.chat.values()}, "news of both", 90)
        wait_windows(database, 2)
        pause_s, began = slowness_s(), time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert time.monotonic() - began < 5.0 + 20 * pause_s
        assert left_in(tmp_path) == []

    assert_adds_up(before, shop.counters(), sums(database))
    assert_whole(database)
    # A try to reach the one that hangs takes longer than three intervals: whoever waited for it would see gaps alone.
    gaps = "SELECT count(*) FROM monitoring.snapshots WHERE quality <> 'ok' AND instance_id = 1"
    assert ask(database, gaps) <= windows(database) / 4
    said = (tmp_path / "said").read_text()
    assert "Traceback" not in said
    assert TOKEN not in said
    unreachable = [p.text.split(":")[0] for p in receiver.chat.values() if "cannot be reached" in p.text]
    assert sorted(unreachable) == ["deaf", "gone"]


def test_it_costs_the_server_little(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """Few statements of ours, no temporary files, none of ours judged; a model trained elsewhere is taken over."""
    temp = "SELECT temp_files FROM pg_stat_database WHERE datname = current_database()"
    before = ask(database, temp)
    with (
        running(
            tmp_path, DB_HOST=database.host, DB_PORT=database.port, DB_NAME=database.dbname, DB_USERNAME=database.user,
        ) as process,
        shop.busy(0.1),
    ):  # fmt: skip
        until(lambda: ask(database, "SELECT count(*) FROM monitoring.models WHERE active"), "a model")
        trained = subprocess.run(
            [sys.executable, "-m", "pganomaly", "train", "--json"], check=True, capture_output=True, cwd=tmp_path,
            env=os.environ | {
                "DB_HOST": str(database.host), "DB_PORT": str(database.port), "DB_NAME": str(database.dbname),
                "DB_USERNAME": str(database.user), "MODEL_MIN_ROWS": "30", "MODEL_MIN_QUERYIDS": "5",
                "MODEL_N_ESTIMATORS": "10",
            },
        )  # fmt: skip
        numbers = "SELECT string_agg(model_version, ' ' ORDER BY number) FROM monitoring.models"
        # The gate may keep the second model out: then the first stays in force.
        if json.loads(trained.stdout)[0]["trained"]:
            assert "baseline_v1.2" in ask(database, numbers)
        wait_windows(database, 5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert left_in(tmp_path) == []

    dbid = "dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ours = f"SELECT count(*) FROM pg_stat_statements WHERE {dbid} AND query LIKE '%%pganomaly */%%' AND calls > 2"
    assert ask(database, ours) <= 80
    assert ask(database, temp) == before
    spilled = f"SELECT sum(temp_blks_written) FROM pg_stat_statements WHERE {dbid} AND query LIKE '%%pganomaly */%%'"
    assert ask(database, spilled) == 0
    judged = (
        "SELECT count(*) FROM monitoring.anomaly_scores s JOIN monitoring.queries q"
        " USING (instance_id, dbid, userid, queryid, toplevel) WHERE q.is_own OR q.is_system"
    )
    assert ask(database, judged) == 0
    assert (tmp_path / "model_baseline_v1").read_bytes()[:2] == b"PK"
