"""
The order in which one window is judged.

doubt, usual values, residuals, what the whole server shares, calls, newcomers, waits, evidence, what it costs
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import calls as traffics
from pganomaly.detectors import (
    cold,
    echoes,
    evidence,
    gates,
    newcomers,
    releases,
    spells,
    stalls,
    supports,
    variance,
    verdicts,
    waits,
)
from pganomaly.detectors.channels import CALLS, COSTS, EXEC, PACE, PLAN, READS, ROWS, TIMES, WAL, amounts, amounts_of
from pganomaly.detectors.evidence import Increments, Outcome
from pganomaly.detectors.normals import Costs, Life, Normals, Traffic
from pganomaly.detectors.residuals import costs_of, residual, whole_life
from pganomaly.detectors.rules import Gate
from pganomaly.detectors.stalls import Host
from pganomaly.detectors.supports import Suspicion
from pganomaly.detectors.verdicts import Trouble
from pganomaly.detectors.waits import Waits
from pganomaly.records import Matrix, Quality, Scores, Window, Workings, locate
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]

ABSENT_FADES = -0.3
"""Evidence that a window takes off which shows nothing of a statement that always runs; of others by how often they do:
evidence against them comes by the call, and is as old as the last of their calls."""
ABSENT_GAPS, MOST_ABSENT_WINDOWS = 3.0, 60.0
"""Whoever runs now and then is waited for, as long as three of its usual gaps take and no longer than so many windows;
after that it is well again, or gone."""


class Known(Protocol):
    """What is known when a window comes: a Baseline."""

    @property
    def normals(self) -> Normals:
        """Every statement that is remembered."""
        ...

    @property
    def durations(self) -> F8:
        """The server's calls by duration."""
        ...

    @property
    def host(self) -> Host:
        """How slow everything usually is."""
        ...

    @property
    def cache(self) -> cold.Cache:
        """How cold the cache usually is."""
        ...

    @property
    def windows(self) -> int:
        """Windows learned so far."""
        ...

    @property
    def day_windows(self) -> float:
        """Windows that make a day."""
        ...


class Circumstances(NamedTuple):
    """
    Under which a window is judged.

    gate             what must be at stake
    height           h, the server's bar of every family (calibration)
    early            how much higher bars are while the server is hardly known (supports.young)
    judge_newcomers  False until the baseline of a server is complete: until then every statement is new
    seen             who was seen in flight
    """

    gate: Gate
    height: F8
    early: F8
    judge_newcomers: bool
    seen: Waits


class Distances(NamedTuple):
    """How far every channel of every statement is from its usual, [channels, statements] each; NaN: cannot say."""

    residual: F8
    spread: F8
    z: F8


