"""Compute the features of every delta not yet done."""

from pganomaly.cli import main

raise SystemExit(main(["rebuild", "features"]))
