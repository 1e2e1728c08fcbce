"""The causes, one line each: what they do to the counters and to who is at work, and how they are called."""

from dataclasses import dataclass

from pganomaly.messages.marker import marked as _
from pganomaly.records import Cause


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """
    A cause.

    says   a clause that completes "probably because ..."; of UNKNOWN, a sentence's end of its own
    """

    cause: Cause
    says: str


FINGERPRINTS: tuple[Fingerprint, ...] = (
    Fingerprint(Cause.MISSING_INDEX, _("an index that it used is gone")),
    Fingerprint(Cause.PLAN_CHANGE, _("the planner has chosen a worse plan")),
    Fingerprint(Cause.LOCK_WAIT, _("it waits for locks that others hold")),
    Fingerprint(Cause.COMMIT_WAIT, _("commits take long: the log's disk or a synchronous standby is slow")),
    Fingerprint(Cause.COLD_CACHE, _("the cache has lost what the server needs and is filled again")),
    Fingerprint(Cause.MORE_IO, _("it reads more from outside the cache")),
    Fingerprint(Cause.TEMP_SPILL, _("its sorts or hashes no longer fit into memory")),
    Fingerprint(Cause.DATA_GROWTH, _("it goes through more rows than it used to")),
    Fingerprint(Cause.DATA_SKEW, _("it is asked for something that has far more rows than the rest")),
    Fingerprint(Cause.BLOAT, _("dead rows fill its tables")),
    Fingerprint(Cause.CALL_SURGE, _("it is called much more often")),
    Fingerprint(Cause.N_PLUS_ONE, _("the application asks for every row by itself")),
    Fingerprint(Cause.RETRY_STORM, _("something fails and is tried again and again")),
    Fingerprint(Cause.NEW_QUERY, _("it is new")),
    Fingerprint(Cause.CALL_DROP, _("whoever calls it has stopped")),
    Fingerprint(Cause.WAL_GROWTH, _("it writes more than it used to")),
    Fingerprint(Cause.HOST_SLOW, _("the whole server is slower, whatever it does")),
    Fingerprint(Cause.CPU_SATURATION, _("the server's processors are full")),
    Fingerprint(Cause.SLOW_DRIFT, _("its work grows little by little")),
    Fingerprint(Cause.SCHEDULE, _("it runs outside its usual hours")),
    Fingerprint(Cause.UNKNOWN, _("nothing known explains it")),
)

_BY_CAUSE = {f.cause: f for f in FINGERPRINTS}


def fingerprint(cause: Cause) -> Fingerprint:
    """Return what is known of *cause*."""
    return _BY_CAUSE[cause]