def score(known: Known, matrix: Matrix, place: Places, given: Circumstances) -> Scores:
    """Return what to make of *matrix*; *place* is where each of its statements stands among the known, -1: nowhere."""
    window, value, normals = matrix.window, amounts(matrix), known.normals
    costs = costs_of(normals, window, place)
    far = distances(window, costs, value)
    host_bar = float(given.height[verdicts.HOST, 0])
    host = without_what_all_share(known.host, far, window.keys["toplevel"] & ~matrix.system, host_bar)
    everyone = traffic_of_all(normals, window, place)
    what = everyone.at(np.where(window.doubtful | window.quality.silent, -1, place))
    server = gates.totals(window, value)

    writes = (matrix.lexical["has_write"] == 1) | (costs.usual[WAL] >= verdicts.WRITER_BYTES)
    calls = window.deltas["calls"]
    trouble = verdicts.worst(
        verdicts.of_costs(far.z, value, costs.usual, calls, writes),
        verdicts.of_calls(what, calls, costs.usual[EXEC]),
    )
    life = Life(*remembered(normals.life, place))
    strange = strangers(window, costs, life, place)
    judged = ~matrix.system & ~(matrix.lexical["has_ddl"] == 1)
    slow = strange & judged & given.judge_newcomers & (value[EXEC] > newcomers.bar_ms(known.durations))
    trouble = verdicts.chosen(slow, _of_newcomers(known.durations, value[EXEC], window), trouble)
    odd = slow | ((trouble.surprise > verdicts.BAR) & ~matrix.system)

    age = np.where(life.windows > 0, known.windows - life.since, 0.0)
    fresh = (strange | ((life.newborn == 1) & (age < newcomers.NEW_WINDOWS))) & given.judge_newcomers
    unusual = spells.too_long(life.spells, calls, what.calls, life.windows / np.maximum(age, 1.0))
    share = gates.share_of(window.deltas["total_exec_time"], server.exec_ms)
    ms_per_s = window.deltas["total_exec_time"] / window.length_s
    new_g = newcomers.evidence(share_since(window, age, server.exec_ms, share), ms_per_s, slow, calls_since(window))
    if (fresh & (new_g > 0) & ~slow).any():
        gone_ms = releases.time_of_gone(
            window, normals, everyone, calls_of_all(normals, window, place), known.windows + 1
        )
        replaces = window.deltas["total_exec_time"] <= releases.TAKEN_OVER * gone_ms
        new_g = np.where(replaces & ~slow, np.minimum(new_g, 0.0), new_g)

    increments = Increments.nothing(len(window))
    before = Suspicion.of(remembered(normals.suspicion, place))
    if window.quality is Quality.OK:
        # Who began while we watched has no past but a few calls of ours: until it has one, only its share tells.
        z = np.where((life.newborn == 1) & (life.windows < supports.COLD_WINDOWS), np.nan, far.z)
        far_off = np.array([np.fmax(z[EXEC], z[PLAN]), verdicts.work_of(z, writes)])
        before = listening(increments, far_off, before, life.windows, given.height)
    told = fresh if window.quality is Quality.OK else slow
    increments.of_ratio(verdicts.NEW_HEAVY, np.where(told, new_g, np.nan))
    increments.of_ratio(verdicts.TRAFFIC, _either(what.up, supports.evidence(unusual)))
    now = np.full(len(window), float(known.windows))
    taken = releases.calls_of_new(window, life, known.windows + 1, window.keys, now)
    fewer = np.where(np.isnan(what.down), spells.BACK, what.down)
    increments.of_ratio(verdicts.SILENCE, releases.excused(fewer, what.calls - calls, taken))
    waiting = waiting_of(given.seen, window.keys, window.length_s)
    increments.of_distance(verdicts.WAITING, waits.distance(waiting, before.waits))

    cost = gates.of_costs(window, value, costs.usual, far.z, server, given.gate)
    more = gates.of_calls(
        np.abs(calls - what.calls), costs.usual[EXEC], costs.usual[ROWS],
        window.length_s, server, given.gate, missing=calls < what.calls,
    )  # fmt: skip
    whole = np.where(slow, 1.0, np.where(fresh, share / newcomers.NEW_SHARE, 0.0)) * gates.FULL_IMPACT
    cost_impact = np.maximum(np.maximum(cost.cost, whole), waiting / waits.MATERIAL_MS_PER_S)
    outcome = evidence.weighed(
        before._replace(waits=waits.learned(before.waits, waiting)),
        increments,
        cost_impact,
        more.calls,
        height=given.height,
        early=given.early,
        weight=(life.windows, age),
        often=often(Traffic(*remembered(normals.traffic, place)), life, window.length_s),
        judged=judged & (not window.quality.silent),
        cold=suffering(known.cache, window, value, costs, judged, given),
    )
    is_new = fresh & (outcome.family == verdicts.NEW_HEAVY)
    demand = np.where(is_new, share, np.where(evidence.OF_CALLS[outcome.family, 0], more.demand, cost.demand))
    return Scores(
        window=window,
        channels=(*COSTS, CALLS),
        keys=window.keys,
        value=np.vstack([value, calls / window.length_s]),
        usual=np.vstack([np.where(costs.weight > 0, costs.usual, np.nan), what.calls / window.length_s]),
        residual=np.vstack([far.residual, what.residual]),
        spread=np.vstack([far.spread, what.spread]),
        z=np.vstack([far.z, what.z]),
        surprise=trouble.surprise,
        kind=trouble.kind,
        odd=odd,
        calm=(window.quality is Quality.OK) & ~odd & ((trouble.surprise < verdicts.CALM) | strange),
        newcomer=slow,
        excess_ms=trouble.excess_ms,
        excess_share=_share(trouble.excess_ms, window),
        steady=life.steady,
        strength=outcome.strength,
        family=outcome.family,
        alarm=outcome.alarm,
        still=outcome.still,
        shows=outcome.shows,
        demand=demand + waiting / 1e3,
        impact=np.maximum(cost_impact, more.calls),
        suspicion=outcome.suspicion.block(),
        untimely=unusual >= verdicts.FELT,
        regular=remembered(normals.traffic, place)[Traffic._fields.index("regular")],
        passed=np.where(np.arange(supports.FAMILIES) == verdicts.HOST, host.passed, outcome.passed),
        host=float(np.exp(host.factor)) if host.slow else 0.0,
        silent=_absent(known, everyone, place, window, server, given),
        workings=Workings(place, costs, everyone, host.stall, host.factor, host_bar),
    )


