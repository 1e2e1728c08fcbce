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


def test_what_the_server_has_evicted_is_forgotten_once_there_is_much_of_it():
    """Statements on temporary tables come and go by the thousand, each with a text of its own."""
    shape = SHAPES[Key(5, 10, 0)]
    there = keys_of(SHAPES)
    shapes = Shapes() | SHAPES
    most = 0
    for day in range(10):
        shapes |= {Key(5, 10, 1000 * day + n + 100): shape for n in range(500)}
        shapes = shapes.shrunk(there)
        most = max(most, len(shapes.by_key))

    assert most < 2000
    assert shapes.keys.tolist() == [tuple(key) for key in shapes.by_key]
    assert shapes.of(there)[1].tolist() == [False, True, False, False]
    assert (Shapes() | SHAPES).shrunk(there[:1]).by_key == SHAPES, "a few more are not worth the trouble"
