"""Servers that do not exist and what happens to them: long histories and labelled recordings of pg_stat_statements."""

from benchmarks.traffic.profile import PROFILES, Profile
from benchmarks.traffic.simulation import Simulation, Step

__all__ = ["PROFILES", "Profile", "Simulation", "Step"]
