"""Wait for PostgreSQL, create what is missing, learn, then watch for ever."""

from pganomaly.cli import main

raise SystemExit(main(["run"]))
