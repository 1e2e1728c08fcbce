"""
What one window teaches about a statement's costs: a little, and never more than that.

A level moves by its gain times the residual, cut at 1.5 spreads (Huber 1964): one wild window is worth 1.5 ordinary
ones. The gain falls as windows add up, and stops falling where three days of them are remembered.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import calls as traffics
from pganomaly.detectors import scene, spells, supports, variance
from pganomaly.detectors.channels import BLOCKS, COSTS, EXEC
from pganomaly.detectors.evidence import OF_CALLS
from pganomaly.detectors.normals import Costs, Life, Normals, Traffic
from pganomaly.detectors.residuals import moved
from pganomaly.detectors.supports import Suspicion
from pganomaly.records import KeyArray, Quality, Scores, Window, Workings, locate
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]

STEP = 1.5
ACCEPTED_WINDOWS = 12.0
"""Windows that a new normal is worth when it is accepted."""
WELL_KNOWN_WINDOWS = 100.0
"""Windows after which what is merely suspected counts in full for how far a statement wanders."""

_NEWEST_GAIN = 1 / 8
_STEADY = 3.0
_UNKNOWN_SPREAD = 0.5


class Seen(NamedTuple):
    """
    What a window showed of the calls of the statements that ran.

    value, residual, z, spread  [channels, statements]; z after what the whole server shared; NaN: nothing is learned
    calls, measured             [statements]: how many, and the squared coefficient of variation within them
    """

    value: F8
    residual: F8
    z: F8
    spread: F8
    calls: F8
    measured: F8


class Lesson(NamedTuple):
    """
    Under which circumstances a window is learned.

    number      of the window, counted from the first one learned
    half_life   in windows
    early       how much higher bars are while the server is hardly known (supports.young)
    held_costs  statements of whose calls' cost nothing is learned, held_calls: of whose number
    accepted    statements whose newest level is the new normal
    """

    number: int
    half_life: float
    early: F8
    held_costs: KeyArray
    held_calls: KeyArray
    accepted: KeyArray


def remembered(normals: Normals, scores: Scores, found: Workings, lesson: Lesson) -> Normals:
    """Return what is known of all statements after the window of *scores*, given what was *found* on the way there."""
    window = scores.window
    new = (found.place < 0) & ~window.doubtful
    place = found.place.copy()
    place[new] = len(normals) + np.arange(new.sum())
    normals = normals.with_new(window.keys[new])
    news = _among(lesson.accepted, normals)
    held = _among(lesson.held_costs, normals), _among(lesson.held_calls, normals)
    suspicion = _suspicion(normals, scores, place, lesson)
    suspicion[:, news] = 0.0
    since = Suspicion.of(suspicion).since
    trusted = (since == 0) | (since > supports.FROZEN_WINDOWS)
    of_calls, before = (trusted & ~held[0]) | news, Costs(*found.costs)
    costs, stayed = _costs(normals, scores, place, before, free=of_calls, held=held[0], lesson=lesson)
    what = scene.traffic_of_all(normals, window, place) if new.any() else traffics.Expected(*found.calls)
    free, brief = (trusted & ~held[1]) | news, since <= supports.BRIEF_WINDOWS
    traffic, level = _traffic(normals, scores, place, what, free=free, brief=brief, lesson=lesson)
    return Normals(
        normals.keys,
        np.array(accepted(Costs(*costs), news)) if news.any() else costs,
        np.array(traffics.accepted(traffic, news, window.length_s) if news.any() else traffic),
        _life(normals, scores, place, stayed & level[place[place >= 0]], what.pace, ~held[1] | news, lesson),
        suspicion,
    )


def workings_of(scores: Scores) -> Workings:
    """Return what was found on the way to *scores*: of others than an engine's own nothing can be learned."""
    if scores.workings is None:
        raise ValueError("nothing can be learned of scores without their workings")
    return scores.workings