def listening(increments: Increments, z: F8, before: Suspicion, windows: F8, height: F8) -> Suspicion:
    """Set the evidence of time and of work, and return the suspicion that has heard how alike their windows are."""
    echo = echoes.Echo.of(before.echo)
    for family, far, alike in zip(supports.COSTLY, z, echoes.drift(echo, windows), strict=True):
        increments.of_distance(family, far, alike)
    alarm = (before.top >= height)[supports.COSTLY]
    return before._replace(echo=echoes.learned(echo, z, windows, ~alarm))


class Shared(NamedTuple):
    """
    What all statements shared.

    stall, factor  how slow the slower ones were, and the common factor
    slow, passed   whether the host is slow by it; the largest stall that passed by itself now, as a height of its bar
    """

    stall: float
    factor: float
    slow: bool
    passed: float


def without_what_all_share(host: Host, far: Distances, crowd: Mask, bar: float) -> Shared:
    """Take off, in place, what everybody of a *crowd* shares of the time; return what that was."""
    spread = far.spread[PACE, crowd]
    factor = stalls.common(far.residual[PACE, crowd], np.square(spread))
    stall = stalls.level(far.z[PACE, crowd] - max(factor, 0.0) / spread)
    times = list(TIMES)
    z = far.z[times]
    if factor > 0:
        z -= factor / far.spread[times] * (z > 0)
    far.z[times] = stalls.discounted(z, stall, host.stall)
    after = stalls.learned(host, stall, factor, bar)
    return Shared(stall, factor, after.slow, stalls.passed(host, after))


def distances(window: Window, costs: Costs, value: F8) -> Distances:
    """
    Return how far the calls of a window are from the usual, in their cost.

    Of an entry in doubt the truth lies between two ends: it counts where both agree, and then by the nearer one.
    """
    if window.quality is not Quality.OK:
        unknown = np.full_like(value, np.nan)
        return Distances(unknown, unknown, unknown.copy())
    far = _distances(window, costs, value)
    doubtful = window.doubtful
    if doubtful.any():
        other_end = whole_life(window, doubtful, with_window=True)
        of_them = Costs(*(field[:, doubtful] for field in costs))
        z = _distances(other_end, of_them, amounts_of(other_end)).z
        agree = np.sign(z) == np.sign(far.z[:, doubtful])
        nearer = np.sign(z) * np.minimum(np.abs(z), np.abs(far.z[:, doubtful]))
        far.z[:, doubtful] = np.where(agree, nearer, np.nan)
    return far


def _distances(window: Window, costs: Costs, value: F8) -> Distances:
    r = residual(value, costs.usual)
    v = variance.predictive(costs, window.deltas["calls"], variance.within(window))
    spread = np.sqrt(v)
    return Distances(r, spread, r / spread)


def strangers(window: Window, costs: Costs, life: Life, place: Places) -> Mask:
    """
    Return which statements provably have no past: they began in this window, or in one that could not be learned.

    In a gap too: what others take there is not comparable, but that somebody came who was never seen is certain.
    """
    if window.quality.silent:
        return np.zeros(len(window), dtype=np.bool_)
    began = np.where(place >= 0, np.isfinite(costs.usual[EXEC]) | (life.newborn == 1), window.before["calls"] == 0)
    verdict: Mask = (costs.weight[EXEC] == 0) & began & ~window.doubtful
    return verdict


