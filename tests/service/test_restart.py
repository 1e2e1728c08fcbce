"""After a restart everything is as it was: numbers, open incidents, the streak."""

from pathlib import Path

import numpy as np

from pganomaly import pg
from pganomaly.detectors import modelfile
from pganomaly.pipeline import Judgement
from tests.service.watching import Hand, by_hand
from tests.stories.town import Shop, ask, told


def test_windows_since_the_checkpoint_are_replayed(shop: Shop, database: pg.Conninfo, tmp_path: Path):
    """The checkpoint is older than the incident: the replay must not know of it before it opens, and then must."""
    with by_hand(told(database, tmp_path, baseline_windows=2), database) as hand:
        for _ in range(4):
            shop.work()
            hand.tick()
        assert ask(database, "SELECT count(*) FROM monitoring.checkpoints") == 1
        shop.execute(hand.slow_call())
        for _ in range(3):
            hand.tick()
            shop.work()
        before = _judgement(hand)
        assert before.desk.open
        hand.restart()
        after = _judgement(hand)

    assert after.windows == before.windows
    assert after.upto == before.upto
    assert after.streak == before.streak
    assert after.desk == before.desk
    one, other = (modelfile.unpack(j.baseline.dumps(), "baseline").arrays for j in (before, after))
    assert one.keys() == other.keys()
    for name, numbers in one.items():
        if numbers.dtype.kind == "f":
            np.testing.assert_allclose(other[name], numbers, rtol=1e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(other[name], numbers, err_msg=name)


def _judgement(hand: Hand) -> Judgement:
    return hand.watch._observer.memory.judgement
