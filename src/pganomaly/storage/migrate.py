"""
Our schema, brought to the form that this version knows.

in    a connection to the store's database
out   the names of the migrations that were applied now
not   no foreign schema is ever touched, nothing needs a superuser, nothing is applied twice or half

Each file of migrations/ runs in one transaction that also records its name and hash.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import psycopg

from pganomaly import errors, pg

TIMEOUT_S = 60.0
_LOCK_TIMEOUT_S = 15.0
_OURS = {"name", "sha256", "applied_at"}

# Two migrators at once take turns; the lock ends with the transaction, so a pooler cannot keep it.
_TAKE_TURNS = "SELECT /* pganomaly */ pg_advisory_xact_lock(7043926, 1)"
_LOOK = """
SELECT /* pganomaly */ c.relname::text, array_agg(a.attname::text)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'monitoring'
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 GROUP BY c.relname
 ORDER BY c.relname"""
_IS_THERE = "SELECT /* pganomaly */ count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'monitoring'"
_APPLIED = "SELECT /* pganomaly */ name, sha256 FROM monitoring.schema_migrations ORDER BY name"
_RECORD = "INSERT /* pganomaly */ INTO monitoring.schema_migrations (name, sha256) VALUES (%s::text, %s::text)"

LEDGER = """\
CREATE TABLE monitoring.schema_migrations (
    name        text        PRIMARY KEY,
    sha256      text        NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE monitoring.schema_migrations IS 'Which migrations made this schema, and the hash of each.';
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One shipped file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Return the hash under which it is recorded."""
        return sha256(self.sql.encode()).hexdigest()


def shipped() -> tuple[Migration, ...]:
    """Return the migrations of this version, in their order."""
    folder = files("pganomaly.storage") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(Migration(n.removesuffix(".sql"), (folder / n).read_text("utf-8")) for n in names)


def migrate(conn: pg.Connection) -> tuple[str, ...]:
    """Apply what is missing and return its names; errors.ForeignSchema where the schema is somebody else's."""
    try:
        _ensure_ledger(conn)
        return tuple(m.name for m in shipped() if _apply(conn, m))
    except psycopg.errors.InsufficientPrivilege as error:
        raise errors.StoreForbidden(
            user=conn.info.user, dbname=conn.info.dbname, said=error.diag.message_primary
        ) from None


def is_ours(conn: pg.Connection) -> bool:
    """Return whether the schema exists and is ours, changing nothing."""
    return _look(conn)


def pending(conn: pg.Connection) -> tuple[str, ...]:
    """Return the names of migrations that are not applied yet, changing nothing."""
    known = _applied(conn) if _look(conn) else {}
    return tuple(m.name for m in shipped() if m.name not in known)


def _ensure_ledger(conn: pg.Connection) -> None:
    with _turn(conn):
        if _look(conn):
            _check(_applied(conn), shipped())
            return
        (exists,) = conn.execute(_IS_THERE).fetchone() or (0,)
        if not exists:
            conn.execute("CREATE SCHEMA monitoring")
        conn.execute(LEDGER)


def _look(conn: pg.Connection) -> bool:
    """Return whether our ledger is there; errors.ForeignSchema where other things are, and no ledger of ours."""
    relations: dict[str, list[str]] = dict(conn.execute(_LOOK).fetchall())
    if set(relations.get("schema_migrations", ())) >= _OURS:
        return True
    if relations:
        raise errors.ForeignSchema(dbname=conn.info.dbname, found=_some(list(relations)))
    return False


def _some(names: Sequence[str]) -> str:
    most = 3
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _applied(conn: pg.Connection) -> dict[str, str]:
    return dict(conn.execute(_APPLIED).fetchall())


def _check(applied: dict[str, str], ours: Sequence[Migration]) -> None:
    hashes = {m.name: m.sha256 for m in ours}
    for name, sha in applied.items():
        if name not in hashes:
            raise errors.StoreTooNew(name=name)
        if sha != hashes[name]:
            raise errors.MigrationChanged(name=name)


def _apply(conn: pg.Connection, migration: Migration) -> bool:
    """Apply *migration* unless it is there, and return whether it was applied."""
    with _turn(conn):
        if migration.name in _applied(conn):
            return False
        conn.execute(migration.sql)
        conn.execute(_RECORD, (migration.name, migration.sha256))
    return True


@contextmanager
def _turn(conn: pg.Connection) -> Iterator[None]:
    with pg.transaction(conn, statement_timeout_s=TIMEOUT_S, lock_timeout_s=_LOCK_TIMEOUT_S, read_only=False):
        conn.execute(_TAKE_TURNS)
        yield
