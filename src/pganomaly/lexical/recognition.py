"""
Which statement a session runs that the server gives no id for: the one of the same role with the same text.

in    sessions, and what is known of texts
out   the same sessions, those with a known text with the id of its statement
"""

from collections.abc import Sequence
from dataclasses import replace

from pganomaly.records import Activity, Shapes


def recognised(activity: Sequence[Activity], shapes: Shapes) -> tuple[Activity, ...]:
    """Return *activity* with a query_id wherever a fingerprint leads to one, of several to the newest."""
    wanted = {(a.dbid, a.userid, a.fingerprint) for a in activity if a.fingerprint is not None and a.query_id is None}
    if not wanted:
        return tuple(activity)
    known: dict[tuple[int | None, int | None, str | None], int] = {
        wants: key.queryid
        for key, shape in shapes.by_key.items()
        if key.toplevel and (wants := (key.dbid, key.userid, shape.fingerprint)) in wanted
    }
    return tuple(
        replace(a, query_id=known.get((a.dbid, a.userid, a.fingerprint))) if a.query_id is None else a for a in activity
    )
