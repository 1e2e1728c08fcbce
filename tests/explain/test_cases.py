"""What is remembered of an incident: only windows that show it count, and all of it survives a checkpoint."""

from datetime import timedelta

import numpy as np

from pganomaly import explain
from pganomaly.explain import Case
from pganomaly.explain.culprits import culprit_and_victims
from pganomaly.explain.sums import EXEC, Sum, Tally
from pganomaly.records import (
    Activity,
    Cause,
    Evidence,
    Features,
    Incident,
    IncidentKind,
    Key,
    Lexical,
    Matrix,
    Member,
    Scores,
    Shapes,
)
from pganomaly.records.evidence import Backend, Chain
from tests.incidents.scores import ODD, WELL, end_of, scores

SLOW, OTHER, HOLDER = Key(5, 10, 1), Key(5, 10, 2), Key(5, 10, 3)


def incident(minute: float, *keys: Key) -> Incident:
    """An incident that every window up to *minute* showed."""
    return Incident(
        "i1", keys[0], IncidentKind.LATENCY, end_of(0), end_of(1), told=True, peak=9.0, impact=0.1, reasons=(),
        last_odd_at=end_of(minute),
        members=tuple(Member(k, IncidentKind.LATENCY, end_of(1), 0.1, seen_at=end_of(minute)) for k in keys),
    )  # fmt: skip


def matrix(seen: Scores) -> Matrix:
    n = len(seen)
    lexical = Features(Lexical._fields, np.zeros((len(Lexical._fields), n)))
    return Matrix(seen.window, Features((), np.zeros((0, n))), lexical, np.zeros(n, dtype=np.bool_))


def after(case: tuple[Case, ...], minute: float, found: Incident, *activity: Activity) -> tuple[Case, ...]:
    seen = scores(minute, {SLOW: ODD, OTHER: WELL})
    return explain.follow(case, (found,), seen, matrix(seen), activity=activity, shapes=Shapes())


def waiting(minute: float, pid: int, key: Key, *blocked_by: int) -> Activity:
    lock = "Lock" if blocked_by else None
    return Activity(
        end_of(minute) - timedelta(seconds=5), pid, key.dbid, key.userid, key.queryid, "active", lock, None, 1.0, 2.0,
        blocked_by,
    )  # fmt: skip


def test_windows_that_show_nothing_of_an_incident_do_not_count():
    cases = after((), 1, incident(1, SLOW))
    cases = after(cases, 2, incident(2, SLOW))
    assert cases[0].windows == 2
    assert cases[0].members[0].calls == 2.0

    assert after(cases, 3, incident(2, SLOW)) == cases


def test_a_case_is_over_with_its_incident():
    seen = scores(2, {SLOW: WELL})
    cases = after((), 1, incident(1, SLOW))

    assert explain.follow(cases, (), seen, matrix(seen), shapes=Shapes()) == ()


def test_all_of_it_survives_a_checkpoint():
    cases = after((), 1, incident(1, SLOW, OTHER), waiting(1, 7, SLOW, 8), waiting(1, 8, HOLDER))
    again = explain.loads(explain.dumps(cases))

    assert explain.dumps(again) == explain.dumps(cases)
    assert again[0].members[0].locked == 1
    assert explain.causes(again[0], Shapes()) == explain.causes(cases[0], Shapes())


def test_whoever_others_wait_for_is_to_blame():
    """The waiting statement is the incident's; the session at the head of the queue is the culprit."""
    (case,) = after((), 1, incident(1, SLOW), waiting(1, 7, SLOW, 8), waiting(1, 8, OTHER, 9), waiting(1, 9, HOLDER))

    assert case.blockers == ((HOLDER, 1),)
    assert culprit_and_victims(case, Cause.LOCK_WAIT) == (HOLDER, (SLOW,))


def session(pid: int, query_id: int | None) -> Backend:
    return Backend(pid, "shop", "web", None, "active", query_id, None, "Lock", None, 1.0, 1.0, 2.0)


def test_the_server_says_who_is_to_blame_where_no_sample_did():
    """Only queues in which the incident's statements stand, or may stand, count."""
    (case,) = after((), 1, incident(1, SLOW))
    ours = Chain(session(7, SLOW.queryid), session(8, 2), session(9, 3), 2, 5.0, "relation", None, "public.goods")
    theirs = Chain(session(17, 77), session(18, None), session(18, None), 1, 5.0, "relation", None, "public.town")
    seen = Evidence(end_of(1), "shop", blockers=(ours, theirs))

    asked = explain.with_evidence(case, seen, {9: HOLDER, 18: OTHER})
    assert asked.blockers == ((HOLDER, 2),)
    assert culprit_and_victims(asked, Cause.LOCK_WAIT) == (HOLDER, (SLOW,))
    assert explain.with_evidence(case, seen).blockers == (), "nobody knows what they said"


def slower(key: Key, *, calls: float, expected: float, ms: float) -> Tally:
    channel = Sum().plus(calls, ms, 1.0, 1.0, 0.1)
    return Tally(
        key, IncidentKind.HOST, 0.1, windows=1, seconds=60.0, calls=calls, judged_s=60.0, judged=calls,
        expected=expected, server_ms=1e5, excess_ms=calls * ms - expected, sums={EXEC: channel},
    )  # fmt: skip


def test_no_statement_drives_a_slow_host_whose_calls_are_as_ever():
    case = Case("i1", end_of(0), 1, (slower(SLOW, calls=100, expected=100, ms=3.0),))

    assert culprit_and_victims(case, Cause.HOST_SLOW) == (None, (SLOW,))


def test_a_statement_that_is_called_far_more_drives_a_slow_host():
    few, many = slower(SLOW, calls=100, expected=100, ms=1.5), slower(OTHER, calls=9000, expected=300, ms=1.5)
    case = Case("i1", end_of(0), 1, (few, many))

    assert culprit_and_victims(case, Cause.CPU_SATURATION) == (OTHER, (SLOW,))
