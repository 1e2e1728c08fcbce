"""Commands: each parses, calls, prints. What they print is a sentence of the catalogue or JSON."""

from pganomaly.cli.entry import main

__all__ = ["main"]
