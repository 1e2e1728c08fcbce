"""The SQL that makes a role for us, for an administrator to read and to run."""

from importlib.resources import files

from pganomaly.collect.fixes import quoted
from pganomaly.collect.names import OWN_ROLE

_TEXT = (files(__package__) / "grant.sql").read_text(encoding="utf-8")
_NAME = "-- name: "


def grant_sql(role: str = OWN_ROLE, *, store: bool = True, plans: bool = False) -> str:
    """
    Return SQL that creates *role* where it is missing and lets it watch; running it twice does no harm.

    *store* lets it keep its results in the database where this is run; *plans* lets it run EXPLAIN, and so read all
    tables. A password is not in it: it would stand in pg_stat_statements and in the log.
    """
    wanted = ["role", "monitor", "reach", *(["store"] if store else []), *(["plans"] if plans else [])]
    literal = "'" + role.replace("'", "''") + "'"
    pieces = _pieces()
    body = "\n\n".join(pieces[name].format(role=quoted(role), literal=literal) for name in wanted)
    return f"{body}\n\n-- Its password, in psql, so that neither log nor statistics see it:\n-- \\password {role}\n"


def _pieces() -> dict[str, str]:
    """Return the statements with their comments, which are for the administrator, too."""
    parts = (part.partition("\n") for part in _TEXT.split(_NAME)[1:])
    return {name.strip(): body.strip() for name, _, body in parts}
