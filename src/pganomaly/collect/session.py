"""
The one conversation with one watched server.

in    a Target, the texts that are known, the time
out   Readings, and samples of activity in between
not   nothing is written there, nothing outlives a transaction, no read is longer than its limit
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import numpy as np
import psycopg
import structlog
from numpy.typing import NDArray

from pganomaly import errors, pg
from pganomaly.collect import activity, capabilities, counters, texts
from pganomaly.collect.capabilities import Capabilities
from pganomaly.collect.known import KnownTexts
from pganomaly.collect.names import Names, outsiders
from pganomaly.collect.target import Limits, Target, explained
from pganomaly.records import Activity, Reading, Snapshot, Text, TextState, locate

T = TypeVar("T")

log = structlog.stdlib.get_logger()

MOST_SAMPLES = 10_000
"""Sessions remembered between two readings; older ones give way."""

_CHANGED = (
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.ObjectNotInPrerequisiteState,
    psycopg.errors.InsufficientPrivilege,
    errors.CopyShapeError,
    errors.ExtensionChanged,
)
"""The server is no longer what it was when we looked: an extension updated or moved, a privilege revoked."""


class Session:
    """
    Keeps one connection to one server, made when it is needed and made again when it is lost.

    Not for two threads at once. Every failure is an errors.ConnectError or an errors.TargetError; after it the session
    can be used again. No failure to read a text or a name costs a number.
    """

    def __init__(self, target: Target, *, limits: Limits | None = None) -> None:
        self.target = target
        self.limits = limits or Limits()
        self._conn: pg.Connection | None = None
        self._can: Capabilities | None = None
        self._layout: counters.Layout | None = None
        self._names = Names()
        self._previous: Snapshot | None = None
        self._samples: deque[Activity] = deque(maxlen=MOST_SAMPLES)

    def probe(self) -> Capabilities:
        """Return what may be read here, looked up anew."""
        self._look_again()
        return self._attempt(lambda _, can: can)

    def read(self, known: KnownTexts, interval_s: float, monotonic_s: float) -> Reading:
        """
        Return the counters of this moment, the texts that *known* lacks of what moved, and the samples taken since.

        *known* is told which texts were read. monotonic_s is our steady clock right now; the time that it takes to
        connect and to ask is added, so that the snapshot's moment is the same by both clocks.
        """
        began_s = time.monotonic() - monotonic_s
        snapshot = self._attempt(
            lambda conn, can: counters.read(
                conn,
                can,
                self._layout_of(can),
                self.limits,
                interval_s=interval_s,
                steady_s=lambda: time.monotonic() - began_s,
            )
        )
        new = self._texts(snapshot, known, monotonic_s)
        known.shrink(snapshot.keys)
        self._learn_names(snapshot)
        self._previous = snapshot
        samples = tuple(self._samples)
        self._samples.clear()
        return Reading(
            snapshot=snapshot,
            texts=new,
            activity=samples,
            databases=dict(self._names.databases),
            roles=dict(self._names.roles),
            outsiders=outsiders(self._names.databases, self._names.roles),
            major=self._can.server.version // 10_000 if self._can is not None else None,
            extension_schema=self._can.extension.schema if self._can is not None else None,
        )

    def sample(self) -> tuple[Activity, ...]:
        """Return who is at work now; the next reading carries it, too."""
        seen = self._attempt(lambda conn, can: activity.read(conn, can, self.limits))
        self._samples.extend(seen)
        return seen

    def forget(self) -> None:
        """Take the next reading for the first one: the last got lost on its way, and its texts with it."""
        self._previous = None

    def close(self) -> None:
        """End the conversation; the next call would start another."""
        conn, self._conn = self._conn, None
        self._look_again()
        if conn is not None:
            with suppress(psycopg.Error):
                conn.close()

    def _texts(self, snapshot: Snapshot, known: KnownTexts, at_s: float) -> tuple[Text, ...]:
        moved = np.flatnonzero(self._moved(snapshot))
        wanted = moved[known.wanted(snapshot.keys[moved], at_s)]
        if not len(wanted):
            return ()
        busiest = wanted[np.argsort(-snapshot.counters["total_exec_time"][wanted], kind="stable")]
        read = self._spare(lambda conn, can: texts.read(conn, can, snapshot.keys[busiest], self.limits))
        known.note(read or (), at_s)
        unread = sum(text.state is not TextState.READ for text in read or ())
        if unread:
            log.warning("texts.unread", target=self.target.name, statements=unread, code="PGA-016")
        return read or ()

    def _moved(self, snapshot: Snapshot) -> NDArray[np.bool_]:
        """Return which statements were called since the last reading; all of them in the first one."""
        if self._previous is None or not len(self._previous):
            return np.ones(len(snapshot), np.bool_)
        place = locate(snapshot.keys, self._previous.keys)
        before = self._previous.counters["calls"][place]
        moved: NDArray[np.bool_] = (place < 0) | (before != snapshot.counters["calls"])
        return moved

    def _learn_names(self, snapshot: Snapshot) -> None:
        self._spare(lambda conn, _: self._names.learn(conn, snapshot.keys, self.limits))

    def _spare(self, work: Callable[[pg.Connection, Capabilities], T]) -> T | None:
        """Do what a reading can do without: where it fails the next reading tries again."""
        try:
            return self._attempt(work)
        except (errors.TargetError, errors.ConnectError) as error:
            log.warning("reading.incomplete", target=self.target.name, code=error.code, error=str(error))
            return None

    def _attempt(self, work: Callable[[pg.Connection, Capabilities], T]) -> T:
        """
        Do *work*, once more where the first failure only shows that the server is not what it was.

        A connection that was idle since the last reading may have died unnoticed; that costs no reading either.
        """
        reused = self._conn is not None
        with explained(self.target.conninfo.server, self.limits):
            try:
                return work(*self._ready())
            except _CHANGED as change:
                log.info("target.changed", target=self.target.name, error=str(change).partition("\n")[0])
                self._look_again()
            except psycopg.errors.QueryCanceled:
                raise
            except psycopg.Error:
                if not (reused and self._conn is not None and self._conn.closed):
                    raise
                self.close()
            return work(*self._ready())

    def _ready(self) -> tuple[pg.Connection, Capabilities]:
        if self._conn is None or self._conn.closed:
            self.close()
            self._conn = pg.connect(self.target.conninfo, connect_timeout_s=self.limits.connect_timeout_s)
            self._names = Names()
        if self._can is None:
            self._can = capabilities.probe(self._conn, self.limits)
        return self._conn, self._can

    def _look_again(self) -> None:
        self._can = self._layout = None

    def _layout_of(self, can: Capabilities) -> counters.Layout:
        if self._layout is None:
            self._layout = counters.Layout.of(can)
        return self._layout
