"""
Whose fault it is: the statement that wants more than usual, never the one that merely suffers most.

in    a case, and the likeliest cause
out   the culprit, or none; and the victims, dearest first
"""

from math import exp, isfinite, log

from pganomaly.explain.arithmetic import logarithms, taken_apart
from pganomaly.explain.cases import LEAST_WEIGHT, Case
from pganomaly.explain.sums import Tally
from pganomaly.records import Cause, IncidentKind, Key

SHARED = (Cause.HOST_SLOW, Cause.CPU_SATURATION, Cause.COLD_CACHE, Cause.COMMIT_WAIT)
"""Causes that hit all: whoever is slower by them is a victim, unless it also wants more."""
DRIVES = 0.25
"""Share of all that is in excess which a statement must want by itself to drive what hits all."""
MOST_VICTIMS = 20


def culprit_and_victims(case: Case, cause: Cause) -> tuple[Key | None, tuple[Key, ...]]:
    """Return whose fault it is, None where that is no statement's, and who suffers from it."""
    culprit = _culprit(case, cause)
    suffering = sorted((t for t in case.members if t.key != culprit), key=lambda t: -t.excess_ms)
    return culprit, tuple(t.key for t in suffering[:MOST_VICTIMS])


def _culprit(case: Case, cause: Cause) -> Key | None:
    if case.lead is None:
        return None
    if cause is Cause.LOCK_WAIT and case.blockers:
        return max(case.blockers, key=lambda b: b[1])[0]
    if cause not in SHARED and case.lead.kind is not IncidentKind.HOST:
        return case.lead.key
    whole = sum(t.excess_ms for t in case.members)
    wanted = {t.key: wants_more_ms(t) for t in case.members}
    first = max(wanted, key=lambda key: wanted[key])
    return first if wanted[first] > LEAST_WEIGHT and wanted[first] >= DRIVES * max(whole, wanted[first]) else None


def wants_more_ms(tally: Tally) -> float:
    """
    Return the time beyond the usual that a statement itself asks for: more calls and more work, not a slower pace.

    ln(time / usual) is the sum of three logarithms; the first two are the statement's own.
    """
    if tally.new:
        return tally.sum("exec_time_per_call_ms").amount
    logs = logarithms(taken_apart(tally))
    own = max(logs.get("calls", 0.0), 0.0) + max(logs.get("work", 0.0), 0.0)
    whole = own + max(logs.get("pace", 0.0), 0.0)
    if own < log(1.5) or not isfinite(whole):
        return 0.0
    exec_ms = tally.sum("exec_time_per_call_ms").amount
    return exec_ms * (1.0 - exp(-own))
