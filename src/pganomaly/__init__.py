"""Watches PostgreSQL and says which query started to misbehave, since when, why, and what to do."""

from importlib.metadata import version

__version__ = version("pganomaly")
