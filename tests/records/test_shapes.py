"""What is known of texts grows a few at a time, and reads as though it had been learned at once."""

import numpy as np

from pganomaly import lexical
from pganomaly.records import Key, Shapes, keys_of

TEXTS = [
    "SELECT 1 FROM orders",
    "BEGIN",
    "INSERT INTO carts (a, b) VALUES ($1, $2)",
    "SELECT a FROM b JOIN c USING (d)",
]
SHAPES = {Key(5, 10, n): lexical.describe(text) for n, text in enumerate(TEXTS)}


def test_shapes_learned_one_by_one_are_those_learned_at_once():
    """A text seen again later wins, whichever way the others came."""
    again = {Key(5, 10, 1): lexical.describe("SELECT now()")}
    at_once = Shapes() | SHAPES | again
    one_by_one = Shapes()
    for key, shape in SHAPES.items():
        one_by_one |= {key: shape}
    one_by_one |= again

    wanted = keys_of(SHAPES)
    for known in (at_once, one_by_one):
        columns, system = known.of(wanted)
        assert np.array_equal(columns.values, (Shapes() | {**SHAPES, **again}).of(wanted)[0].values)
        assert system.tolist() == [False, False, False, False]
    assert (Shapes() | SHAPES).of(wanted)[1].tolist() == [False, True, False, False]
