"""
PostgreSQL's binary COPY format, as numpy sees it.

A file is a header, rows, a trailer. A row is the number of its fields, and for each field its length and its bytes, all
big-endian. Where every field has a fixed width and none is NULL, rows are a numpy array as they stand.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
NULL_LENGTH = -1

# Microseconds from 1970, where numpy and we count from, to 2000, where PostgreSQL does.
EPOCH_US = 946_684_800_000_000
FIRST_US = np.iinfo(np.int64).min
LAST_US = np.iinfo(np.int64).max


@lru_cache(maxsize=64)
def row_dtype(fields: tuple[np.dtype[np.generic], ...]) -> np.dtype[np.void]:
    """Return the layout of a row with *fields*: count, then length_0, value_0, length_1, value_1 and so on."""
    layout: list[tuple[str, object]] = [("count", ">i2")]
    for position, field in enumerate(fields):
        layout += [(f"length_{position}", ">i4"), (f"value_{position}", field.newbyteorder(">"))]
    return np.dtype(layout)


def since_1970(wire_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return PostgreSQL's microseconds in ours; -infinity and infinity are the smallest and the largest number."""
    ours = np.minimum(wire_us, LAST_US - EPOCH_US) + EPOCH_US
    return np.where(wire_us == FIRST_US, FIRST_US, ours)


def since_2000(our_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return our microseconds in PostgreSQL's; the smallest and the largest number are -infinity and infinity."""
    theirs = np.maximum(our_us, FIRST_US + EPOCH_US) - EPOCH_US
    return np.where(our_us == LAST_US, LAST_US, np.where(our_us == FIRST_US, FIRST_US, theirs))
