"""Compute every window not yet computed from the stored snapshots."""

from pganomaly.cli import main

raise SystemExit(main(["rebuild", "deltas"]))
