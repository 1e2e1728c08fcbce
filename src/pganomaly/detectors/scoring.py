"""
The order in which one window is judged.

doubt, usual values, residuals, what the whole server shares, calls, newcomers, verdict
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import calls as traffics
from pganomaly.detectors import newcomers, stalls, variance, verdicts
from pganomaly.detectors.channels import CALLS, COSTS, EXEC, TIMES, WAL, amounts, amounts_of
from pganomaly.detectors.normals import Costs, Life, Normals, Traffic
from pganomaly.detectors.residuals import costs_of, residual, whole_life
from pganomaly.detectors.verdicts import Trouble
from pganomaly.records import Matrix, Quality, Scores, Window
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]


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
    def stall(self) -> float:
        """How slow everything usually is."""
        ...


class Distances(NamedTuple):
    """How far every channel of every statement is from its usual, [channels, statements] each; NaN: cannot say."""

    residual: F8
    spread: F8
    z: F8


def score(known: Known, matrix: Matrix, place: Places, *, judge_newcomers: bool) -> Scores:
    """Return what to make of *matrix*; *place* is where each of its statements stands among the known, -1: nowhere."""
    window, value = matrix.window, amounts(matrix)
    costs = costs_of(known.normals, window, place)
    far = distances(window, costs, value)
    crowd = window.keys["toplevel"] & ~matrix.system
    stall = stalls.level(far.z[EXEC, crowd])
    far.z[list(TIMES)] = stalls.discounted(far.z[list(TIMES)], stall, known.stall)
    everyone = traffic_of_all(known.normals, window, place)
    what = everyone.at(np.where(window.doubtful | window.quality.silent, -1, place))

    writes = (matrix.lexical["has_write"] == 1) | (costs.usual[WAL] >= verdicts.WRITER_BYTES)
    trouble = verdicts.worst(
        verdicts.of_costs(far.z, value, costs.usual, window.deltas["calls"], writes),
        verdicts.of_calls(what, window.deltas["calls"], costs.usual[EXEC]),
    )
    strange = strangers(window, costs, place)
    slow = strange & ~matrix.system & judge_newcomers & (value[EXEC] > newcomers.bar_ms(known.durations))
    trouble = verdicts.chosen(slow, _of_newcomers(known.durations, value[EXEC], window), trouble)
    odd = slow | ((trouble.surprise > verdicts.BAR) & ~matrix.system)
    life = Life(*known.normals.life)
    return Scores(
        window=window,
        channels=(*COSTS, CALLS),
        keys=window.keys,
        value=np.vstack([value, window.deltas["calls"] / window.length_s]),
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
        steady=np.where(place >= 0, np.append(life.steady, 0.0)[place], 0.0),
        silent=_silent(known.normals, everyone, place, window),
    )


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


def strangers(window: Window, costs: Costs, place: Places) -> Mask:
    """Return which statements provably have no past: they began in this window, or in one that could not be learned."""
    if window.quality is not Quality.OK:
        return np.zeros(len(window), dtype=np.bool_)
    began = np.where(place >= 0, np.isfinite(costs.usual[EXEC]), window.before["calls"] == 0)
    verdict: Mask = (costs.weight[EXEC] == 0) & began & ~window.doubtful
    return verdict


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


def _of_newcomers(durations: F8, ms_per_call: F8, window: Window) -> Trouble:
    kind = np.full(len(window), verdicts.NEW_HEAVY, dtype=np.int8)
    return Trouble(newcomers.surprise(durations, ms_per_call), kind, window.deltas["total_exec_time"])


def _share(excess_ms: F8, window: Window, missing_ms: float = 0.0) -> F8:
    """Return the share of the server's DB time, of toplevel statements only: nested ones repeat their parents' time."""
    total = window.deltas["total_exec_time"][window.keys["toplevel"]].sum() + missing_ms
    return np.asarray(np.minimum(excess_ms / total, 1.0) if total > 0 else np.zeros_like(excess_ms))


def _silent(normals: Normals, everyone: traffics.Expected, place: Places, window: Window) -> Scores | None:
    """Return the figures of statements that should have run and did not, None where all did."""
    absent = everyone.fewer.copy()
    absent[place[place >= 0]] = False
    if not absent.any() or window.quality.silent:
        return None
    what = everyone.at(absent.nonzero()[0])
    nobody, costs = np.zeros(len(what.calls)), Costs(*normals.costs[:, :, absent])
    trouble = verdicts.of_calls(what, nobody, costs.usual[EXEC])
    odd = trouble.surprise > verdicts.BAR
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
        steady=Life(*normals.life).steady[absent],
    )
