"""
What one tick leaves behind, in one transaction that belongs to the holder of the lease.

in    a connection inside a transaction whose fence is checked, and what the thinking rooms made
out   rows; the big tables by COPY, everything else by small statements of one shape each
not   no commit: that is Store.tick's, so that all of it is there or none
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from pganomaly import pg
from pganomaly.records import Change, Finding, Key, Matrix, Message, Shape, Snapshot, TextState, Window
from pganomaly.storage import detection, outbox, partitions, queries, snapshots, windows
from pganomaly.storage.snapshots import Stored


class Work:
    """The writers of one tick. Each may be called once per snapshot or window."""

    def __init__(self, conn: pg.Connection, instance_id: int) -> None:
        self._conn = conn
        self.instance_id = instance_id
        self._days: set[date] = set()

    def snapshot(
        self,
        snapshot: Snapshot,
        *,
        newest: Snapshot | None,
        moved: NDArray[np.bool_],
        reference: Snapshot | None = None,
        shapes: Mapping[Key, Shape] | None = None,
        whole: bool = False,
        cost: Mapping[str, float] | None = None,
    ) -> Stored:
        """
        Store what moved of *snapshot*, or all of it: the first of a start, the first of a day, or when it is time.

        errors.AlreadyStored where this moment is stored: a commit whose answer got lost had succeeded.

        newest     the photo before (None at a start); what it has and *snapshot* has not gets a tombstone
        moved      deltas.moved(newest, snapshot)
        reference  deltas.reference(..., snapshot): where it differs from *snapshot*, a statement moved without a call
        shapes     of texts seen for the first time: their redacted text goes into their rows
        cost       ms that the tick took, by stage
        """
        self._make_room(snapshot.taken_at)
        return snapshots.put(
            self._conn,
            self.instance_id,
            snapshot,
            newest=newest,
            moved=moved,
            reference=reference,
            shapes=shapes or {},
            whole=whole,
            cost=cost or {},
        )

    def window(self, window: Window, matrix: Matrix | None = None) -> None:
        """
        Store the deltas of *window*, and its features where *matrix* has them.

        errors.AlreadyStored where they are; errors.WindowOutOfPlace where *window* does not begin at the snapshot
        before it.
        """
        self._make_room(window.end)
        windows.put_window(self._conn, self.instance_id, window, matrix)

    def features(self, matrix: Matrix) -> None:
        """Store the features of a window whose deltas are stored; errors.AlreadyStored if they are."""
        self._make_room(matrix.window.end)
        windows.put_features(self._conn, self.instance_id, matrix)

    def shapes(
        self,
        shapes: Mapping[Key, Shape],
        *,
        at: datetime,
        unread: Mapping[Key, TextState] | None = None,
        databases: Mapping[int, str] | None = None,
        roles: Mapping[int, str] | None = None,
    ) -> int:
        """Store both who statements are and what their texts look like; return how many texts were new or changed."""
        self.queries(shapes, at=at, unread=unread, databases=databases, roles=roles)
        return self.lexical(shapes, at=at)

    def queries(
        self,
        shapes: Mapping[Key, Shape],
        *,
        at: datetime,
        unread: Mapping[Key, TextState] | None = None,
        databases: Mapping[int, str] | None = None,
        roles: Mapping[int, str] | None = None,
    ) -> None:
        """Store who statements are that are seen for the first time, and which texts could not be read."""
        names = queries.Names(databases or {}, roles or {})
        queries.put_queries(self._conn, self.instance_id, shapes, unread or {}, names, at=at)

    def lexical(self, shapes: Mapping[Key, Shape], *, at: datetime) -> int:
        """Store what texts look like, with the redacted text itself; return how many were new or changed."""
        return queries.put_texts(self._conn, self.instance_id, shapes, at=at)

    def findings(self, model_version: str, findings: Iterable[Finding]) -> int:
        """Store anomalous windows of statements and return how many; the same again replaces them."""
        found = tuple(findings)
        for finding in found:
            self._make_room(finding.window_end)
        detection.put_findings(self._conn, self.instance_id, model_version, found)
        return len(found)

    def changes(self, changes: Iterable[Change], *, author: str = "pganomaly") -> None:
        """Store incidents as they stand now, with the steps that led there."""
        for change in changes:
            detection.put_change(self._conn, self.instance_id, change, author)

    def outbox(self, messages: Iterable[Message], channels: Iterable[str], *, at: datetime) -> int:
        """Queue messages for channels; what is queued already stays as it is. Return how many deliveries are new."""
        return outbox.put(self._conn, self.instance_id, tuple(messages), tuple(channels), at=at)

    def state(
        self, last_window_end: datetime, streak: int, *, seen: detection.DetectorState | None = None
    ) -> detection.DetectorState | None:
        """
        Move watermark and streak, mark what is judged by now, and return the state as it is then.

        Return None, having changed nothing, where somebody has reset the state since it was *seen*.
        """
        return detection.put_state(self._conn, self.instance_id, last_window_end, streak, seen)

    def checkpoint(self, window_end: datetime, payload: bytes) -> None:
        """Store what the engine remembers after a window, in place of what it remembered before."""
        detection.put_checkpoint(self._conn, self.instance_id, window_end, payload)

    def _make_room(self, moment: datetime) -> None:
        """Make the partitions that rows of a moment go to; asked for once a day and transaction."""
        day = moment.astimezone(UTC).date()
        if day not in self._days:
            partitions.ensure(self._conn, partitions.current(moment))
            self._days.add(day)
