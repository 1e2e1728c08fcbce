"""Describe every text that is new or has changed."""

from pganomaly.cli import main

raise SystemExit(main(["rebuild", "lexical"]))
