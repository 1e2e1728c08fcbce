"""
How far a window is from the usual: r = ln(value + d) - ln(usual + d), and where the usual of a first window comes from.

d is the material amount: what does not matter cannot be odd.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pganomaly.catalog import DELTAS
from pganomaly.detectors import variance
from pganomaly.detectors.channels import amounts_of, material
from pganomaly.detectors.normals import Costs, Life, Normals
from pganomaly.records import Deltas, Window
from pganomaly.records.grid import F8

LIFETIME_WINDOWS = 4.0
"""Windows that the lifetime mean of an entry is worth at most: long, but of a past that may be over."""


def residual(value: F8, usual: F8) -> F8:
    """Return r per channel and statement, NaN where value or usual is not known."""
    d = material(usual)
    return np.asarray(np.log((value + d) / (usual + d)))


def moved(usual: F8, steps: F8) -> F8:
    """Return *usual* moved by *steps*, measured as residuals are."""
    d = material(usual)
    return np.asarray(np.maximum((usual + d) * np.exp(steps) - d, 0.0))


def costs_of(normals: Normals, window: Window, place: NDArray[np.intp]) -> Costs:
    """
    Return what the calls of a window's statements usually cost; *place* is where each stands in *normals*, -1: nowhere.

    A statement seen for the first time brings its first baseline along: the mean and deviation over its entry's life.
    Not so one that began while we watched, in a window that could not be judged: its life is no usual, but unjudged.
    """
    known = place >= 0
    values = normals.costs.take(place, axis=2) if known.any() else Normals.of(window.keys).costs
    if known.any() and not known.all():
        values[:, :, ~known] = Normals.of(window.keys[~known]).costs
    costs = Costs(*values)
    newborn = np.zeros(len(window), dtype=np.bool_)
    newborn[known] = Life(*normals.life).newborn[place[known]] == 1
    unseen = np.isnan(costs.usual).all(axis=0) & (window.before["calls"] > 0) & ~newborn
    if unseen.any():
        values[:, :, unseen] = np.array(_lifetime(whole_life(window, unseen)))
    return costs


def whole_life(window: Window, which: NDArray[np.bool_], *, with_window: bool = False) -> Window:
    """Return a window that holds all that some entries did before *window*, or up to its end."""
    before, deltas = window.before.take(which), window.deltas.take(which)
    rows = [before[n] if n in before.names else np.full(len(before), np.nan) for n in DELTAS[:-1]]
    total = np.array([*rows, np.square(before["stddev_exec_time"]) * before["calls"]])
    if with_window:
        total += deltas.values
    return replace(
        window,
        keys=window.keys[which],
        deltas=Deltas(DELTAS, total),
        before=before,
        doubtful=window.doubtful[which],
    )


def _lifetime(life: Window) -> Costs:
    usual = amounts_of(life)
    calls = life.deltas["calls"]
    first = variance.prior(usual, calls, variance.within(life))
    # The mean of a life differs from today's level by about half of what windows differ among themselves.
    between = first.tau2 + variance.FLOOR2
    weight = between / (between / LIFETIME_WINDOWS + first.cv2 / calls)
    return Costs(usual, first.tau2, first.cv2, np.where(np.isnan(usual), 0.0, weight), np.zeros_like(usual))
