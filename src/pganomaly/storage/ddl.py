"""
The whole schema as one script: for DBAs who want to read or apply it themselves.

All migrations in their order, and the ledger that says so: whoever applied the script has nothing left to migrate.
"""

from pganomaly.storage.migrate import LEDGER, shipped

_HEADER = """\
-- The schema of pganomaly's store. Made of the migrations in src/pganomaly/storage/migrations; do not edit.
--
-- pganomaly creates all of this by itself. To do it yourself, as a role that may create schemas:
--     psql -v ON_ERROR_STOP=1 -f sql/monitoring.sql
-- Partitions are made by pganomaly when it starts; nothing here needs a superuser.

BEGIN;

CREATE SCHEMA monitoring;

"""


def text() -> str:
    """Return the script."""
    pieces = [_HEADER, LEDGER]
    pieces += [f"\n-- {migration.name}\n{migration.sql}" for migration in shipped()]
    rows = ",\n".join(f"    ('{m.name}', '{m.sha256}')" for m in shipped())
    pieces.append(f"\nINSERT INTO monitoring.schema_migrations (name, sha256) VALUES\n{rows};\n\nCOMMIT;\n")
    return "".join(pieces)