def born(normals: Normals, window: Window, number: int) -> Normals:
    """Return what is known after a window of which nothing may be learned: only who began in it, and has no past."""
    new = (locate(window.keys, normals.keys) < 0) & (window.before["calls"] == 0) & ~window.doubtful
    if not new.any():
        return normals
    after = normals.with_new(window.keys[new])
    life = Life(*after.life)
    for field in (life.since, life.last_seen):
        field[len(normals) :] = number
    life.newborn[len(normals) :] = 1
    return after


def _suspicion(normals: Normals, scores: Scores, place: Places, lesson: Lesson) -> F8:
    """Return what is suspected of all statements after a window."""
    after = normals.suspicion.copy()
    after[:, place[place >= 0]] = scores.suspicion[:, place >= 0]
    if scores.silent is not None:
        after[:, locate(scores.silent.keys, normals.keys)] = scores.silent.suspicion
    peak = Suspicion.of(after).peak
    life = Life(*normals.life)
    weight = np.where(OF_CALLS, lesson.number - 1 - life.since, life.windows)
    fade = 2.0 ** (-1.0 / lesson.half_life)
    peak[:] = fade * supports.passed(Suspicion.of(normals.suspicion), Suspicion.of(after), weight, lesson.early)
    return after


def _life(normals: Normals, scores: Scores, place: Places, stayed: Mask, pace: F8, free: Mask, lesson: Lesson) -> F8:
    """Return where all statements are in their lives after a window; of those that ran, who *stayed* at its level."""
    block = normals.life.copy()
    life = Life(*block)
    ran = place[place >= 0]
    first = life.windows[ran] == 0
    unborn = (scores.window.before["calls"] == 0)[place >= 0] & (lesson.number > 1)
    life.since[ran] = np.where(first, lesson.number, life.since[ran])
    life.newborn[ran] = np.maximum(life.newborn[ran], first & unborn)
    life.windows[ran] += 1
    life.last_seen[ran] = lesson.number
    life.steady[ran] = np.where(stayed, life.steady[ran] + 1, 0.0)
    runs = np.zeros(len(normals), dtype=np.bool_)
    runs[ran] = True
    after = spells.learned(life.spells, runs, pace, fade=2.0 ** (-1.0 / lesson.half_life), free=free)
    return np.array(Life(*block)._replace(**after._asdict()))


def _among(some: KeyArray, normals: Normals) -> Mask:
    which = np.zeros(len(normals), dtype=np.bool_)
    place = locate(some, normals.keys)
    which[place[place >= 0]] = True
    return which


def _costs(
    normals: Normals, scores: Scores, place: Places, before: Costs, *, free: Mask, held: Mask, lesson: Lesson
) -> tuple[F8, Mask]:
    """
    Return the costs of all statements after a window, and which of those that ran stayed at their newest level.

    before  what the calls of those that ran cost until now
    """
    window = scores.window
    there = place >= 0
    ran, rows = place[there], len(COSTS)
    everything = normals.costs.copy()
    after = Costs(*everything)
    stayed = np.ones(len(ran), dtype=np.bool_)
    # Of a gap only what was judged in it is learned: calls of newcomers.
    told = ~window.doubtful & ((window.quality is Quality.OK) | scores.newcomer)
    if told.any():
        some = slice(None) if there.all() else there  # of a slice numpy makes no copies
        before = Costs(*(field[:, some] for field in before))
        value, residual = scores.value[:rows], scores.residual[:rows]
        if not told.all():
            value, residual = (np.where(told, x, np.nan) for x in (value, residual))
        seen = Seen(
            value=value[:, some],
            residual=residual[:, some],
            z=scores.z[:rows, some],
            spread=scores.spread[:rows, some],
            calls=window.deltas["calls"][some],
            measured=variance.within(window)[some],
        )
        stayed = steady(before, seen)
        fade = 2.0 ** (-1.0 / lesson.half_life)
        taught = learned(before, seen, fade=fade, free=free[ran], held=held[ran])
        for field, value in zip(after, taught, strict=True):
            field[:, ran] = value
    # Who was held as a newcomer and is free again has a history now: what it did then.
    after.weight[(after.weight == 0) & np.isfinite(after.usual) & free] = 1.0
    return everything, stayed


