"""
Memory that one tick frees stays with the process for the next.

A tick makes hundreds of arrays of some 100 kB each. The C library gives such memory back to the kernel at once, and a
moment later the kernel hands it out anew, a page fault for every 4 kB: a fifth of the processor time of a tick.
"""

import ctypes

KEPT_BYTES = 32 << 20
"""Freed memory that is kept: about what a tick of 5,000 statements takes on its way."""
LARGEST_BYTES = 16 << 20
"""A larger piece is still given back at once."""

# malloc.h of the GNU C library
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep() -> bool:
    """Have freed memory kept from now on; False with a C library that cannot be asked (musl, macOS)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES) and mallopt(_M_MMAP_THRESHOLD, LARGEST_BYTES))
