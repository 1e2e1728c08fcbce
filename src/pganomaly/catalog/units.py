"""Units of measure, and how a number of each is written for people."""

from enum import StrEnum


class Unit(StrEnum):
    """What a number counts."""

    COUNT = "count"
    MS = "ms"
    BLOCKS = "blocks"
    BYTES = "bytes"
    ROWS = "rows"
    PER_S = "1/s"
    MS_PER_S = "ms/s"
    BLOCKS_PER_S = "blocks/s"
    BYTES_PER_S = "bytes/s"
    ROWS_PER_S = "rows/s"
    SECONDS = "s"
    SHARE = "share"
    RATIO = "ratio"
    MS2 = "ms^2"
