"""
How far a residual may wander by itself: tau^2 (1 + 1/w) + cv^2 / n + floor^2.

tau^2  between windows; 1/w because the usual is itself known only from w windows
cv^2   of single calls: a window of one call says little, one of 10,000 says much
floor  what every server does

tau^2 and cv^2 are told apart by online expectation-maximisation (Cappé, Moulines 2009): each window's squared residual
is split into the part that calls explain and the part that windows explain, in proportion to what is believed so far.
Within-window deviations, recovered from the counters, tell cv^2 of the execution time directly.
"""

from typing import NamedTuple

import numpy as np

from pganomaly.detectors.channels import EXEC, FLOOR, MATERIAL, material
from pganomaly.detectors.normals import FIRST_CV2, FIRST_TAU2, Costs
from pganomaly.records import Window
from pganomaly.records.grid import F8

FLOOR2: F8 = np.square(FLOOR)
PRIOR_WINDOWS = 12.0
"""Windows that the first guess of a variance is worth."""
PRIOR_CALLS = 12.0
"""Calls that the first guess of cv^2 (1: as far apart as waiting times) is worth against a measured one."""
CLIP = 3.0
"""One window counts for the variance as though it were at most this many deviations away."""

_LEAST_TAU2, _LEAST_CV2 = 1e-4, 1e-3


class Split(NamedTuple):
    """The two variances, [channels, statements] each."""

    tau2: F8
    cv2: F8


def within(window: Window) -> F8:
    """Return the squared coefficient of variation of single execution times, NaN where a window does not tell."""
    calls, mean = window.deltas["calls"], window.deltas["total_exec_time"] / window.deltas["calls"]
    several = (calls > 1) & (mean > 0)
    divisor = (calls - 1) * np.square(mean)
    return np.asarray(np.divide(window.deltas["exec_m2"], divisor, out=np.full(len(window), np.nan), where=several))


def prior(usual: F8, calls: F8, measured: F8) -> Split:
    """Return the first guess, given what a call costs and the cv^2 *measured* within *calls* execution times."""
    damping = np.square(usual / (usual + material(usual)))
    cv2 = FIRST_CV2 * np.square(FLOOR / FLOOR[EXEC]) * damping
    several = np.isfinite(measured)
    sum_of_squares = FIRST_CV2 * PRIOR_CALLS + np.where(several, measured * (calls - 1), 0.0)
    cv2[EXEC] = damping[EXEC] * sum_of_squares / (PRIOR_CALLS + np.where(several, calls - 1, 0.0))
    return Split(np.full_like(usual, FIRST_TAU2), np.maximum(cv2, _LEAST_CV2))


def predictive(costs: Costs, calls: F8, measured: F8) -> F8:
    """
    Return the variance of a window's residual if all is as usual; NaN without history.

    Where single calls differed more than they usually do (*measured*), they explain that much more of their mean.
    """
    of_calls = costs.cv2.copy()
    of_calls[EXEC] = np.fmax(of_calls[EXEC], measured * np.square(_damping(costs.usual[EXEC])))
    known = np.where(costs.weight > 0, costs.weight, np.nan)
    return np.asarray(costs.tau2 * (1.0 + 1.0 / known) + of_calls / calls + FLOOR2)


def learned(costs: Costs, residual2: F8, calls: F8, measured: F8, gain: F8) -> Split:
    """Return the variances after a window of squared residuals, each already clipped by the caller."""
    tau2, cv2 = split(costs.tau2, costs.cv2, calls, residual2, gain)
    before = costs.cv2[EXEC]
    seen = np.minimum(measured * np.square(_damping(costs.usual[EXEC])), CLIP**2 * before)
    trust = gain[EXEC] * np.minimum((calls - 1) / PRIOR_CALLS, 1.0)
    direct = np.maximum(before + trust * (seen - before), _LEAST_CV2)
    cv2[EXEC] = np.where(np.isfinite(measured), direct, cv2[EXEC])
    return Split(tau2, cv2)


def split(tau2: F8, cv2: F8, events: F8, residual2: F8, gain: F8) -> Split:
    """Return both variances after squared residuals of which *tau2* + *cv2* / *events* was expected."""
    sampling = cv2 / events
    total = tau2 + sampling
    shared = tau2 * sampling / total
    between = np.square(tau2 / total) * residual2 + shared
    single = (np.square(sampling / total) * residual2 + shared) * events
    return Split(
        np.maximum(tau2 + gain * (between - tau2), _LEAST_TAU2),
        np.maximum(cv2 + gain * (single - cv2), _LEAST_CV2),
    )


def _damping(usual_ms: F8) -> F8:
    """Return by how much the material amount shrinks a relative change of the execution time."""
    return np.asarray(usual_ms / (usual_ms + MATERIAL[EXEC]))
