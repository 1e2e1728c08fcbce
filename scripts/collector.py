"""Take one snapshot of pg_stat_statements into monitoring.pgss_snapshots_raw."""

from pganomaly.cli import main

raise SystemExit(main(["collect"]))