def _traffic(
    normals: Normals, scores: Scores, place: Places, what: traffics.Expected, *, free: Mask, brief: Mask, lesson: Lesson
) -> tuple[Traffic, Mask]:
    """Return the traffic of all statements after a window, and which of them stayed at their newest level."""
    window, before = scores.window, Traffic(*normals.traffic)
    free = free.copy()
    free[place[window.doubtful & (place >= 0)]] = False
    calls = scene.calls_of_all(normals, window, place)
    away = np.maximum(lesson.number - 1 - Life(*normals.life).last_seen, 0.0)
    after = traffics.learned(
        before, what, calls, away, window.length_s, half_life=lesson.half_life, free=free, brief=brief
    )
    return after, traffics.steady(before, what)


def learned(costs: Costs, seen: Seen, *, fade: float, free: Mask, held: Mask) -> Costs:
    """
    Return the costs after a window.

    free  statements that may be learned from: of the others only the newest level is followed
    held  statements with an open incident: of those neither free nor held it is learned how far they wander
    """
    told = np.isfinite(seen.value)
    first = told & (costs.weight == 0)
    judged = told & np.isfinite(seen.z) & ~first
    known, wandering = judged & free, judged & ~held

    # A window counts by what it tells: one call of a statement whose calls differ widely tells next to nothing.
    between, sampling = costs.tau2 + variance.FLOOR2, costs.cv2 / seen.calls
    information = between / (between + sampling)
    weight = fade * costs.weight + information
    steps = np.clip(seen.z, -STEP, STEP) * seen.spread * information / weight
    trust = np.where(known, 1.0, np.minimum(weight / WELL_KNOWN_WINDOWS, 1.0))
    gain = np.where(wandering, trust / (variance.PRIOR_WINDOWS + weight), 0.0)
    surprise2 = np.square(np.clip(seen.z, -variance.CLIP, variance.CLIP) * seen.spread)
    tau2, cv2 = variance.learned(costs, surprise2, seen.calls, seen.measured, gain)

    newest = costs.newest + _NEWEST_GAIN * (seen.residual - costs.newest)
    after = Costs(
        usual=np.where(known, moved(costs.usual, steps), costs.usual),
        tau2=np.where(wandering, tau2, costs.tau2),
        cv2=np.where(wandering, cv2, costs.cv2),
        weight=np.where(known, weight, costs.weight),
        newest=np.where(np.isfinite(newest), newest, costs.newest),
    )
    return _begun(after, seen, first, free=free) if first.any() else after


def _begun(costs: Costs, seen: Seen, first: Mask, *, free: Mask) -> Costs:
    """Return the costs with those filled in that are seen for the first time; who is held has no history by it."""
    guess = variance.prior(seen.value, seen.calls, seen.measured)
    information = guess.tau2 / (guess.tau2 + guess.cv2 / seen.calls)
    return Costs(
        usual=np.where(first & (free | np.isnan(costs.usual)), seen.value, costs.usual),
        tau2=np.where(first, guess.tau2, costs.tau2),
        cv2=np.where(first, guess.cv2, costs.cv2),
        weight=np.where(first & free, information, costs.weight),
        newest=costs.newest,
    )


def steady(costs: Costs, seen: Seen) -> Mask:
    """Return which statements stayed at their newest level, as far as time and work of their calls tell."""
    which = [EXEC, BLOCKS]
    spread = seen.spread[which]
    limit = _STEADY * np.where(np.isfinite(spread), spread, _UNKNOWN_SPREAD)
    left = np.abs(seen.residual[which] - costs.newest[which]) > limit
    stayed: Mask = ~(left[0] | left[1])
    return stayed


def accepted(costs: Costs, which: Mask) -> Costs:
    """Return the costs with the newest level of some statements taken for their usual one."""
    there = which & np.isfinite(costs.usual)
    return costs._replace(
        usual=np.where(there, moved(costs.usual, costs.newest), costs.usual),
        weight=np.where(there, ACCEPTED_WINDOWS, costs.weight),
        newest=np.where(there, 0.0, costs.newest),
    )
