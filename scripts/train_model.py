"""Train the model on the last seven days of stored windows."""

from pganomaly.cli import main

raise SystemExit(main(["train"]))
