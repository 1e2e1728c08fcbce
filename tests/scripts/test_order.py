"""All scripts by hand, in their order, on every major: what they say, what they leave, and that sums are exact."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from pganomaly import pg
from pganomaly.pg.embedded import Server
from tests.scripts.conftest import Run, Said
from tests.stories.town import Shop, ask, assert_adds_up, assert_whole, sums

Point = Callable[[pg.Conninfo], None]


def test_in_order_on_every_major(any_server: Server, run: Run, settings: Point, shop_on: Callable[..., Shop]):
    """From an empty database to scores, twice over: the second round finds what is new and nothing else."""
    major = _major(any_server)
    shop = shop_on(any_server, f"scripts_{major}")
    database = any_server.conninfo(f"scripts_{major}")
    settings(database)

    assert "Not enough snapshots to compute deltas." in _done(run("build_deltas"))
    before = shop.counters()
    assert "rows" in _done(run("collector"))
    assert "Not enough snapshots to compute deltas." in _done(run("build_deltas"))
    assert "up-to-date" in _done(run("build_features"))
    for _ in range(4):
        shop.work(3)
        time.sleep(0.5)  # windows of one length: a much longer one is a gap, in which nobody is judged by latency
        _done(run("collector"))
    assert _facts(run("build_deltas", "--json"))["windows"] == 4
    assert "up-to-date" in _done(run("build_deltas"))
    assert _facts(run("build_features", "--json"))["windows"] == 4
    assert _facts(run("build_lex_features", "--json"))["rows"] >= 12
    assert "Lex features are up-to-date (nothing to insert/update)." in _done(run("build_lex_features"))
    assert "Trained on" in _done(run("train_model"))
    assert _facts(run("detect_anomalies", "--json"))["windows"] == 4
    assert "no new window" in _done(run("detect_anomalies"))

    _done(run("collector"))
    shop.work(2)
    shop.execute("SELECT pg_sleep(2)")
    _done(run("collector"))
    for script in ("build_deltas", "build_features", "build_lex_features"):
        _done(run(script))
    found = _facts(run("detect_anomalies", "--json", TRAIN_COLLECT_ITERATIONS=2))
    assert found["anomalies"] >= 1
    assert any("SELECT pg_sleep(" in headline for headline in found["told"])

    assert assert_adds_up(before, shop.counters(), sums(database)) >= 13
    assert assert_whole(database) == 6
    assert ask(
        database, "SELECT count(*) FROM monitoring.features_with_lex WHERE query_text LIKE %s", "SELECT pg_sleep(%"
    )
    assert ask(database, "SELECT model_version FROM monitoring.models WHERE active") == "baseline_v1.1"
    pending = "SELECT count(*) FROM monitoring.snapshots WHERE window_start IS NOT NULL AND detected_at IS NULL"
    assert ask(database, pending) == 0


@pytest.mark.parametrize(
    ("script", "english", "russian"),
    [
        ("build_deltas", "Not enough snapshots to compute deltas.", "Недостаточно снимков"),
        ("build_features", "features are up-to-date", None),
        ("build_lex_features", "Lex features are up-to-date (nothing to insert/update).", None),
        ("train_model", "Not enough", None),
        ("detect_anomalies", "no new window to score", None),
        ("collector", "snapshot 1 stored", None),
    ],
)
def test_each_alone_on_a_fresh_database(
    script: str, english: str, russian: str | None, database: pg.Conninfo, run: Run, settings: Point
):
    """Each makes the schema that it needs, says what it found in the reader's language, and exits 0."""
    settings(database)

    assert english in _done(run(script))
    assert ask(database, "SELECT count(*) FROM monitoring.schema_migrations") > 5
    russian_words = _done(run(script, APP_LANG="ru"))
    assert english not in russian_words
    assert russian is None or russian in russian_words
    assert any("а" <= letter <= "я" for letter in russian_words)


def _done(said: Said) -> str:
    assert (said.code, said.err) == (0, "")
    return said.out


def _facts(said: Said) -> dict[str, Any]:
    (facts,) = json.loads(said.out)
    return dict(facts)


def _major(server: Server) -> int:
    return int(ask(server.conninfo(), "SELECT current_setting('server_version_num')::int / 10000"))
