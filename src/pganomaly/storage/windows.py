"""
One window into its tables: deltas, then features.

in    a connection inside a transaction, a Window or its Matrix
out   rows of pgss_deltas and features_windows; the snapshot that ends the window says that they are there
not   nothing twice: who comes second is refused
"""

from datetime import UTC

from pganomaly import errors, pg
from pganomaly.pg import Column
from pganomaly.records import Matrix, Window
from pganomaly.storage.rows import (
    DELTA,
    DELTA_TYPES,
    FEATURE,
    FEATURE_TYPES,
    constant,
    key_columns,
    number_columns,
    stamp,
)
from pganomaly.storage.statements import load

_SQL = load("snapshots")


def put_window(conn: pg.Connection, instance_id: int, window: Window, matrix: Matrix | None) -> None:
    """Store the deltas of *window*, and its features given its *matrix*; errors.AlreadyStored, WindowOutOfPlace."""
    end = window.end.astimezone(UTC)
    closed = conn.execute(
        _SQL["close_window"],
        {
            "instance_id": instance_id,
            "window_start": window.start,
            "window_end": end,
            "length_s": window.length_s,
            "quality": window.quality.value,
            "statements": len(window),
            "with_features": matrix is not None,
        },
    ).fetchone()
    if closed is None:
        raise errors.AlreadyStored(at=end.isoformat())
    if not closed[0]:
        raise errors.WindowOutOfPlace(at=end.isoformat())
    pg.copy_in(conn, DELTA, [*_about(instance_id, window), *number_columns(window.deltas, DELTA_TYPES, "_delta")])
    if matrix is not None:
        _copy_features(conn, instance_id, matrix)


def put_features(conn: pg.Connection, instance_id: int, matrix: Matrix) -> None:
    """Store the features of a window whose deltas are stored; errors.AlreadyStored."""
    end = matrix.window.end.astimezone(UTC)
    given = {"instance_id": instance_id, "window_end": end}
    if conn.execute(_SQL["close_features"], given).rowcount != 1:
        raise errors.AlreadyStored(at=end.isoformat())
    _copy_features(conn, instance_id, matrix)


def _copy_features(conn: pg.Connection, instance_id: int, matrix: Matrix) -> None:
    columns = number_columns(matrix.features, FEATURE_TYPES)
    pg.copy_in(conn, FEATURE, [*_about(instance_id, matrix.window), *columns])


def _about(instance_id: int, window: Window) -> list[Column]:
    return [
        constant("instance_id", "smallint", instance_id, len(window)),
        *key_columns(window.keys),
        Column("doubtful", "boolean", window.doubtful),
        constant("window_start", "timestamptz", stamp(window.start), len(window)),
        constant("window_end", "timestamptz", stamp(window.end), len(window)),
    ]
