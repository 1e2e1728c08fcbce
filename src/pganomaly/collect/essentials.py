"""Questions of the doctor that decide whether there are numbers at all: facts in, one answer each out."""

from pganomaly.collect import fixes
from pganomaly.collect.check import Check, CheckState, ok
from pganomaly.collect.examination import Examination
from pganomaly.messages import _


def extension(seen: Examination) -> Check:
    """Answer whether the extension is created in this database."""
    if seen.extension is None:
        return Check(
            "PGA-001",
            "extension",
            CheckState.PROBLEM,
            _('pg_stat_statements is not created in database "{database}".'),
            _("Query statistics cannot be read through it; any one database of the server will do."),
            fixes.create(seen.server, available=seen.available is not None),
            {"database": seen.server.database},
        )
    return ok(
        "PGA-001",
        "extension",
        _('pg_stat_statements {version} is in schema {schema} of database "{database}".'),
        version=seen.extension.version,
        schema=seen.extension.schema,
        database=seen.server.database,
    )


def within_reach(seen: Examination) -> Check | None:
    """Answer whether our role may use the extension where it lies."""
    if seen.extension is None or seen.extension.usable:
        return None
    return Check(
        "PGA-017",
        "reach",
        CheckState.PROBLEM,
        _('Role "{role}" may not use pg_stat_statements in schema {schema}.'),
        _("Nothing can be read."),
        fixes.reach(seen.server, seen.extension),
        {"role": seen.server.role, "schema": seen.extension.schema},
    )


def library(seen: Examination) -> Check:
    """Answer whether the server has loaded the library."""
    if not seen.server.loaded:
        return Check(
            "PGA-002",
            "library",
            CheckState.PROBLEM,
            _("The server did not load pg_stat_statements."),
            _("No query statistics are collected at all."),
            fixes.load(seen.server),
        )
    return ok("PGA-002", "library", _("The server has loaded pg_stat_statements."))


def version(seen: Examination) -> Check | None:
    """Answer whether the extension has what we need, and all that its files could give."""
    if seen.extension is None:
        return None
    values = {"version": seen.extension.version, "available": seen.available}
    if seen.can is not None and seen.can.missing:
        return Check(
            "PGA-009",
            "version",
            CheckState.PROBLEM,
            _("pg_stat_statements {version} is older than 1.8."),
            _("Nothing can be read from it. PostgreSQL 13 and later bring a newer one along."),
            fixes.update(seen.server),
            values,
        )
    if seen.available is not None and _numbers(seen.extension.version) < _numbers(seen.available):
        return Check(
            "PGA-009",
            "version",
            CheckState.WARNING,
            _("pg_stat_statements {version} is in use although {available} is installed."),
            _("Newer versions count more, and from 1.11 on they tell evictions and resets for sure."),
            fixes.update(seen.server),
            values,
        )
    return ok("PGA-009", "version", _("pg_stat_statements {version} is the newest that is installed."), **values)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def privileges(seen: Examination) -> Check | None:
    """Answer whether our role may see everybody's statements."""
    if seen.entries is None:
        return None
    values = {"role": seen.server.role, "hidden": seen.hidden, "entries": seen.entries}
    if seen.hidden:
        return Check(
            "PGA-003",
            "privileges",
            CheckState.PROBLEM,
            _('Role "{role}" may not read {hidden} of {entries} query texts.'),
            _("PostgreSQL hides their ids too, so those queries cannot be followed."),
            fixes.grant(seen.server),
            values,
        )
    if not seen.server.sees_all:
        return Check(
            "PGA-003",
            "privileges",
            CheckState.WARNING,
            _('Role "{role}" may see its own statements only.'),
            _("Statements of other roles will be hidden as soon as there are any."),
            fixes.grant(seen.server),
            values,
        )
    return ok("PGA-003", "privileges", _('Role "{role}" sees all {entries} entries.'), **values)


def track(seen: Examination) -> Check | None:
    """Answer whether the server counts statements."""
    value = seen.server.settings.get("pg_stat_statements.track")
    if value is None:
        return None
    if value == "none":
        return Check(
            "PGA-004",
            "track",
            CheckState.PROBLEM,
            _("pg_stat_statements.track is none."),
            _("No statement is counted."),
            fixes.setting(seen.server, "pg_stat_statements.track", "top"),
        )
    return ok("PGA-004", "track", _("pg_stat_statements.track is {value}."), value=value)


def query_id(seen: Examination) -> Check | None:
    """Answer whether the server tells statements apart: a setting of 14 and later."""
    value = seen.server.settings.get("compute_query_id")
    if value is None:
        return None
    if value == "off":
        return Check(
            "PGA-005",
            "query_id",
            CheckState.PROBLEM,
            _("compute_query_id is off."),
            _("pg_stat_statements cannot tell statements apart and counts none."),
            fixes.setting(seen.server, "compute_query_id", "auto"),
        )
    return ok("PGA-005", "query_id", _("compute_query_id is {value}."), value=value)
