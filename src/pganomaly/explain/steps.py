"""
What to do next: statements that confirm a cause, with the real names in them, and those that would mend it.

in    a cause, whom it is about, what the server showed
out   a Step, for people to paste
not   nothing is run, nothing is asked of a server
"""

from pganomaly.explain.about import About
from pganomaly.explain.mends import index_of, mends
from pganomaly.explain.quoting import commented, literal
from pganomaly.explain.templates import template
from pganomaly.records import Cause, IncidentKind, Step
from pganomaly.records.evidence import IndexState

_TABLES = "{tables}"
_USUAL = {
    IncidentKind.TRAFFIC: Cause.CALL_SURGE,
    IncidentKind.SILENCE: Cause.CALL_DROP,
    IncidentKind.NEW_HEAVY: Cause.NEW_QUERY,
    IncidentKind.WAITING: Cause.LOCK_WAIT,
    IncidentKind.HOST: Cause.HOST_SLOW,
}


def next_step(cause: Cause, about: About) -> Step:
    """Return what to look at and what would mend it."""
    looks = _looks(cause, about)
    return Step(
        cause=cause,
        look="\n\n".join(_filled(look, about) for look in looks),
        mend=commented("\n\n".join(mends(cause, about))) if mends(cause, about) else "",
        in_database=any(_TABLES in look for look in looks),
    )


def usual_cause(kind: IncidentKind) -> Cause:
    """Return the cause to look for first where nothing but the kind of an incident is known."""
    return _USUAL.get(kind, Cause.UNKNOWN)


def _looks(cause: Cause, about: About) -> list[str]:
    """Return the templates; where tables are asked for and none is known, those that do without."""
    look = template(f"look_{cause.value}", about.major)
    if _TABLES in look and not about.tables:
        return [template("look_unknown", about.major)]
    named = [template("look_missing_index_named", about.major)] if _indexes(about) else []
    return [*named, look] if cause is Cause.MISSING_INDEX else [look]


def _filled(look: str, about: About) -> str:
    return look.format(
        tables=", ".join(f"to_regclass({literal(table)})" for table in about.tables),
        indexes=", ".join(_indexes(about)),
        statements=about.statements,
        queryid=about.key.queryid,
        dbid=about.key.dbid,
        userid=about.key.userid,
    )


def _indexes(about: About) -> list[str]:
    """Return the indexes that are gone or invalid, as strings."""
    changed = about.evidence.indexes or () if about.evidence else ()
    return [literal(index_of(i)) for i in changed if i.state in (IndexState.DROPPED, IndexState.INVALID)]
