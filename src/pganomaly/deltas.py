"""
Two snapshots in, one window out.

in    two Snapshots of one server, older first
out   a Window: only statements that ran in it, and only their own work
not   no database, no clock, no smoothing, no opinion on what is odd

A false delta is the largest single source of false alarms, so a delta is given only where it is proven: the entry is
the one of the older snapshot (stats_since says so from extension 1.11 on; before, its server's statistics were not
reset and none of its counters fell), or it provably began after the older snapshot and counts from zero.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.catalog import COUNTERS, DELTAS, CounterKind
from pganomaly.records import UNKNOWN_US, Counters, Deltas, Epoch, Quality, Snapshot, Window, locate
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]

GAP_INTERVALS = 3.0
"""A window longer than this many intervals is a gap: its deltas are true, its latencies are not comparable."""
CLOCK_TOLERANCE = 0.1
"""Relative disagreement of the server's clock and our steady clock up to which the window's length is believed."""
CLOCK_SLACK_S = 0.5
"""Disagreement that scheduling alone may cause, however short the window."""
FULL_SHARE = 0.95
"""Share of pg_stat_statements.max from which on evictions are assumed where the server does not count them."""
PASS_SHARE = 0.05
"""Share of the entries, the least used ones, that one eviction pass of PostgreSQL throws out (10 at least)."""
LOST_SHARE = 0.5
"""Where the server does not tell of resets: more than this share of the entries gone or fallen is a reset of all."""

_CUMULATIVE = tuple(c.name for c in COUNTERS if c.kind is CounterKind.CUMULATIVE)
_ROWS = np.array([i for i, c in enumerate(COUNTERS) if c.kind is CounterKind.CUMULATIVE])
_NAMES = tuple(c.name for c in COUNTERS)
_CALLS, _TOTAL = _NAMES.index("calls"), _NAMES.index("total_exec_time")
_MIN, _MAX, _STDDEV = (_NAMES.index(f"{what}_exec_time") for what in ("min", "max", "stddev"))


class _Life(StrEnum):
    """What became of the counters of a server between two snapshots, apart from what single entries tell."""

    KEPT = "kept"
    EMPTIED = "emptied"
    UNKNOWN = "unknown"


def steady(older: Snapshot | None, newer: Snapshot) -> Snapshot:
    """Return *newer* with a taken_at after *older*: bounds of windows never go back, whatever a clock does."""
    if older is None or newer.taken_at > older.taken_at:
        return newer
    elapsed_s = newer.monotonic_s - older.monotonic_s
    step = timedelta(seconds=elapsed_s if elapsed_s > 0 else 0.001)
    return replace(newer, taken_at=older.taken_at + step, server_clock=newer.clock)


def between(older: Snapshot, newer: Snapshot, *, usual_s: float | None = None) -> Window:
    """
    Return what every statement did after *older* and up to *newer*.

    *older* is the reference made by `reference`: what moved without a call is carried into that key's next delta.
    A statement whose counters went back was reset or evicted: it waits for the next window, and is no burst.
    *usual_s* is the usual length of a window; the interval in force where it is not given.
    """
    return _window(older, newer, _Proof.of(older, newer), usual_s)


def reference(older: Snapshot | None, newer: Snapshot) -> Snapshot:
    """
    Return the snapshot from which the next window counts: *newer*, but what moved without a call stays as it was.

    A failed plan or an execution still to be counted thus ends up in the key's next delta, and sums stay exact.
    """
    return newer if older is None else _carried(newer, _Proof.of(older, newer))


def step(older: Snapshot | None, newer: Snapshot) -> tuple[Window | None, Snapshot]:
    """Return between() and reference() of the same two snapshots, for the price of one; the first makes no window."""
    if older is None:
        return None, newer
    proof = _Proof.of(older, newer)
    return _window(older, newer, proof, None), _carried(newer, proof)


class _Proof(NamedTuple):
    """
    What is proven of the entries of a snapshot.

    place   where each stood in the older snapshot, -1: nowhere
    before  what each had counted when the window began
    holds   for which entries that is proven
    """

    place: NDArray[np.intp]
    before: F8
    holds: Mask

    @classmethod
    def of(cls, older: Snapshot, newer: Snapshot) -> "_Proof":
        place = locate(newer.keys, older.keys)
        return cls(place, *_proof(older, newer, place))


def _window(older: Snapshot, newer: Snapshot, proof: _Proof, usual_s: float | None) -> Window:
    place, before, proven = proof
    ran = proven & (newer.counters.values[_CALLS] - before[_CALLS] > 0)
    then, now = before[:, ran], newer.counters.values[:, ran]

    length_s, clock_ok = _length(older, newer)
    values = np.empty((len(DELTAS), int(ran.sum())))
    np.subtract(now[_ROWS], then[_ROWS], out=values[: len(_CUMULATIVE)])
    values[-1] = _exec_m2(then, now)
    return Window(
        start=older.taken_at,
        end=newer.taken_at,
        length_s=length_s,
        quality=_quality(older, newer, place, length_s, clock_ok=clock_ok, usual_s=usual_s or newer.interval_s),
        keys=newer.keys[ran],
        deltas=Deltas(DELTAS, values),
        before=Counters(newer.counters.names, then),
        doubtful=_doubtful(older, newer, place)[ran],
    )


def _carried(newer: Snapshot, proof: _Proof) -> Snapshot:
    place, before, proven = proof
    uncalled = proven & (newer.counters.values[_CALLS] == before[_CALLS]) & (place >= 0)
    if not uncalled.any():
        return newer
    values = newer.counters.values.copy()
    values[:, uncalled] = before[:, uncalled]
    return replace(newer, counters=Counters(newer.counters.names, values))


def moved(older: Snapshot | None, newer: Snapshot) -> Mask:
    """Return which statements of *newer* differ from *older* in any counter, or were not there: worth storing."""
    if older is None or not len(older):
        return np.ones(len(newer), dtype=np.bool_)
    place = locate(newer.keys, older.keys)
    same_entry = older.stats_since_us[place] == newer.stats_since_us
    calls = older.counters.values[_CALLS, place]
    differs: Mask = (place < 0) | ~same_entry | (calls < newer.counters.values[_CALLS])
    # Nearly all that moved was called: only the others are looked at counter by counter.
    rest = np.flatnonzero(~differs)
    there, here = older.counters.values[:, place[rest]], newer.counters.values[:, rest]
    differs[rest] = ~((there == here) | (np.isnan(there) & np.isnan(here))).all(axis=0)
    return differs


def _proof(older: Snapshot, newer: Snapshot, place: NDArray[np.intp]) -> tuple[F8, Mask]:
    """Return what each entry had counted when the window began, and for which entries that is proven."""
    known = place >= 0
    if known.any():
        before, since = older.counters.values.take(place, axis=1), older.stats_since_us.take(place)
    else:
        before, since = np.empty_like(newer.counters.values), np.empty(len(newer), np.int64)
    before[:, ~known] = np.where(np.isnan(newer.counters.values[:, ~known]), np.nan, 0.0)
    since[~known] = UNKNOWN_US

    dated = newer.stats_since_us != UNKNOWN_US
    began_inside = dated & (newer.stats_since_us >= _microseconds(older.clock))
    if older.hidden == 0 and older.epoch == newer.epoch:
        # PostgreSQL dates an entry when its first call begins and shows it when that call has ended.
        began_inside |= dated & ~known
    same_entry = dated & known & (newer.stats_since_us == since)
    if not dated.all():
        life = _life(older, newer, place)
        undated = ~dated
        same_entry |= undated & known & (life is _Life.KEPT)
        complete = older.hidden == 0 and life is _Life.KEPT
        began_inside |= undated & ((~known & complete) | (life is _Life.EMPTIED))

    fell = same_entry & _fell(before, newer.counters.values, dated=dated)
    new = began_inside & ~same_entry
    before[:, new] = np.where(np.isnan(newer.counters.values[:, new]), np.nan, 0.0)
    return before, (same_entry & ~fell) | new


def _fell(before: F8, after: F8, *, dated: Mask) -> Mask:
    """Return where a counter went back. Fastest and slowest call tell too, unless they can be reset alone (1.11+)."""
    fell: Mask = (after < before)[_ROWS].any(axis=0)
    ran_before = before[_CALLS] > 0
    extremes = (after[_MAX] < before[_MAX]) | (after[_MIN] > before[_MIN])
    either: Mask = fell | (extremes & ran_before & ~dated)
    return either


def _life(older: Snapshot, newer: Snapshot, place: NDArray[np.intp]) -> _Life:
    """Return whether the server's statistics as a whole survived, for entries that carry no date of their own."""
    was, now = older.epoch, newer.epoch
    if _differ(was.system_identifier, now.system_identifier):
        return _Life.UNKNOWN
    if was.stats_reset is not None and now.stats_reset is not None:
        if was.stats_reset == now.stats_reset:
            return _Life.KEPT
        return _Life.EMPTIED if now.stats_reset >= older.clock else _Life.UNKNOWN
    if _restarted(was, now) or _failed_over(was, now) or _lost(older, newer, place) > LOST_SHARE:
        return _Life.UNKNOWN
    return _Life.KEPT


