"""
Fits a line of weights per cause: multinomial logistic regression, each event and each cause counted alike.

It begins with the table in force and moves away from it only as far as new servers have something to say: what was
learned from earlier ones is not forgotten. How far, and the temperature of the probabilities, are chosen by leaving out
one server after another.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.causes.gathering import Sighting
from pganomaly.explain.clues import CLUES
from pganomaly.explain.weights import BIAS, CENTRES, WEIGHTS
from pganomaly.records import Cause

F8 = NDArray[np.float64]
NAMES = tuple(clue.name for clue in CLUES)
PRIORS = (0.03, 0.1, 0.3)
"""What new servers weigh against the table in force."""
BIAS_FREE = 0.1
"""A bias is held back by so much of what holds a weight back."""
NEW_FREE = 0.1
"""So is the weight of a clue that the table in force does not know: nothing of it can be forgotten."""
TEMPERATURES = (0.8, 0.9, 1.0, 1.15, 1.3)
NEGLIGIBLE = 0.05
MOST_STEPS = 250


@dataclass(frozen=True, slots=True)
class Problem:
    """Sightings as columns; weight adds up to the same for every cause, and within a cause for every event."""

    sightings: Sequence[Sighting]
    x: F8
    y: NDArray[np.int64]
    causes: tuple[str, ...]
    weight: F8
    server: NDArray[np.str_]
    centres: F8

    @classmethod
    def of(cls, sightings: Sequence[Sighting]) -> "Problem":
        """Return the problem; what cannot be seen counts as average."""
        raw = np.array([[seen[name] for name in NAMES] for seen in (s.clues for s in sightings)])
        centres = np.nanmean(raw, axis=0)
        causes = tuple(sorted({s.cause.value for s in sightings}))
        looks = Counter(s.event for s in sightings)
        share = np.array([1.0 / looks[s.event] for s in sightings])
        y = np.array([causes.index(s.cause.value) for s in sightings])
        of_cause = np.bincount(y, share)
        return cls(
            sightings, np.nan_to_num(raw - centres), y, causes, share / of_cause[y] * len(sightings) / len(causes),
            np.array([s.server for s in sightings]), centres,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of weights, and how they were chosen."""

    causes: tuple[str, ...]
    weights: F8
    bias: F8
    centres: F8
    prior: float
    temperature: float


def fitted(problem: Problem) -> tuple[Table, F8]:
    """Return the table, and for every sighting the probabilities that the other servers' table gives it."""
    scores = {prior: _left_out(problem, prior) for prior in PRIORS}
    choices = [(_loss(problem, s / t), prior, t) for prior, s in scores.items() for t in TEMPERATURES]
    _, prior, temperature = min(choices)
    model = _fit(problem, np.ones(len(problem.y), np.bool_), prior)
    weights = model.weights / temperature
    weights[np.abs(weights) < NEGLIGIBLE] = 0.0
    bias = model.bias / temperature
    return Table(problem.causes, weights, bias, problem.centres, prior, temperature), softmax(
        scores[prior] / temperature
    )


def softmax(scores: F8) -> F8:
    """Return probabilities, row by row."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _left_out(problem: Problem, prior: float) -> F8:
    scores = np.zeros((len(problem.y), len(problem.causes)))
    for server in np.unique(problem.server):
        rest = problem.server != server
        scores[~rest] = _fit(problem, rest, prior).scores(problem.x[~rest])
    return scores


@dataclass(frozen=True, slots=True)
class Lines:
    """A line of weights and a bias per cause."""

    weights: F8
    bias: F8

    def scores(self, x: F8) -> F8:
        """Return the scores of sightings, a row each."""
        return np.asarray(x @ self.weights.T + self.bias)

    @classmethod
    def in_force(cls, problem: Problem) -> "Lines":
        """Return the table that the package has now, around the centres of *problem*."""
        causes = [Cause(name) for name in problem.causes]
        weights = np.array([[WEIGHTS[c].get(name, 0.0) for name in NAMES] for c in causes])
        moved = problem.centres - np.array([CENTRES.get(n, c) for n, c in zip(NAMES, problem.centres, strict=True)])
        return cls(weights, np.array([BIAS[c] for c in causes]) + weights @ moved)


def _fit(problem: Problem, which: NDArray[np.bool_], prior: float) -> Lines:
    start = Lines.in_force(problem)
    held = np.array([1.0 if name in CENTRES else NEW_FREE for name in NAMES])
    x, y, weight = problem.x[which], problem.y[which], problem.weight[which]
    true = np.eye(len(problem.causes))[y]
    shape, inner = start.weights.shape, start.weights.size

    def loss(flat: F8) -> tuple[float, F8]:
        moved = flat[:inner].reshape(shape) - start.weights
        shifted = flat[inner:] - start.bias
        p = softmax(Lines(flat[:inner].reshape(shape), flat[inner:]).scores(x))
        off = (p - true) * weight[:, None] * prior
        lost = -prior * float(weight @ np.log(np.maximum((p * true).sum(axis=1), 1e-12)))
        lost += 0.5 * float((held * np.square(moved)).sum()) + 0.5 * BIAS_FREE * float(np.square(shifted).sum())
        return lost, np.concatenate([(off.T @ x + held * moved).ravel(), off.sum(axis=0) + BIAS_FREE * shifted])

    found = minimize(
        loss, np.concatenate([start.weights.ravel(), start.bias]), jac=True, method="L-BFGS-B",
        options={"maxiter": MOST_STEPS},
    ).x  # fmt: skip
    return Lines(found[:inner].reshape(shape), found[inner:])


def _loss(problem: Problem, scores: F8) -> float:
    p = softmax(scores)[np.arange(len(problem.y)), problem.y]
    return float(-(problem.weight * np.log(np.maximum(p, 1e-6))).sum() / problem.weight.sum())