def remembered(block: F8, place: Places) -> F8:
    """Return the columns of *block* at *place*; of -1, nowhere, zeros."""
    nowhere = np.flatnonzero(place < 0)
    if len(nowhere) == len(place):
        return np.zeros((len(block), len(place)))
    found = block.take(place, axis=1)
    found[:, nowhere] = 0.0
    return found


def share_since(window: Window, age: F8, exec_ms: float, share: F8) -> F8:
    """Return what new statements took of the server's DB time since they came, the *share* of this window at most."""
    ms = np.nan_to_num(window.before["total_exec_time"]) + window.deltas["total_exec_time"]
    return np.asarray(np.minimum(share, ms / max(exec_ms, 1e-9) / (age + 1.0)))


def calls_since(window: Window) -> F8:
    """Return the calls of statements since they came."""
    return np.asarray(np.nan_to_num(window.before["calls"]) + window.deltas["calls"])


def suffering(known: cold.Cache, window: Window, value: F8, costs: Costs, judged: Mask, given: Circumstances) -> Mask:
    """Return which statements suffer most from a cold cache."""
    usual = np.where(costs.weight[READS] > 0, costs.usual[READS], np.nan)
    calls = window.deltas["calls"]
    more = cold.excess(value[READS], usual, calls, window.keys["toplevel"] & judged & ~window.doubtful)
    now = cold.level(more, usual, calls, window.length_s) if window.quality is Quality.OK else float("nan")
    return cold.victims(known, now, more, cold_bar(given.early))


def cold_bar(early: F8) -> float:
    """Return the evidence that a cold cache takes, given how much higher the bars of all families are."""
    return supports.BAR * float(early[verdicts.WORKING, 0])


def often(traffic: Traffic, life: Life, length_s: float) -> Mask:
    """Return which statements run often and are known well."""
    usual: Mask = traffic.rate * length_s >= supports.OFTEN_CALLS
    return usual & (life.windows >= supports.OFTEN_WINDOWS)


def waiting_of(seen: Waits, keys: NDArray[np.void], length_s: float) -> F8:
    """Return the ms per second that sessions with these statements waited for locks."""
    place = locate(keys, seen.keys)
    return np.where(place >= 0, np.append(seen.waiting_ms, 0.0)[place], 0.0) / length_s


def traffic_of_all(normals: Normals, window: Window, place: Places) -> traffics.Expected:
    """Return what calls were to be expected of every statement that is remembered, whether it ran or not."""
    return traffics.expected(
        Traffic(*normals.traffic), normals.keys, calls_of_all(normals, window, place), window.length_s
    )


def calls_of_all(normals: Normals, window: Window, place: Places) -> F8:
    """Return the calls in a window of every statement that is remembered; most of them are 0."""
    calls = np.zeros(len(normals))
    calls[place[place >= 0]] = window.deltas["calls"][place >= 0]
    return calls


def missed(known: Known, regular: F8, pace: F8) -> F8:
    """Return the evidence that statements stay away longer than ever; NaN in the first day of each."""
    life = Life(*known.normals.life)
    whole_day = known.windows - life.since >= known.day_windows
    return np.where(whole_day, spells.missed(life.spells, regular, pace), np.nan)


def _either(g: F8, of_length: F8) -> F8:
    """Return the evidence of calls, or that of a length where it says more, or where calls say nothing."""
    return np.where(np.isnan(g), of_length, np.where(of_length > 0, np.fmax(g, of_length), g))


def _of_newcomers(durations: F8, ms_per_call: F8, window: Window) -> Trouble:
    kind = np.full(len(window), verdicts.NEW_HEAVY, dtype=np.int8)
    return Trouble(newcomers.surprise(durations, ms_per_call), kind, window.deltas["total_exec_time"])


def _share(excess_ms: F8, window: Window, missing_ms: float = 0.0) -> F8:
    """Return the share of the server's DB time, of toplevel statements only: nested ones repeat their parents' time."""
    total = window.deltas["total_exec_time"][window.keys["toplevel"]].sum() + missing_ms
    return np.asarray(np.minimum(excess_ms / total, 1.0) if total > 0 else np.zeros_like(excess_ms))


