"""
How probable each cause is, given the clues: a softmax over one line of weights per cause (weights.py).

A clue that cannot be seen adds nothing, so that a server without pg_stat_activity, or a statement without a text, is
judged by what there is. What the server showed (confirmation.py) multiplies the probabilities. Neither ever makes a
cause impossible.
"""

from collections.abc import Iterable, Mapping
from math import isfinite, log

import numpy as np

from pganomaly.explain.confirmation import Shown, nats_of
from pganomaly.explain.weights import BIAS, CENTRES, WEIGHTS
from pganomaly.records import Clue, Likely
from pganomaly.records.grid import F8

MOST_CLUES = 4
"""Clues named with a cause."""
LEAST_BITS = 0.4
"""What a clue must say to be named."""
GROUNDED = 5
"""Causes for which it is said what speaks for them, likeliest first."""

OPEN = 0.04
"""Probability kept for what no made-up server has shown, spread over all causes: what a server shows may yet win."""

_CAUSES = tuple(WEIGHTS)
_NAMES = tuple(CENTRES)
_CENTRES = np.array([CENTRES[name] for name in _NAMES])
_BIAS = np.array([BIAS[cause] for cause in _CAUSES])
_WEIGHTS = np.array([[WEIGHTS[cause].get(name, 0.0) for name in _NAMES] for cause in _CAUSES])


def likely(clues: Mapping[str, float], signs: Iterable[Shown] = ()) -> tuple[Likely, ...]:
    """Return every cause with its probability, strongest first; they sum to 1."""
    signs = tuple(signs)
    shown = nats_of(signs)
    nats = _WEIGHTS * np.nan_to_num(np.array([clues.get(name, np.nan) for name in _NAMES]) - _CENTRES)
    by_clues = _softmax(_BIAS + nats.sum(axis=1))
    open_to_all = (1.0 - OPEN) * by_clues + OPEN / len(_CAUSES)
    p = _softmax(np.log(open_to_all) + np.array([shown.get(cause, 0.0) for cause in _CAUSES]))
    more = (nats - nats.mean(axis=0)) / log(2.0)
    order = np.argsort(-p, kind="stable").tolist()
    return tuple(
        Likely(_CAUSES[c], float(p[c]), _why(more[c], c, clues, signs) if rank < GROUNDED else ())
        for rank, c in enumerate(order)
    )


def _softmax(scores: F8) -> F8:
    odds = np.exp(scores - scores.max())
    return np.asarray(odds / odds.sum())


def _why(bits: F8, cause: int, clues: Mapping[str, float], signs: Iterable[Shown]) -> tuple[Clue, ...]:
    """Return what speaks for a cause more than for the average one, strongest first; what the server showed is fact."""
    told = [
        Clue(_NAMES[i], clues[_NAMES[i]], float(bits[i]))
        for i in np.flatnonzero(bits >= LEAST_BITS)
        if isfinite(clues.get(_NAMES[i], np.nan))
    ]
    told += [Clue(s.name, s.amount, s.nats.get(_CAUSES[cause], 0.0) / log(2.0)) for s in signs]
    return tuple(sorted((c for c in told if c.bits >= LEAST_BITS), key=lambda c: -c.bits)[:MOST_CLUES])
