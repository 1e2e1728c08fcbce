"""Values of varying width in PostgreSQL's binary format, one by one: for small tables and few texts of large ones."""

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_JSONB_VERSION = b"\x01"
_OID_OF_TEXT, _OID_OF_OID, _OID_OF_BIGINT = 25, 26, 20


def encoded(
    sql_type: str, values: Sequence[Any] | NDArray[np.generic], null: NDArray[np.bool_] | None
) -> list[bytes | None]:
    """Return the bytes of every value, None for NULL."""
    encode = _ENCODERS[sql_type]
    cells = [None if value is None else encode(value) for value in values]
    if null is None:
        return cells
    return [None if gone else cell for cell, gone in zip(cells, null, strict=True)]


def _array(oid: int, elements: Sequence[bytes]) -> bytes:
    """Return a one-dimensional array; an empty one has no dimension."""
    if not elements:
        return struct.pack(">iiI", 0, 0, oid)
    body = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return struct.pack(">iiIii", 1, 0, oid, len(elements), 1) + body


_ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "text": str.encode,
    "jsonb": lambda text: _JSONB_VERSION + text.encode(),
    "bytea": bytes,
    "text[]": lambda texts: _array(_OID_OF_TEXT, [text.encode() for text in texts]),
    "oid[]": lambda oids: _array(_OID_OF_OID, [struct.pack(">I", oid) for oid in oids]),
    "bigint[]": lambda numbers: _array(_OID_OF_BIGINT, [struct.pack(">q", number) for number in numbers]),
}
