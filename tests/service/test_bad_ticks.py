"""One bad tick never ends the loop, whatever is bad about it, and costs no call and no text."""

from pathlib import Path
from typing import Any

import pytest

from pganomaly import pg, pipeline
from tests.service.watching import by_hand
from tests.stories.town import Shop, ask, assert_adds_up, assert_whole, sums, told


@pytest.mark.parametrize("broken", ["judge", "account"])
def test_something_in_our_own_thinking_breaks(
    shop: Shop, database: pg.Conninfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
):
    """The window of the next tick spans the lost one; what cannot be put into words is stored all the same."""

    def breaks(*args: Any, **options: Any) -> None:
        raise ZeroDivisionError("a mistake of ours")

    truth = shop.counters()
    with by_hand(told(database, tmp_path), database) as hand:
        hand.tick()
        shop.work()
        hand.tick()
        shop.work()
        shop.execute("SELECT 1 AS never_seen_before")
        with monkeypatch.context() as patched:
            patched.setattr(pipeline, broken, breaks)
            hand.tick()
        shop.work()
        hand.tick()

    assert_adds_up(truth, shop.counters(), sums(database))
    assert assert_whole(database) == (2 if broken == "judge" else 3)
    texts = "SELECT count(*) FROM monitoring.query_lex_features WHERE userid = to_regrole(%s) AND query_text LIKE %s"
    assert ask(database, texts, shop.role, "SELECT % AS never_seen_before") == 1
