"""How large the store will become, before the first row is written."""

from datetime import timedelta

from pganomaly.storage.upkeep import Retention

# Bytes per row on PostgreSQL 18, indexes included; `make bench` measures them.
RAW_BYTES = 266
DELTA_BYTES = 222
FEATURE_BYTES = 197
ROLLUP_BYTES = 196

_DAY_S = 86_400.0
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
# A day is dropped when all of it is too old, so one more day is there than asked for.
_PARTIAL = _DAY


def forecast(statements_per_window: float, interval_s: float, retention: Retention) -> int:
    """
    Return the bytes that the store comes to, its limit aside.

    statements_per_window  how many run in a window; idle ones cost nothing

    Example: forecast(400, 60, Retention()) is about 3.1 GB, of which STORE_MAX_GB allows 5.
    """
    windows_per_day = _DAY_S / interval_s
    daily = statements_per_window * windows_per_day
    kept = (
        RAW_BYTES * daily * _days(retention.raw)
        + DELTA_BYTES * daily * _days(retention.deltas)
        + FEATURE_BYTES * daily * _days(retention.features)
        + ROLLUP_BYTES * statements_per_window * (retention.rollups / _HOUR)
    )
    return int(kept)


def _days(kept: timedelta) -> float:
    return (kept + _PARTIAL) / _DAY
