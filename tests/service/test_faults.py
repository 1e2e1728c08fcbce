"""Whatever fails on the way into the store: all of a tick is stored or none, once, and nothing is lost."""

from pathlib import Path

import pytest

from pganomaly import pg
from tests.service.faults import Moment, faults
from tests.service.watching import by_hand
from tests.stories.town import Shop, ask, assert_adds_up, assert_whole, sums, told


@pytest.mark.parametrize("restarts", [False, True], ids=["goes on", "restarts"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failure_at_every_statement(shop: Shop, database: pg.Conninfo, tmp_path: Path, when: Moment, restarts: bool):
    """Before and after each statement of a tick the connection breaks; the next tick, or the next process, goes on."""
    truth = shop.counters()
    with by_hand(told(database, tmp_path), database) as hand, faults(str(database.dbname)) as broken:
        for _ in range(2):
            hand.tick()
            shop.work()
        broken.arm(None)
        hand.tick()
        statements = len(broken.sent)
        assert statements > 10
        for number in range(1, statements + 1, 3 if restarts else 1):
            shop.work()
            if number == 4:
                shop.execute(f"SELECT {number} AS something_new")
            broken.arm(number, when)
            hand.tick()
            broken.arm(None)
            assert_whole(database)
            if restarts:
                hand.restart()
            else:
                hand.tick()
                assert_whole(database)
        hand.tick()
        assert len(hand.watch._ledger) == 0

    assert_adds_up(truth, shop.counters(), sums(database))
    texts = "SELECT count(*) FROM monitoring.query_lex_features WHERE userid = to_regrole(%s) AND query_text LIKE %s"
    assert ask(database, texts, shop.role, "SELECT % AS something_new") == 1
