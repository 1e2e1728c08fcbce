"""Models of one server: trained against each other, kept out, rolled back; and what would be caught."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pganomaly import pg, settings
from pganomaly.cli import main
from pganomaly.detectors import Forest
from pganomaly.pipeline import Rules
from pganomaly.service import selftests, stages, trainer
from pganomaly.service.learner import Trained
from pganomaly.storage import Holder, Store
from pganomaly.training import ModelSettings
from tests.builders import at
from tests.selftest.traffic import WINDOW_S, Recording
from tests.service.watching import by_hand
from tests.storage.keeper import Keeper
from tests.stories.town import told

WINDOWS = 130
SMALL = ModelSettings(n_estimators=30, min_rows=100, min_queryids=5, max_samples_per_queryid=50)


@dataclass
class World:
    """A store with two hours of a server's traffic in it."""

    store: Store
    instance_id: int
    file: Path
    said: Callable[[], str]

    def train(self, seed: int, fit: Callable[[bytes], Forest] = trainer.fit) -> Trained:
        now = at(WINDOWS * WINDOW_S) + timedelta(minutes=seed)
        rng = np.random.default_rng(seed)
        return stages.train(self.store, self.instance_id, SMALL, self.file, at=now, rng=rng, fit=fit)

    def command(self, *words: str) -> str:
        assert main(["model", *words]) == 0
        return self.said()


@pytest.fixture
def world(
    database: pg.Conninfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    where = {
        "DB_HOST": database.host,
        "DB_PORT": database.port,
        "DB_NAME": database.dbname,
        "DB_USERNAME": database.user,
    }
    for name, value in {**where, "MODEL_FILE": tmp_path / "model", "APP_LANG": "en"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("sys.argv", ["pganomaly"])
    with Store(database) as store:
        store.migrate()
        instance_id = store.instance(settings.called(database))
        lease = store.acquire(instance_id, Holder.this("the test"), 600)
        keeper = Keeper(store, lease)
        for snapshot in Recording.of(20, WINDOWS, np.random.default_rng(8), day_windows=1440).snapshots():
            keeper.tick(snapshot)
        store.release(lease)
        yield World(store, instance_id, tmp_path / "model", lambda: capsys.readouterr().out)


def test_a_rollback_takes_a_second_and_the_service_notices(world: World, database: pg.Conninfo, tmp_path: Path):
    """Two trainings on the same past: the second one passes the gate, and the first one speaks again."""
    assert world.train(1).model is not None
    second = world.train(2)
    assert second.model is not None
    assert any(str(part).startswith("Against the model before it, ") for part in second.why)
    listed = json.loads(world.command("list", "--json"))
    assert [(model["number"], model["active"]) for model in listed] == [(2, True), (1, False)]

    with by_hand(told(database, tmp_path), database) as hand:
        assert hand.watch._observer.model.facts is not None
        assert hand.watch._observer.model.facts.model_version == "baseline_v1.2"
        assert "model 1 speaks instead of 2" in world.command("rollback")
        hand.tick()
        hand.spare()
        assert hand.watch._observer.model.facts.model_version == "baseline_v1.1"

    active = world.store.active_model(world.instance_id)
    assert active is not None
    assert world.file.read_bytes() == active.payload, "the file is the export of the model in force"
    assert main(["model", "rollback"]) == 2, "there is none before the first"
    assert main(["model", "rollback", "9"]) == 2
    assert world.store.model_number(world.instance_id) == 1
    assert "model 2 speaks instead of 1" in world.command("rollback", "2").replace("\n", " ")


def test_a_worse_model_is_kept_out_and_said_so(world: World):
    assert world.train(1).model is not None

    def eager(order: bytes) -> Forest:
        fitted = trainer.fit(order)
        return replace(fitted, threshold=fitted.threshold + 0.1)

    refused = world.train(2, eager)

    assert refused.model is None
    assert refused.kept_out
    assert world.store.model_number(world.instance_id) == 1
    assert "The new model is kept out, the one in force stays" in world.command("show")
    assert "Новая модель не принята, остаётся действующая" in world.command("show", "--lang", "ru")
    shown = json.loads(world.command("show", "--json"))[0]
    assert shown["model"]["number"] == 1
    assert shown["kept_out"]["model_version"] == "baseline_v1.2"


def test_a_night_in_a_child_process_is_what_everybody_reads_in_the_morning(world: World):
    order = selftests.order(world.store.conninfo, world.instance_id, Rules(), seed=5)
    selftests.in_child(order)

    (night,) = world.store.selftests(world.instance_id)
    assert night.result.statements == 20
    assert all(cell.tried >= 380 for cell in night.result.cells if cell.share is None)

    shown = json.loads(world.command("show", "--json"))[0]
    assert shown["self_test"]["says"][0].startswith("On your traffic a query")
    assert main(["status", "--json"]) == 0
    assert json.loads(world.said())[0]["self_test"]["statements"] == 20