def _lost(older: Snapshot, newer: Snapshot, place: NDArray[np.intp]) -> float:
    """Return the share of the older entries that are gone or whose calls fell."""
    if not len(older):
        return 0.0
    known = place >= 0
    calls_before = older.counters.values[_CALLS, place[known]]
    kept = int((newer.counters.values[_CALLS, known] >= calls_before).sum())
    return 1.0 - kept / len(older)


def _quality(
    older: Snapshot, newer: Snapshot, place: NDArray[np.intp], length_s: float, *, clock_ok: bool, usual_s: float
) -> Quality:
    was, now = older.epoch, newer.epoch
    if _failed_over(was, now):
        return Quality.FAILED_OVER
    if _restarted(was, now):
        return Quality.RESTARTED
    unsaid = was.stats_reset is None and now.stats_reset is None
    if _differ(was.stats_reset, now.stats_reset) or (unsaid and _lost(older, newer, place) > LOST_SHARE):
        return Quality.RESET
    if not clock_ok:
        return Quality.CLOCK
    return Quality.GAP if length_s > GAP_INTERVALS * usual_s else Quality.OK


def _failed_over(was: Epoch, now: Epoch) -> bool:
    return (
        _differ(was.system_identifier, now.system_identifier)
        or _differ(was.timeline, now.timeline)
        or _differ(was.in_recovery, now.in_recovery)
    )


