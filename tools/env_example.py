"""
Writes .env.example out of the settings: every variable with its sentence and its default.

    python tools/env_example.py           write it
    python tools/env_example.py --check   change nothing; exit 1 where it is not what the settings say

A default is shown as a comment, so that a copy of the file sets nothing but what somebody has filled in.
"""

import argparse
import sys
from pathlib import Path

from pganomaly import settings

FILE = Path(__file__).resolve().parent.parent / ".env.example"

_HEAD = """\
# Copy this file to .env and fill in what you need; `pganomaly doctor` then says whether it works.
# What is set in the environment wins over .env. A line may end with a comment: DB_PORT=5433  # the replica
# Durations: 90s, 15m, 6h, 8d, 2w; a bare number means seconds between things, and days that things are kept."""

CHAPTERS = {
    "DB_HOST": "The server to watch; the schema `monitoring` is made in this database, unless STORE_URL is set",
    "TARGETS": "Several servers, and where results go",
    "STORE_MAX_GB": "How much is kept, and how long",
    "COLLECT_INTERVAL": "Rhythm",
    "MODEL_FILE": "The model",
    "ALERT_BUDGET_PER_DAY": "What is worth telling",
    "TELEGRAM_BOT_TOKEN": "Telling people",
    "WEB_HOST": "Pages (read and checked, but not there yet)",
    "ANOMALY_NET": "Docker",
}
"""Where a chapter begins, by its first variable."""


def text() -> str:
    """Return the file."""
    lines = [_HEAD]
    for name, (sentence, default) in settings.documented().items():
        if name in CHAPTERS:
            lines += ["", "", f"# {CHAPTERS[name]}"]
        lines += ["", f"# {sentence}", f"# {name}={default}" if default else f"{name}="]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or check that this was done."""
    parser = argparse.ArgumentParser(description="Write .env.example out of the settings.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where it is not up to date")
    if not parser.parse_args().check:
        FILE.write_text(text(), encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != text():
        print(f"{FILE.name} is not what the settings say: run `python tools/env_example.py`.")  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
