"""The service at work: every table fills, sums are exact, what is odd is found and told."""

from pathlib import Path

from pganomaly import pg
from tests.notify.receiver import TOKEN, Receiver
from tests.stories.town import Shop, ask, assert_adds_up, assert_whole, service, sums, told, until, wait_windows


def test_from_counters_to_a_message(shop: Shop, database: pg.Conninfo, receiver: Receiver, tmp_path: Path):
    """All tables fill, deltas are what the server counted, a slow newcomer is found, told, and told to be over."""
    orders = told(
        database, tmp_path, telegram_bot_token=TOKEN, telegram_chat_id="-1001", telegram_api_url=receiver.url
    )  # fmt: skip
    before = shop.counters()
    with service(orders, database):
        until(lambda: ask(database, "SELECT count(*) FROM monitoring.snapshots"), "the first snapshot")
        with shop.busy():
            until(lambda: ask(database, "SELECT count(*) FROM monitoring.models WHERE active"), "a model")
            shop.execute("SELECT pg_sleep(3)")
            wait_windows(database, 2)
            scored = (
                "SELECT count(*) FROM monitoring.anomaly_scores s JOIN monitoring.query_lex_features l"
                " USING (instance_id, dbid, userid, queryid) WHERE l.query_text LIKE '%%pg_sleep%%'"
            )
            assert ask(database, scored) >= 1
            until(lambda: any("pg_sleep" in posted.text for posted in receiver.chat.values()), "a message")
        wait_windows(database, 2)
        ended = lambda: [p for p in receiver.chat.values() if p.reply_to and "pg_sleep" in p.text]  # noqa: E731
        until(ended, "the end of it", 120)

    assert assert_adds_up(before, shop.counters(), sums(database)) >= 12
    assert assert_whole(database) > 8
    for table in ("pgss_snapshots_raw", "pgss_deltas", "features_windows", "query_lex_features", "features_with_lex"):
        assert ask(database, f"SELECT count(*) FROM monitoring.{table}") > 0, table
    assert len([p for p in receiver.chat.values() if "pg_sleep" in p.text and p.reply_to is None]) == 1
