"""What names a statement on one server: (dbid, userid, queryid, toplevel). Two entries may differ in toplevel alone."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

KEY = np.dtype([("dbid", "<u4"), ("userid", "<u4"), ("queryid", "<i8"), ("toplevel", "?")])

KeyArray = NDArray[np.void]
"""One-dimensional array of dtype KEY."""

_FACTORS = {
    "dbid": np.uint64(0x9E3779B97F4A7C15),
    "userid": np.uint64(0xBF58476D1CE4E5B9),
    "toplevel": np.uint64(0x94D049BB133111EB),
}


class Key(NamedTuple):
    """One statement of one server, as PostgreSQL tells statements apart."""

    dbid: int
    userid: int
    queryid: int
    toplevel: bool = True


def keys_of(keys: Iterable[Key]) -> KeyArray:
    """Return *keys* as an array, for the rooms that think in columns."""
    return np.array([tuple(key) for key in keys], dtype=KEY)


def identities(keys: KeyArray) -> NDArray[np.uint64]:
    """
    Return one 64-bit number per key, so that keys sort and search as fast as integers do.

    The finaliser of splitmix64 (Steele, Lea, Flood 2014) over the fields. Equal numbers do not prove equal keys
    (chance 1e-10 at 50,000 statements): whoever matches by them compares the keys too, as locate() does.
    """
    mixed = keys["queryid"].astype(np.uint64)
    for part in (keys["dbid"], keys["userid"], keys["toplevel"]):
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = (mixed ^ (mixed >> np.uint64(31))) + part.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mixed


def locate(wanted: KeyArray, among: KeyArray) -> NDArray[np.intp]:
    """Return, for each key *wanted*, its position in *among*, or -1 where it is not there."""
    if not len(among) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.intp)
    # The server lists its entries in the same order as long as none comes or goes: nothing to search then.
    if len(among) == len(wanted) and np.array_equal(among, wanted):
        return np.arange(len(wanted), dtype=np.intp)
    there, sought = _numbers(among), _numbers(wanted)
    order, turn = np.argsort(there), np.argsort(sought)
    # Neighbours are sought one after the other: that finds the way through the caches.
    place = np.searchsorted(there[order], sought[turn])
    found = np.empty(len(wanted), dtype=np.intp)
    found[turn] = order[np.minimum(place, len(order) - 1)]
    same = [among[name].take(found) == wanted[name] for name in KEY.names or ()]
    return np.where(np.logical_and.reduce(same), found, -1)


def _numbers(keys: KeyArray) -> NDArray[np.uint64]:
    """Return numbers that tell keys apart as well as identities() does, for a third of the price."""
    numbers = keys["queryid"].astype(np.uint64)
    for name, factor in _FACTORS.items():
        numbers += keys[name] * factor
    return numbers
