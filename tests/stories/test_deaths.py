"""Killed at any moment, often: no window twice, none lost, nobody told the same thing again and again."""

import os
import random
import time
from functools import partial
from pathlib import Path
from typing import Any

from pganomaly import pg
from pganomaly.notify.delivery import HOLD_S
from tests.notify.receiver import TOKEN, Receiver
from tests.stories.forge import forge
from tests.stories.town import Shop, ask, assert_adds_up, assert_whole, sums, until, wait_windows, windows

DEATHS = int(os.environ.get("PGANOMALY_DEATHS", "40"))
"""How often the service dies; a thousand take a quarter of an hour."""
_PG_SLEEP = (
    "SELECT count(DISTINCT i.incident_id) FROM monitoring.incidents i"
    " JOIN monitoring.query_lex_features l USING (instance_id, dbid, userid, queryid)"
    " WHERE l.query_text LIKE 'SELECT pg_sleep(%'"
)


def test_it_dies_at_random_moments(shop: Shop, database: pg.Conninfo, receiver: Receiver, tmp_path: Path):
    """Sums are exact after every death, and the one thing that happened is told once (or, at worst, once more)."""
    chance = random.Random(7)
    options: dict[str, Any] = {
        "interval_s": 0.4, "model_min_rows": 10**6,
        "telegram_bot_token": TOKEN, "telegram_chat_id": "-1001", "telegram_api_url": receiver.url,
    }  # fmt: skip
    before = shop.counters()
    with forge(tmp_path) as smith:
        service = smith.start(database, **options)
        until(lambda: ask(database, "SELECT count(*) FROM monitoring.snapshots"), "the first snapshot")
        with shop.busy(0.005):
            wait_windows(database, 6)
            for death in range(DEATHS):
                if death % 4 == 3:
                    wait_windows(database, 1)
                elif death % 2:
                    holds = "SELECT count(*) FROM monitoring.leases WHERE pid = %s"
                    until(partial(ask, database, holds, service.pid), "work")
                time.sleep(chance.uniform(0.0, 0.7))
                service.kill()
                if death == DEATHS // 2:
                    shop.execute("SELECT pg_sleep(2)")  # nobody watches: the window that has it is a gap
                service = smith.start(database, **options)
        wait_windows(database, 3)
        until(lambda: ask(database, _PG_SLEEP), "the incident")
        # Whoever dies between the claim of a message and its sending leaves it to the next one, when the claim is over.
        until(lambda: any("pg_sleep" in p.text for p in receiver.chat.values()), "the message", HOLD_S + 60.0)
        service.stop()
        log = smith.log

    assert_adds_up(before, shop.counters(), sums(database))
    assert assert_whole(database) >= DEATHS // 4
    assert ask(database, _PG_SLEEP) == 1
    assert 1 <= len([p for p in receiver.chat.values() if "pg_sleep" in p.text and p.reply_to is None]) <= 2
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:3000]


def test_a_second_service_takes_over_at_once(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """Two services on one server: one stands by, says for whom, and goes on where the other was killed."""
    before = shop.counters()
    with forge(tmp_path) as smith:
        first = smith.start(database, interval_s=0.3)
        until(lambda: ask(database, "SELECT count(*) FROM monitoring.snapshots"), "the first snapshot")
        second = smith.start(database, interval_s=0.3)
        until(lambda: "lease.held" in smith.log, "the second one stands by")
        assert f"process {first.pid}" in smith.log
        with shop.busy():
            wait_windows(database, 3)
            first.kill()
            wait_windows(database, 3, seconds=25)  # a lease lasts 30
        wait_windows(database, 2)
        second.stop()

    assert_adds_up(before, shop.counters(), sums(database))
    assert_whole(database)
    assert ask(database, "SELECT fence FROM monitoring.leases") == 2
    assert windows(database) >= 8
