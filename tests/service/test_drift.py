"""A heavy query that stays: the streak grows, drift is announced once, a training follows."""

import re
from pathlib import Path

import pytest

from pganomaly import pg
from tests.service.watching import by_hand
from tests.stories.town import Shop, ask, told


def test_a_heavy_query_confirms_drift(
    shop: Shop, database: pg.Conninfo, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """Five bad runs in a row, told in the log, too; a restart in the middle does not start the count again."""
    streak = "SELECT bad_runs_streak FROM monitoring.detector_state WHERE id = 1"
    announced = "SELECT count(*) FROM monitoring.outbox WHERE blocks::text LIKE '%%DRIFT CONFIRMED%%'"
    with by_hand(
        told(database, tmp_path, interval_s=2.0, baseline_windows=3), database, channels=("telegram",)
    ) as hand:
        for _ in range(4):
            shop.work()
            hand.tick()
        grown = []
        for run in range(6):
            shop.work()
            shop.execute(hand.slow_call())
            hand.tick()
            grown.append((ask(database, streak), ask(database, announced)))
            if run == 2:
                hand.restart()

    assert grown[:5] == [(1, 0), (2, 0), (3, 0), (4, 0), (0, 1)]
    assert grown[5][1] == 1
    assert re.search(r"incident\.opened +says=['\"]\S+: new heavy query SELECT pg_sleep", capfd.readouterr().err)
