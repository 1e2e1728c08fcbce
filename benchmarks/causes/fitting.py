"""
Fits a line of weights per cause: multinomial logistic regression, each event and each cause counted alike.

What is believed in the end was never seen in the fit: the strength of the prior and the temperature of the
probabilities are chosen by leaving out one server after another.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.causes.gathering import Sighting
from pganomaly.explain.clues import CLUES

F8 = NDArray[np.float64]
NAMES = tuple(clue.name for clue in CLUES)
PRIORS = (0.1, 0.3, 1.0, 3.0)
TEMPERATURES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.8)
NEGLIGIBLE = 0.05


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
        raw = np.array([[s.clues[name] for name in NAMES] for s in sightings])
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
    weights = model.coef_ / temperature
    weights = weights - weights.mean(axis=0)
    weights[np.abs(weights) < NEGLIGIBLE] = 0.0
    bias = (model.intercept_ - model.intercept_.mean()) / temperature
    return Table(problem.causes, weights, bias, problem.centres, prior, temperature), softmax(
        scores[prior] / temperature
    )


def softmax(scores: F8) -> F8:
    """Return probabilities, row by row."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _left_out(problem: Problem, prior: float) -> F8:
    scores = np.full((len(problem.y), len(problem.causes)), -20.0)
    for server in np.unique(problem.server):
        rest = problem.server != server
        model = _fit(problem, rest, prior)
        scores[np.ix_(~rest, model.classes_)] = model.decision_function(problem.x[~rest])
    return scores


def _fit(problem: Problem, which: NDArray[np.bool_], prior: float) -> LogisticRegression:
    model = LogisticRegression(C=prior, max_iter=5000)
    return model.fit(problem.x[which], problem.y[which], sample_weight=problem.weight[which])


def _loss(problem: Problem, scores: F8) -> float:
    p = softmax(scores)[np.arange(len(problem.y)), problem.y]
    return float(-(problem.weight * np.log(np.maximum(p, 1e-6))).sum() / problem.weight.sum())