def _absent(
    known: Known, everyone: traffics.Expected, place: Places, window: Window, server: gates.Totals, given: Circumstances
) -> Scores | None:
    """Return the figures of statements that did not run but should have, or of which something is still suspected."""
    normals = known.normals
    absent = np.ones(len(normals), dtype=np.bool_)
    absent[place[place >= 0]] = False
    waiting = waiting_of(given.seen, normals.keys, window.length_s)
    suspicion = Suspicion.of(normals.suspicion)
    late = missed(known, Traffic(*normals.traffic).regular, everyone.pace)
    absent &= everyone.fewer | (everyone.down > 0) | (late > 0) | (suspicion.support > 0).any(axis=0) | (waiting > 0)
    if not absent.any() or window.quality.silent:
        return None
    what = everyone.at(absent.nonzero()[0])
    nobody, costs = np.zeros(len(what.calls)), Costs(*normals.costs[:, :, absent])
    life, traffic = Life(*normals.life[:, absent]), Traffic(*normals.traffic[:, absent])
    waiting = waiting[absent]
    trouble = verdicts.of_calls(what, nobody, costs.usual[EXEC])
    odd = trouble.surprise > verdicts.BAR

    increments = Increments.nothing(len(nobody))
    of_those_here = Life(*remembered(normals.life, place))
    taken = releases.calls_of_new(window, of_those_here, known.windows + 1, normals.keys[absent], life.last_seen)
    increments.of_ratio(verdicts.TRAFFIC, np.where(np.isfinite(what.up), what.up, ABSENT_FADES))
    fewer = _either(what.down, late[absent])
    increments.of_ratio(verdicts.SILENCE, releases.excused(fewer, what.calls, taken))
    before = Suspicion.of(normals.suspicion[:, absent])
    increments.of_distance(verdicts.WAITING, waits.distance(waiting, before.waits))
    gaps = ABSENT_GAPS / np.maximum(traffic.regular, ABSENT_GAPS / MOST_ABSENT_WINDOWS)
    long_gone = known.windows - life.last_seen >= gaps
    for family in (verdicts.LATENCY, verdicts.WORKING, verdicts.NEW_HEAVY):
        increments.calm[family] = long_gone | (family == verdicts.NEW_HEAVY)
        increments.g[family] = ABSENT_FADES * (1.0 if family == verdicts.NEW_HEAVY else traffic.regular)
    missing = gates.of_calls(
        what.calls, costs.usual[EXEC], costs.usual[ROWS], window.length_s, server, given.gate,
        missing=np.ones(len(nobody), dtype=np.bool_),
    )  # fmt: skip
    outcome: Outcome = evidence.weighed(
        before._replace(waits=waits.learned(before.waits, waiting)),
        increments,
        np.where(waiting > 0, waiting / waits.MATERIAL_MS_PER_S, np.nan),
        missing.calls,
        height=given.height,
        early=given.early,
        weight=(life.windows, known.windows - life.since),
        often=often(traffic, life, window.length_s),
        judged=np.ones(len(nobody), dtype=np.bool_),
        cold=np.zeros(len(nobody), dtype=np.bool_),
    )
    blank = np.full((len(COSTS), len(nobody)), np.nan)
    return Scores(
        window=window,
        channels=(*COSTS, CALLS),
        keys=normals.keys[absent],
        value=np.vstack([blank, nobody]),
        usual=np.vstack([blank, what.calls / window.length_s]),
        residual=np.vstack([blank, what.residual]),
        spread=np.vstack([blank, what.spread]),
        z=np.vstack([blank, what.z]),
        surprise=trouble.surprise,
        kind=trouble.kind,
        odd=odd,
        calm=trouble.surprise < verdicts.CALM,
        newcomer=np.zeros(len(nobody), dtype=np.bool_),
        excess_ms=trouble.excess_ms,
        excess_share=_share(trouble.excess_ms, window, float(trouble.excess_ms.sum())),
        steady=life.steady,
        strength=outcome.strength,
        family=outcome.family,
        alarm=outcome.alarm,
        still=outcome.still,
        shows=outcome.shows,
        demand=missing.demand + waiting / 1e3,
        impact=missing.calls,
        suspicion=outcome.suspicion.block(),
        untimely=np.zeros(len(nobody), dtype=np.bool_),
        regular=traffic.regular,
        passed=outcome.passed,
    )
