"""What the user said must be at stake."""

from typing import NamedTuple


class Gate(NamedTuple):
    """Excess execution time that matters: as a share of the server's DB time, and in ms per second."""

    min_share: float = 0.003
    min_ms_per_s: float = 0.5


DEFAULT = Gate()
