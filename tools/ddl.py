"""
Writes the schema as one script, out of the migrations: storage/schema.sql and sql/monitoring.sql. A test compares them.

Run it after adding a migration: `python tools/ddl.py`.
"""

from pathlib import Path

from pganomaly.storage import ddl

ROOT = Path(__file__).parents[1]
TARGETS = (ROOT / "src/pganomaly/storage/schema.sql", ROOT / "sql/monitoring.sql")


def main() -> None:
    """Write both files."""
    for target in TARGETS:
        target.parent.mkdir(exist_ok=True)
        target.write_text(ddl.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
