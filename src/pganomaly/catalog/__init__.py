"""Every counter and feature once: name, formula, unit, scale, sentence. Columns, docs and explanations read these."""

from pganomaly.catalog.counters import COUNTERS, DELTAS, Counter, CounterKind, counter
from pganomaly.catalog.features import FEATURES, LEXICAL_FEATURES, Feature, Scale, feature
from pganomaly.catalog.units import Unit

__all__ = [
    "COUNTERS",
    "DELTAS",
    "FEATURES",
    "LEXICAL_FEATURES",
    "Counter",
    "CounterKind",
    "Feature",
    "Scale",
    "Unit",
    "counter",
    "feature",
]
