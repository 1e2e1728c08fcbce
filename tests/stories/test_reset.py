"""Starting over without losing data: what is stored is scored again, and nobody hears of it twice."""

from pathlib import Path

import pytest

from pganomaly import pg
from pganomaly.service import stages
from pganomaly.storage import Store
from tests.notify.receiver import TOKEN, Receiver
from tests.service.watching import by_hand
from tests.stories.town import Shop, ask, assert_whole, service, told, until, wait_windows

BY_HAND = (
    "UPDATE monitoring.detector_state SET last_window_end = NULL, bad_runs_streak = 0, updated_at = now() WHERE id = 1"
)
SCORES = "SELECT count(*) FROM monitoring.anomaly_scores"
JUDGED = "SELECT last_window_end = (SELECT max(snapshot_ts) FROM monitoring.snapshots) FROM monitoring.detector_state"


def news_of_sleep(receiver: Receiver) -> list[str]:
    """What people were told of the sleep; a slow machine may tell of its own troubles, too."""
    return [p.text for p in receiver.chat.values() if "pg_sleep" in p.text and p.reply_to is None]


@pytest.mark.parametrize("how", ["sql", "command"])
def test_a_reset_while_the_service_runs(
    shop: Shop, database: pg.Conninfo, receiver: Receiver, tmp_path: Path, how: str
):
    """The very statement that users know, or the command: scores come back, messages do not."""
    orders = told(
        database, tmp_path, interval_s=1.0, baseline_windows=3, model_min_rows=10**6,
        telegram_bot_token=TOKEN, telegram_chat_id="-1001", telegram_api_url=receiver.url,
    )  # fmt: skip
    with service(orders, database), shop.busy(0.05):
        wait_windows(database, 4)
        shop.execute("SELECT pg_sleep(2.5)")
        until(lambda: ask(database, SCORES), "a score")
        until(lambda: news_of_sleep(receiver), "a message")
        heard, scores = len(news_of_sleep(receiver)), ask(database, SCORES)
        with pg.connect(database) as conn:
            conn.execute("DELETE FROM monitoring.anomaly_scores")
        if how == "sql":
            with pg.connect(database) as conn:
                conn.execute(BY_HAND)
        else:
            with Store(database) as store:
                store.reset(1)
        until(lambda: ask(database, SCORES) >= scores, "the scores again")
        wait_windows(database, 2)
        until(lambda: ask(database, JUDGED), "the watermark at the newest window")
        assert len(news_of_sleep(receiver)) == heard

    assert_whole(database)


def test_a_reset_while_nobody_watches(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """The next service scores what is stored before it moves the watermark."""
    orders = told(database, tmp_path, interval_s=3.0, baseline_windows=2)
    with by_hand(orders, database, channels=("telegram",)) as hand:
        for _ in range(3):
            shop.work()
            hand.tick()
        shop.execute(hand.slow_call())
        hand.tick()
        assert ask(database, SCORES) >= 1
        messages = ask(database, "SELECT count(*) FROM monitoring.outbox")
        with pg.connect(database) as conn:
            conn.execute(BY_HAND)
            conn.execute("DELETE FROM monitoring.anomaly_scores")
        hand.restart()
        hand.tick()
        assert not ask(database, JUDGED)
        hand.spare()
        assert ask(database, SCORES) >= 1
        hand.tick()
        assert ask(database, JUDGED)
        assert ask(database, "SELECT count(*) FROM monitoring.outbox WHERE kind LIKE '%%opened'") == messages


def test_what_scripts_have_left_is_scored_and_told(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """Snapshots of the collecting script become windows, scores and news when the service starts."""
    orders = told(database, tmp_path, interval_s=3.0, baseline_windows=2)
    with by_hand(orders, database, channels=("telegram",)) as hand:
        for _ in range(3):
            shop.work()
            hand.tick()
        lease = hand.watch._lease
        shop.execute(hand.slow_call())
        stages.collect(hand.store, lease, hand.target, hand.clock, interval_s=0.5)
        assert not ask(database, JUDGED)
        hand.restart()
        assert ask(database, JUDGED)
        hand.tick()
    assert_whole(database)
