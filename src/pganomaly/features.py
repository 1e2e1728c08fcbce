"""
A window in, its features out: what each statement did per call, per second and as ratios.

in    a Window, the Shapes of the texts that are known, and which statements are nobody's business
out   a Matrix: one column per statement that ran, NaN where a feature has no value
not   no history, no opinion on what is odd
"""

import numpy as np

from pganomaly.catalog import FEATURES
from pganomaly.records import Features, Matrix, Outsiders, Shapes, Window

NAMES = tuple(f.name for f in FEATURES)


def build(window: Window, shapes: Shapes, outsiders: Outsiders | None = None) -> Matrix:
    """Return the features of every statement of *window*, and what is known of its text."""
    values = np.array([f.formula(window) for f in FEATURES]).reshape(len(FEATURES), len(window))
    lexical, system = shapes.of(window.keys)
    if outsiders is not None:
        system = system | outsiders.among(window.keys)
    return Matrix(window, Features(NAMES, values), lexical, system)