def _restarted(was: Epoch, now: Epoch) -> bool:
    return _differ(was.postmaster_start, now.postmaster_start)


def _differ(one: object, other: object) -> bool:
    """Return whether two facts are known and differ: what is not known proves nothing."""
    return one is not None and other is not None and one != other


def _length(older: Snapshot, newer: Snapshot) -> tuple[float, bool]:
    """Return the elapsed seconds, and whether the server's clock agrees with ours about them."""
    by_server_s = (newer.clock - older.clock).total_seconds()
    by_us_s = newer.monotonic_s - older.monotonic_s
    if np.isnan(by_us_s):
        return (by_server_s, True) if by_server_s > 0 else (newer.interval_s, False)
    if abs(by_server_s - by_us_s) <= max(CLOCK_TOLERANCE * by_us_s, CLOCK_SLACK_S) and by_server_s > 0:
        return by_server_s, True
    return by_us_s, False


def _doubtful(older: Snapshot, newer: Snapshot, place: NDArray[np.intp]) -> Mask:
    """
    Return the entries that may have been evicted and have come back within the window, which nothing in them shows.

    PostgreSQL evicts the least used, a twentieth per pass; calls stand for its hidden measure of use, twice the share
    for the error of that.
    """
    none = np.zeros(len(newer), dtype=np.bool_)
    known = (place >= 0) & (newer.stats_since_us == UNKNOWN_US)
    share = _evicted_share(older, newer, place)
    if share <= 0 or not known.any():
        return none
    calls = older.counters.values[_CALLS]
    rare = float(np.quantile(calls, min(1.0, 2 * share)))
    none[known] = calls[place[known]] <= rare
    return none


def _evicted_share(older: Snapshot, newer: Snapshot, place: NDArray[np.intp]) -> float:
    """Return the share of the entries that eviction passes between two snapshots may have thrown out."""
    if older.dealloc is not None and newer.dealloc is not None:
        passes = newer.dealloc - older.dealloc
        return 1.0 - (1.0 - PASS_SHARE) ** passes if passes > 0 else 0.0
    if newer.entries_max is None or len(newer) + newer.hidden < FULL_SHARE * newer.entries_max:
        return 0.0
    return max(PASS_SHARE, _lost(older, newer, place))


def _exec_m2(before: F8, after: F8) -> F8:
    """
    Return the sum of squared deviations of the window's execution times around their own mean, ms^2.

    The parallel formula for variances (Chan, Golub, LeVeque 1983) solved for the second part:
    M2_w = s1^2 n1 - s0^2 n0 - (n0 n_w / n1) (m_w - m0)^2, with PostgreSQL's population deviations s.
    """
    n0, n1 = before[_CALLS], after[_CALLS]
    n_w = n1 - n0
    m0 = np.divide(before[_TOTAL], n0, out=np.zeros_like(n0), where=n0 > 0)
    m_w = (after[_TOTAL] - before[_TOTAL]) / n_w
    between_means = n0 * n_w / n1 * np.square(m_w - m0)
    m2 = np.square(after[_STDDEV]) * n1 - np.square(before[_STDDEV]) * n0 - between_means
    return np.asarray(np.maximum(m2, 0.0))


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
