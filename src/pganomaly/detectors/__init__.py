"""Who judges windows: the per-statement baseline and the forest, behind one contract."""

from pganomaly.detectors.baseline import Baseline
from pganomaly.detectors.contract import Detector, Scores
from pganomaly.detectors.forest import Facts, Forest, ForestScores
from pganomaly.detectors.rows import ALL_FEATURES
from pganomaly.detectors.rules import Gate

__all__ = ["ALL_FEATURES", "Baseline", "Detector", "Facts", "Forest", "ForestScores", "Gate", "Scores"]
