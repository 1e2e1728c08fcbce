"""Who judges windows: the per-statement baseline and the forest, behind one contract."""

from pganomaly.detectors.contract import Detector, Scores

__all__ = ["Detector", "Scores"]
