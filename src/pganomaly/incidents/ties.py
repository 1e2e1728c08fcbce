"""What ties statements together: a role, a table, a text."""

from collections.abc import Iterable

from pganomaly.records import Key, Shapes


def tied(key: Key, others: Iterable[Key], shapes: Shapes) -> bool:
    """Return whether a statement has a tie to one of the *others*: the same role in the same database, or a table."""
    own = shapes.by_key.get(key)
    tables = set(own.tables) if own else set()
    for other in others:
        if (other.dbid, other.userid) == (key.dbid, key.userid):
            return True
        shape = shapes.by_key.get(other)
        if shape is not None and other.dbid == key.dbid and not tables.isdisjoint(shape.tables):
            return True
    return False
