"""Questions of the doctor that decide how good the numbers are: facts in, one answer each out."""

from datetime import UTC, datetime

from pganomaly.collect import fixes
from pganomaly.collect.check import Check, CheckState, ok
from pganomaly.collect.examination import Examination
from pganomaly.messages import _

END_OF_LIFE = {
    13: datetime(2025, 11, 13, tzinfo=UTC),
    14: datetime(2026, 11, 12, tzinfo=UTC),
    15: datetime(2027, 11, 11, tzinfo=UTC),
    16: datetime(2028, 11, 9, tzinfo=UTC),
    17: datetime(2029, 11, 8, tzinfo=UTC),
    18: datetime(2030, 11, 14, tzinfo=UTC),
}
"""When the community ends its support of each major version."""

NEARLY_FULL = 0.9
"""Share of pg_stat_statements.max that a server where entries are thrown out never falls below."""
SKEW_S = 30.0
"""How far two clocks may be apart before people wonder about times."""
_PASS_SHARE = 0.05


def room(seen: Examination) -> Check | None:
    """
    Answer whether there is room for all statements.

    A few passes of eviction a day are ordinary; throwing out as many entries a day as there are is not. Before
    extension 1.9 nobody counts them, and only a full house tells.
    """
    most = seen.can.entries_max if seen.can else None
    if seen.entries is None or most is None:
        return None
    evicted = _evicted_per_day(seen, most)
    values = {"entries": seen.entries, "most": most, "evicted": round(evicted)}
    full = seen.entries >= NEARLY_FULL * most
    if full and evicted > most:
        fact = _("{entries} of {most} entries are in use, and about {evicted} a day are thrown out.")
    elif full and seen.dealloc is None:
        fact = _("{entries} of {most} entries are in use, so the least used ones are thrown out.")
    else:
        return ok("PGA-014", "room", _("{entries} of {most} entries are in use."), **values)
    return Check(
        "PGA-014",
        "room",
        CheckState.WARNING,
        fact,
        _("Rare statements are forgotten, some before we see them. Perhaps a client builds names into its SQL."),
        fixes.setting(seen.server, "pg_stat_statements.max", _more_room(most, evicted), restart=True),
        values,
    )


def _more_room(most: int, evicted: float) -> str:
    """Return room for what a day brings, between twice and ten times of today's, in whole thousands."""
    wanted = min(max(most + evicted, 2 * most), 10 * most)
    return str(-(-round(wanted) // 1000) * 1000)


def _evicted_per_day(seen: Examination, most: int) -> float:
    """Return roughly how many entries are thrown out a day: a twentieth of all at each pass, ten at least."""
    if not seen.dealloc or seen.stats_reset is None or seen.taken_at is None:
        return 0.0
    days = max((seen.taken_at - seen.stats_reset).total_seconds() / 86_400, 1 / 24)
    return seen.dealloc * max(10.0, _PASS_SHARE * most) / days


def texts(seen: Examination) -> Check | None:
    """Answer whether texts can be read at all."""
    if seen.texts_read is None:
        return None
    if seen.texts_read:
        return ok("PGA-016", "texts", _("All texts can be read."))
    return Check(
        "PGA-016",
        "texts",
        CheckState.WARNING,
        _('A statement whose text does not fit the encoding of database "{database}" keeps all texts from being read.'),
        _("Numbers go on; statements that were never seen before are shown without a text."),
        fixes.read_texts_through(seen.server, seen.unconverted),
        {"database": seen.server.database},
    )


def pooler(seen: Examination) -> Check | None:
    """Answer whether there is a pooler between us and the server."""
    if not seen.server.pooled:
        return None
    return Check(
        "PGA-010",
        "pooler",
        CheckState.WARNING,
        _("A pooler such as PgBouncer stands between us and the server."),
        _("It works; counters belong to whichever server it routes to. If it can switch servers, connect directly."),
    )


def clock(seen: Examination) -> Check | None:
    """Answer whether the server's clock and ours agree."""
    if seen.skew_s is None:
        return None
    if abs(seen.skew_s) > SKEW_S:
        return Check(
            "PGA-011",
            "clock",
            CheckState.WARNING,
            _("The server's clock and ours are {skew_s} seconds apart."),
            _("Windows carry the server's time, so times look shifted here. Synchronise both machines."),
            values={"skew_s": round(abs(seen.skew_s))},
        )
    return ok("PGA-011", "clock", _("The server's clock agrees with ours."))


def standby(seen: Examination) -> Check | None:
    """Answer whether this is a standby, which is fine for watching."""
    if not seen.server.in_recovery:
        return None
    return ok(
        "PGA-008", "standby", _("The server is a standby: fine to watch; results are stored on a primary (STORE_URL).")
    )


def support(seen: Examination) -> Check | None:
    """Answer whether the server's version is still maintained."""
    major = seen.server.version // 10000
    end = END_OF_LIFE.get(major)
    if end is None or seen.taken_at is None:
        return None
    values = {"major": major, "end": f"{end:%Y-%m-%d}"}
    if seen.taken_at < end:
        return ok("PGA-045", "support", _("PostgreSQL {major} is maintained until {end}."), **values)
    return Check(
        "PGA-045",
        "support",
        CheckState.WARNING,
        _("PostgreSQL {major} is not maintained any more since {end}."),
        _("pganomaly works with it, but the server gets no security fixes: plan an upgrade."),
        values=values,
    )


def reset(seen: Examination) -> Check | None:
    """Answer since when statistics are collected."""
    if seen.stats_reset is None:
        return None
    return ok("PGA-013", "reset", _("Statistics are collected since {since}."), since=f"{seen.stats_reset:%F %T} UTC")


def io_timing(seen: Examination) -> Check | None:
    """Answer whether the server measures how long it waits for its disks."""
    value = seen.server.settings.get("track_io_timing")
    if value is None:
        return None
    if value == "off":
        return Check(
            "PGA-044",
            "io_timing",
            CheckState.WARNING,
            _("track_io_timing is off."),
            _("Time spent waiting for disks cannot be told from time spent computing."),
            fixes.setting(seen.server, "track_io_timing", "on"),
        )
    return ok("PGA-044", "io_timing", _("track_io_timing is on."))
