"""
Finished hours, added up: they outlive the windows they are made of.

in    what opens a short write transaction
out   rows of rollups, each hour once
not   no hour is touched before its last window is stored
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from pganomaly import pg
from pganomaly.storage import partitions
from pganomaly.storage.partitions import Partition
from pganomaly.storage.statements import load

MOST_HOURS = 48
"""Hours that one upkeep rolls up at most, per instance: a long backlog is worked off bit by bit."""
_LOCK_TIMEOUT_S = 0.5

_SQL = load("upkeep")
_QUERIES = load("queries")
_INSTANCES = load("instances")


def catch_up(writing: Callable[[float], AbstractContextManager[pg.Connection]]) -> int:
    """Roll up every finished hour of every instance and return how many there were."""
    with writing(_LOCK_TIMEOUT_S) as conn:
        instances = [row[0] for row in conn.execute(_INSTANCES["instances"]).fetchall()]
    hours = 0
    for instance_id in instances:
        for _ in range(MOST_HOURS):
            with writing(_LOCK_TIMEOUT_S) as conn:
                if not roll_up(conn, instance_id):
                    break
            hours += 1
    return hours


def roll_up(conn: pg.Connection, instance_id: int) -> bool:
    """Roll up the next finished hour of an instance and return whether there was one."""
    row = conn.execute(_SQL["next_hour"], {"instance_id": instance_id}).fetchone()
    if row is None:
        return False
    given = {"instance_id": instance_id, "since": row[0], "upto": row[0] + timedelta(hours=1)}
    if conn.execute(_SQL["advance_hour"], given).rowcount:
        partitions.ensure(conn, (Partition.of("rollups", row[0]),))
        conn.execute(_SQL["roll_up"], given)
        conn.execute(_QUERIES["seen"], given)
        conn.execute(_QUERIES["texts_seen"], given)
    return True
