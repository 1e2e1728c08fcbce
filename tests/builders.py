"""Values for tests, said in few words: snapshots of a handful of statements, one second apart or as told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from pganomaly.catalog import COUNTERS
from pganomaly.records import UNKNOWN_US, Counters, Epoch, Key, Snapshot, keys_of

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NAMES = tuple(c.name for c in COUNTERS)
SERVER = Epoch(
    system_identifier=7, timeline=1, in_recovery=False, postmaster_start=NOON - timedelta(days=9), stats_reset=NOON
)


def key(queryid: int, *, toplevel: bool = True, dbid: int = 5, userid: int = 10) -> Key:
    return Key(dbid, userid, queryid, toplevel)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def snapshot(
    seconds: float,
    entries: Mapping[Key, Mapping[str, float]],
    *,
    since: Mapping[Key, float] | None = None,
    epoch: Epoch = SERVER,
    dealloc: int | None = 0,
    entries_max: int | None = 5000,
    hidden: int = 0,
    interval_s: float = 60.0,
    monotonic_s: float | None = None,
) -> Snapshot:
    """
    A snapshot taken *seconds* after noon. Counters that are not named are 0; a name that is 0 everywhere exists.

    *since* gives the second at which entries began (an extension of 1.11 or later); without it none is dated.
    """
    values = np.zeros((len(NAMES), len(entries)))
    for column, numbers in enumerate(entries.values()):
        for name, number in numbers.items():
            values[NAMES.index(name), column] = number
    dated = [UNKNOWN_US if since is None else microseconds(at(since[k])) for k in entries]
    return Snapshot(
        taken_at=at(seconds),
        monotonic_s=seconds if monotonic_s is None else monotonic_s,
        epoch=epoch,
        keys=keys_of(entries),
        counters=Counters(NAMES, values),
        stats_since_us=np.array(dated, dtype=np.int64),
        entries_max=entries_max,
        dealloc=dealloc,
        hidden=hidden,
        interval_s=interval_s,
    )


def restarted(epoch: Epoch, seconds: float) -> Epoch:
    return replace(epoch, postmaster_start=at(seconds))


def reset(epoch: Epoch, seconds: float) -> Epoch:
    return replace(epoch, stats_reset=at(seconds))
