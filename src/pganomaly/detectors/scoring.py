"""
The order in which one window is judged.

in    what is known (a Baseline), the Matrix of the window, the circumstances
out   its Scores

scene -> distances, without what all share -> calls -> newcomers, spells, waits -> what that adds to suspicions
-> what it costs the server -> support, alarm; then the same of who did not run (absence.py)
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import (
    absence,
    cold,
    evidence,
    gates,
    newcomers,
    releases,
    scene,
    spells,
    supports,
    verdicts,
    waits,
)
from pganomaly.detectors import calls as traffics
from pganomaly.detectors.channels import CALLS, COSTS, EXEC, PLAN, READS, ROWS, WAL
from pganomaly.detectors.distances import Distances, distances, without_what_all_share
from pganomaly.detectors.evidence import Increments
from pganomaly.detectors.normals import Traffic
from pganomaly.detectors.scene import Circumstances, Known, Scene, remembered
from pganomaly.detectors.supports import Suspicion
from pganomaly.detectors.verdicts import Trouble
from pganomaly.records import Matrix, Quality, Scores, Window, Workings
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]


class New(NamedTuple):
    """
    Statements without a past of their own.

    strange  they provably have none at all: they began in this window, or in one that could not be learned
    slow     strangers whose calls take too long for this server
    fresh    they began so recently that their share of the server's time is news
    g        evidence of that
    """

    strange: Mask
    slow: Mask
    fresh: Mask
    g: F8


class Weights(NamedTuple):
    """
    What is in excess in a window.

    cost               impact, in multiples of what matters: of the cost of calls, of newcomers, or of waiting
    calls              the same of their number
    of_cost, of_calls  both by themselves, with the milliseconds and the demand
    """

    cost: F8
    calls: F8
    of_cost: gates.Impact
    of_calls: gates.Impact


def score(known: Known, matrix: Matrix, place: NDArray[np.intp], given: Circumstances) -> Scores:
    """Return what to make of *matrix*; *place* is where each of its statements stands among the known, -1: nowhere."""
    here = Scene.of(known, matrix, place, given)
    window, value, usual, calls = here.window, here.value, here.costs.usual, here.calls
    far = distances(window, here.costs, value)
    crowd = window.keys["toplevel"] & ~matrix.system
    host = without_what_all_share(known.host, far, crowd, float(given.height[verdicts.HOST, 0]))
    what = here.expected.at(np.where(window.doubtful | window.quality.silent, -1, place))

    writes = (matrix.lexical["has_write"] == 1) | (usual[WAL] >= verdicts.WRITER_BYTES)
    trouble = verdicts.worst(
        verdicts.of_costs(far.z, value, usual, calls, writes), verdicts.of_calls(what, calls, usual[EXEC])
    )
    new = without_past(here)
    trouble = verdicts.chosen(new.slow, _of_newcomers(here), trouble)
    odd = new.slow | ((trouble.surprise > verdicts.BAR) & ~matrix.system)

    unusual = spells.too_long(here.life.spells, calls, what.calls, here.life.windows / np.maximum(here.age, 1.0))
    waiting = scene.waiting_of(given.seen, window.keys, window.length_s)
    before = Suspicion.of(remembered(known.normals.suspicion, place))
    increments, before = added(here, before, far, what, new, unusual, waiting, writes)
    impact = weights(here, far, what, new, waiting)
    traffic = Traffic(*remembered(known.normals.traffic, place))
    outcome = evidence.weighed(
        before._replace(waits=waits.learned(before.waits, waiting)),
        increments,
        impact.cost,
        impact.calls,
        height=given.height,
        early=given.early,
        weight=(here.life.windows, here.age),
        often=scene.often(traffic, here.life, window.length_s),
        judged=here.judged & (not window.quality.silent),
        cold=suffering(here),
    )
    is_new = new.fresh & (outcome.family == verdicts.NEW_HEAVY)
    of_calls = evidence.OF_CALLS[outcome.family, 0]
    demand = np.where(is_new, here.share, np.where(of_calls, impact.of_calls.demand, impact.of_cost.demand))
    return Scores(
        window=window,
        channels=(*COSTS, CALLS),
        keys=window.keys,
        value=np.vstack([value, calls / window.length_s]),
        usual=np.vstack([np.where(here.costs.weight > 0, usual, np.nan), what.calls / window.length_s]),
        residual=np.vstack([far.residual, what.residual]),
        spread=np.vstack([far.spread, what.spread]),
        z=np.vstack([far.z, what.z]),
        surprise=trouble.surprise,
        kind=trouble.kind,
        odd=odd,
        calm=(window.quality is Quality.OK) & ~odd & ((trouble.surprise < verdicts.CALM) | new.strange),
        newcomer=new.slow,
        excess_ms=trouble.excess_ms,
        excess_share=gates.share_of(trouble.excess_ms, here.server.exec_ms),
        steady=here.life.steady,
        strength=outcome.strength,
        family=outcome.family,
        alarm=outcome.alarm,
        still=outcome.still,
        shows=outcome.shows,
        demand=demand + waiting / 1e3,
        impact=np.maximum(impact.cost, impact.calls),
        suspicion=outcome.suspicion.block(),
        untimely=unusual >= verdicts.FELT,
        regular=traffic.regular,
        passed=np.where(np.arange(supports.FAMILIES) == verdicts.HOST, host.passed, outcome.passed),
        host=host.times,
        silent=absence.score(here),
        workings=Workings(place, here.costs, here.expected, host.stall, host.factor, host.bar),
    )


def added(
    here: Scene,
    before: Suspicion,
    far: Distances,
    what: traffics.Expected,
    new: New,
    unusual: F8,
    waiting: F8,
    writes: Mask,
) -> tuple[Increments, Suspicion]:
    """
    Return what a window adds to every suspicion, and the suspicions with their echo learned (echoes.py).

    unusual  by how many deviations a spell is too long, or too early
    waiting  ms per second that sessions waited for locks
    writes   who writes by its text, or by what it did so far
    """
    window, given = here.window, here.given
    increments = Increments.nothing(len(window))
    if window.quality is Quality.OK:
        # Who began while we watched has no past but a few calls of ours: until it has one, only its share tells.
        z = np.where((here.life.newborn == 1) & (here.life.windows < supports.COLD_WINDOWS), np.nan, far.z)
        far_off = np.array([np.fmax(z[EXEC], z[PLAN]), verdicts.work_of(z, writes)])
        before = evidence.of_costs(increments, far_off, before, here.life.windows, given.height)
    told = new.fresh if window.quality is Quality.OK else new.slow
    increments.of_ratio(verdicts.NEW_HEAVY, np.where(told, new.g, np.nan))
    increments.of_ratio(verdicts.TRAFFIC, scene.either(what.up, supports.evidence(unusual)))
    now = np.full(len(window), float(here.known.windows))
    taken = releases.calls_of_new(window, here.life, here.known.windows + 1, window.keys, now)
    fewer = np.where(np.isnan(what.down), spells.BACK, what.down)
    increments.of_ratio(verdicts.SILENCE, releases.excused(fewer, what.calls - here.calls, taken))
    increments.of_distance(verdicts.WAITING, waits.distance(waiting, before.waits))
    return increments, before


def weights(here: Scene, far: Distances, what: traffics.Expected, new: New, waiting: F8) -> Weights:
    """Return what is in excess in a window, in multiples of what matters; *waiting* as for added."""
    window, usual, calls = here.window, here.costs.usual, here.calls
    cost = gates.of_costs(window, here.value, usual, far.z, here.server, here.given.gate)
    more = gates.of_calls(
        np.abs(calls - what.calls), usual[EXEC], usual[ROWS],
        window.length_s, here.server, here.given.gate, missing=calls < what.calls,
    )  # fmt: skip
    whole = np.where(new.slow, 1.0, np.where(new.fresh, here.share / newcomers.NEW_SHARE, 0.0)) * gates.FULL_IMPACT
    of_all = np.maximum(np.maximum(cost.cost, whole), waiting / waits.MATERIAL_MS_PER_S)
    return Weights(of_all, more.calls, cost, more)


def without_past(here: Scene) -> New:
    """Return which statements of a window have no past, and the evidence against them."""
    known, given, window = here.known, here.given, here.window
    strange = strangers(here)
    slow = strange & here.judged & given.judge_newcomers & (here.value[EXEC] > newcomers.bar_ms(known.durations))
    young = (here.life.newborn == 1) & (here.age < newcomers.NEW_WINDOWS)
    fresh = (strange | young) & given.judge_newcomers
    g = newcomers.evidence(share_since(here), here.time_ms / window.length_s, slow, calls_since(window))
    if (fresh & (g > 0) & ~slow).any():
        of_all = scene.calls_of_all(known.normals, window, here.place)
        gone_ms = releases.time_of_gone(window, known.normals, here.expected, of_all, known.windows + 1)
        replaces = here.time_ms <= releases.TAKEN_OVER * gone_ms
        g = np.where(replaces & ~slow, np.minimum(g, 0.0), g)
    return New(strange, slow, fresh, g)


def strangers(here: Scene) -> Mask:
    """
    Return which statements provably have no past: they began in this window, or in one that could not be learned.

    In a gap too: what others take there is not comparable, but that somebody came who was never seen is certain.
    """
    window, costs = here.window, here.costs
    if window.quality.silent:
        return np.zeros(len(window), dtype=np.bool_)
    seen_to_begin = np.isfinite(costs.usual[EXEC]) | (here.life.newborn == 1)
    began = np.where(here.place >= 0, seen_to_begin, window.before["calls"] == 0)
    verdict: Mask = (costs.weight[EXEC] == 0) & began & ~window.doubtful
    return verdict


def share_since(here: Scene) -> F8:
    """Return what new statements took of the server's DB time since they came, their share of this window at most."""
    ms = np.nan_to_num(here.window.before["total_exec_time"]) + here.time_ms
    return np.asarray(np.minimum(here.share, ms / max(here.server.exec_ms, 1e-9) / (here.age + 1.0)))


def calls_since(window: Window) -> F8:
    """Return the calls of statements since they came."""
    return np.asarray(np.nan_to_num(window.before["calls"]) + window.deltas["calls"])


def suffering(here: Scene) -> Mask:
    """Return which statements suffer most from a cold cache."""
    window, costs, reads = here.window, here.costs, here.value[READS]
    usual = np.where(costs.weight[READS] > 0, costs.usual[READS], np.nan)
    more = cold.excess(reads, usual, here.calls, window.keys["toplevel"] & here.judged & ~window.doubtful)
    now = cold.level(more, usual, here.calls, window.length_s) if window.quality is Quality.OK else float("nan")
    return cold.victims(here.known.cache, now, more, cold_bar(here.given.early))


def cold_bar(early: F8) -> float:
    """Return the evidence that a cold cache takes, given how much higher the bars of all families are."""
    return supports.BAR * float(early[verdicts.WORKING, 0])


def _of_newcomers(here: Scene) -> Trouble:
    kind = np.full(len(here.window), verdicts.NEW_HEAVY, dtype=np.int8)
    return Trouble(newcomers.surprise(here.known.durations, here.value[EXEC]), kind, here.time_ms)
