"""Run pganomaly as `python -m pganomaly`."""

from pganomaly.cli import main

raise SystemExit(main())
