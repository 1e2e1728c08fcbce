"""Why, what the server shows, and what to do next: as a tired person reads it."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from pganomaly import catalog, explain, lexical
from pganomaly.messages import compose, nextstep, shown, speaker
from pganomaly.records import (
    Block,
    Cause,
    Evidence,
    Explanation,
    Factor,
    Incident,
    IncidentKind,
    Key,
    Likely,
    Member,
    Reason,
    Shape,
    Step,
)
from pganomaly.records.evidence import (
    Backend,
    Chain,
    DatabaseFlow,
    Index,
    IndexState,
    Missing,
    Plan,
    PlanChange,
    Rate,
    Restart,
    Said,
    Sessions,
    Setting,
    Table,
    TableState,
    Wait,
    Waits,
    Why,
)

ONSET = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
NOW = ONSET + timedelta(minutes=2)
LEAD, STOCK, PAY = Key(5, 10, 1), Key(5, 10, 2), Key(5, 10, 3)
ORDERS = lexical.describe("SELECT order_id, placed_at, status, total_cents FROM orders WHERE customer_id = $1 LIMIT $2")
TEXTS: dict[Key, Shape] = {
    LEAD: ORDERS,
    STOCK: lexical.describe("UPDATE stock SET n = n - $1"),
    PAY: lexical.describe("INSERT INTO payments (order_id, amount, currency, method) VALUES ($1, $2, $3, $4)"),
}
SLOW = (Reason("exec_time_per_call_ms", 8.8, 0.19, 9.0), Reason("blocks_per_call", 500, 18, 10.0))


def factor(name, unit: str, usual: float | None, value: float) -> Factor:
    return Factor(name, unit, value, usual, factor=value / usual if usual else None)


def explanation(*causes: tuple[Cause, float], culprit: Key | None = LEAD, victims: tuple[Key, ...] = ()) -> Explanation:
    return Explanation(
        key=LEAD,
        total=factor("time", "ms/s", 1.6, 160),
        factors=(
            factor("calls", "1/s", 9, 9),
            factor("work", "blocks", 16, 512),
            factor("pace", "ms", 0.01, 0.03125),
        ),
        parts=(factor("rows", "rows", 20, 20), factor("reads", "blocks", 1, 440), factor("temp", "blocks", None, 0)),
        db_time_share=0.43,
        excess_share=0.42,
        since=ONSET,
        windows=2,
        causes=tuple(Likely(*c) for c in causes),
        culprit=culprit,
        victims=victims,
    )


def told(
    explained: Explanation | None,
    evidence: Evidence | None = None,
    *,
    kind: IncidentKind = IncidentKind.LATENCY,
    reasons: tuple[Reason, ...] = SLOW,
    members: tuple[Member, ...] = (),
    language: str = "en",
    step: Step | None = None,
) -> tuple[Block, ...]:
    incident = Incident("a7", LEAD, kind, ONSET, NOW, True, 9, 0.4, reasons, last_odd_at=NOW, members=members)
    account = compose.Account(lambda cause: explain.fingerprint(cause).says, explained, evidence, step, TEXTS)
    subject = compose.Subject("shop", ORDERS, "shop", "web")
    return compose.opened(
        speaker(language), subject=subject, incident=incident, now=NOW, feature=catalog.feature, account=account
    ).blocks


def backend(pid: int, **facts) -> Backend:
    plain = {"database": "shop", "role": "web", "application": "checkout", "state": "idle in transaction",
             "query_id": None, "query": "UPDATE stock SET n = $1", "wait_event_type": None, "wait_event": None,
             "query_age_s": 9.0, "state_age_s": 9.0, "transaction_age_s": 541.0}  # fmt: skip
    return Backend(pid, **plain | facts)


def index(state: IndexState, name: str = "orders_customer_idx") -> Index:
    return Index("public.orders", name, state, None, unique=False, changed=True, scans=Rate(0, 0, 9))


DROPPED = Evidence(NOW, "shop", indexes=(index(IndexState.DROPPED),))
LOCKED = Evidence(
    NOW, "shop", blockers=(Chain(backend(9), backend(42), backend(42), 3, 60, "transactionid", None, "public.stock"),)
)


def test_the_first_line_says_most_likely_why_as_precisely_as_the_server_showed_it():
    (first, *_) = told(explanation((Cause.MISSING_INDEX, 0.91), (Cause.PLAN_CHANGE, 0.06)), DROPPED)
    assert first.text == (
        "shop: SELECT … FROM orders WHERE customer_id takes 8.8 ms a call, usually 0.19 ms (×46), since 03:02 UTC;"
        " probably because index orders_customer_idx is gone"
    )
    (first, *_) = told(explanation((Cause.MISSING_INDEX, 0.91)), DROPPED, language="ru")
    assert first.text.endswith("; вероятно, пропал индекс orders_customer_idx")


def test_who_holds_the_lock_stands_in_the_first_line():
    (first, *_) = told(explanation((Cause.LOCK_WAIT, 0.99)), LOCKED, kind=IncidentKind.WAITING, reasons=())
    assert first.text == (
        "shop: SELECT … FROM orders WHERE customer_id waits for locks, since 03:02 UTC;"
        " probably because 3 sessions wait for"
        " pid 42 (web, checkout, idle in transaction, transaction open since 02:54 UTC)"
    )


@pytest.mark.parametrize(
    ("causes", "says"),
    [
        (((Cause.BLOAT, 0.6),), "; probably because dead rows fill its tables"),
        (((Cause.BLOAT, 0.4), (Cause.PLAN_CHANGE, 0.3)), "; perhaps because dead rows fill its tables"),
        (((Cause.BLOAT, 0.2),), "since 03:02 UTC"),
        (((Cause.UNKNOWN, 0.9),), "since 03:02 UTC"),
        ((), "since 03:02 UTC"),
    ],
)
def test_what_is_not_likely_is_not_in_the_first_line(causes, says):
    assert told(explanation(*causes))[0].text.endswith(says)


def test_what_is_written_is_said_with_its_numbers_unless_the_line_has_them():
    wrote = replace(explanation((Cause.WAL_GROWTH, 0.9)), parts=(factor("wal", "bytes", 100, 2900),))
    (first, *_) = told(wrote, kind=IncidentKind.WORK)
    assert first.text.endswith("; probably because each call writes 2.8 kB of log, usually 100 B")
    (first, *_) = told(wrote, kind=IncidentKind.WORK, reasons=(Reason("wal_net_bytes_per_call", 2900, 100, 9.0),))
    assert "because" not in first.text


def test_what_a_call_hardly_does_has_no_line_in_the_table():
    grown = replace(explanation((Cause.BLOAT, 0.9)), parts=(factor("wal", "bytes", 1, 20),))
    assert not any("logged" in block.text for block in told(grown))


def test_who_waits_for_a_lock_reads_who_holds_it_and_nothing_that_says_nothing():
    """Nobody who waits has got through yet, so no counter tells of it; the table's dead rows are another matter."""
    pays = backend(10, query=TEXTS[PAY].redacted, state="active")
    queue = [
        Chain(backend(pid, state="active"), backend(42), backend(42), 3, wait_s, "relation", "x", "public.orders")
        for pid, wait_s in ((8, 60.4), (9, 2.0))
    ]
    dead = TableState(NOW, 1, 900, 600, 300, 500, NOW - timedelta(hours=5), None)
    seen = Evidence(
        NOW,
        "shop",
        blockers=(*queue, Chain(pays, queue[0].waiting, backend(42), 3, 5.0, "relation", "x", "public.orders")),
        tables=(table(now=dead, locked_by=(42,)),),
        waits=Waits(4, (Wait(1, "Lock", "relation", 4),), ()),
    )
    fewer = replace(explanation((Cause.LOCK_WAIT, 0.99), culprit=PAY), factors=(factor("calls", "1/s", 9, 3),))
    blocks = told(fewer, seen, kind=IncidentKind.WAITING, reasons=(), step=Step(Cause.LOCK_WAIT, "SELECT 1", ""))
    assert [b.text for b in blocks[1:]][:4] == [
        "Why (99% sure): it waits for locks that others hold.",
        "The server shows:\n"
        "• pid 42 (web, checkout, idle in transaction, transaction open since 02:54 UTC) holds public.orders"
        " after UPDATE stock SET n = $1; 3 sessions wait, the longest for 1 min\n"
        "• what waits: UPDATE stock SET n = $1 (×2);"
        " INSERT INTO payments (order_id, amount, currency, method) VALUES ($1, $2, $3, …",
        "Database shop, role web",
        ORDERS.redacted,
    ]
    slower = explanation((Cause.LOCK_WAIT, 0.99))
    assert any("share" in b.text for b in told(slower, seen, kind=IncidentKind.WAITING)), "once some have got through"


def test_a_cause_that_only_repeats_the_news_is_not_repeated():
    called = (Reason("calls_per_sec", 102, 16, 9.0),)
    (first, *_) = told(explanation((Cause.CALL_SURGE, 0.9)), kind=IncidentKind.TRAFFIC, reasons=called)
    assert (
        first.text
        == "shop: SELECT … FROM orders WHERE customer_id is called 102/s, usually 16/s (×6.4), since 03:02 UTC"
    )


def test_a_slow_host_names_who_drives_it_or_says_that_nobody_does():
    def line(culprit: Key | None) -> str:
        return told(explanation((Cause.HOST_SLOW, 0.9), culprit=culprit), kind=IncidentKind.HOST)[0].text

    assert line(PAY).endswith("; INSERT INTO payments drives it")
    assert line(None).endswith("; no statement drives it")
    assert line(None).startswith("shop: the whole server is slow: SELECT … FROM orders WHERE customer_id takes")


def texts(blocks: tuple[Block, ...]) -> str:
    return "\n".join(b.text for b in blocks)


def test_the_runner_up_is_told_and_what_is_not_known_is_said():
    assert "Why (52% sure): an index that it used is gone.\nElse (31%): the planner has chosen a worse plan." in texts(
        told(explanation((Cause.MISSING_INDEX, 0.52), (Cause.PLAN_CHANGE, 0.31), (Cause.BLOAT, 0.1)))
    )
    assert "Why is not known: no cause that we know fits (70%)." in texts(
        told(explanation((Cause.UNKNOWN, 0.7), (Cause.PLAN_CHANGE, 0.05)))
    )


def test_the_arithmetic_is_a_table_whose_factors_have_their_share():
    table = next(b for b in told(explanation((Cause.MISSING_INDEX, 0.9))) if b.kind == "code").text
    assert table.splitlines() == [
        "                 usually       now        share",
        "time            1.6 ms/s  160 ms/s  ×100",
        "calls                9/s       9/s",
        "work a call       128 kB      4 MB   ×32    75%",
        "time per block   0.01 ms  0.031 ms  ×3.1    25%",
        "not cached          8 kB    3.4 MB  ×440",
    ]


def test_who_suffers_too_is_named():
    victims = (STOCK, LEAD, *(Key(5, 10, n) for n in range(10, 15)))
    words = texts(told(explanation((Cause.LOCK_WAIT, 0.9), culprit=PAY, victims=victims)))
    assert "Driven by INSERT INTO payments." in words
    assert "Also affected: UPDATE stock SET n = n - $1; query 10 (its text is not visible);" in words
    assert "and 2 more statements." in words
    joined = tuple(Member(key, IncidentKind.LATENCY, NOW) for key in (LEAD, STOCK))
    assert "Also affected: UPDATE stock SET n = n - $1." in texts(told(None, members=joined))


def table(**facts) -> Table:
    now = TableState(NOW, 3 << 20, 900, 900, 0, 0, None, NOW - timedelta(days=2))
    was = TableState(NOW, 1 << 20, 900, 900, 0, 0, None, None)
    rest = dict.fromkeys(
        ("seq_scans", "index_scans", "rows_read_by_seq", "rows_read_by_index", "inserted", "updated", "deleted"), Rate()
    )
    return Table("public.orders", **{"now": now, "was": was, "indexes": 1, **rest, **facts})


def test_what_the_server_shows_is_a_line_each_and_speaks_of_the_cause_first():
    evidence = Evidence(
        NOW,
        "shop",
        tables=(table(seq_scans=Rate(12, 10, 0.1)),),
        settings=(Setting("work_mem", "64MB", "4MB", "role web"),),
        restart=Restart(NOW, 90.0, restarted=True, in_recovery=False, promoted=False, timeline=1),
        missing=(Missing("waits", Why.PRIVILEGE), Missing("plans", Why.SWITCHED_OFF)),
    )
    assert shown.lines(speaker("en"), evidence, Cause.RETRY_STORM) == (
        "work_mem is 4MB, it was 64MB (for role web)",
        "the server was started 1 min 30 s ago",
        "not to be read by our role: waits",
    ), "what may be so on any day is told only where it speaks of a cause that may be"
    assert shown.lines(speaker("en"), evidence, Cause.DATA_GROWTH, Cause.PLAN_CHANGE) == (
        "public.orders has grown from 1 MB to 3 MB",
        "work_mem is 4MB, it was 64MB (for role web)",
        "public.orders is read from end to end 12/s, usually 0.1/s",
        "the server was started 1 min 30 s ago",
        "not to be read by our role: waits",
    )
    assert shown.lines(speaker("ru"), evidence, Cause.COLD_CACHE)[0] == "сервер запущен 1 мин 30 с назад"


def test_three_times_hardly_anything_is_hardly_anything():
    rest = {f.name: Rate() for f in fields(DatabaseFlow) if f.name not in ("name", "blocks_read")}
    few, many = (DatabaseFlow("shop", blocks_read=Rate(now, 0.9), **rest) for now in (8.8, 880.0))
    assert shown.lines(speaker("en"), Evidence(NOW, "shop", flow=few), Cause.UNKNOWN) == ()
    assert shown.lines(speaker("en"), Evidence(NOW, "shop", flow=many), Cause.UNKNOWN) == (
        "shop reads 880 blocks/s (6.9 MB/s) from outside the cache, usually 0.9 blocks/s (7.2 kB/s)",
    )


def test_each_thing_that_the_server_may_show_has_its_words():
    plan = Plan("a", (), 1, 1, NOW)
    dead = TableState(NOW, 1, 900, 600, 300, 500, NOW - timedelta(hours=5), None)
    evidence = Evidence(
        NOW,
        "shop",
        blockers=LOCKED.blockers,
        indexes=tuple(index(state, state.value) for state in IndexState),
        plans=(PlanChange(LEAD, plan, plan, (Said("index {index} is gone", {"index": "i"}),)),),
    )
    assert shown.lines(speaker("en"), evidence, Cause.LOCK_WAIT) == (
        "pid 42 (web, checkout, idle in transaction, transaction open since 02:54 UTC) holds public.stock"
        " after UPDATE stock SET n = $1; 3 sessions wait, the longest for 1 min",
        "what waits: UPDATE stock SET n = $1",
    )
    assert shown.lines(speaker("en"), evidence, Cause.MISSING_INDEX)[:5] == (
        "index dropped of public.orders is gone",
        "index invalid of public.orders is invalid: it serves nobody",
        "index i is gone",
        "index unused of public.orders is not used any more, usually 9/s",
        "pid 42 (web, checkout, idle in transaction, transaction open since 02:54 UTC) holds public.stock"
        " after UPDATE stock SET n = $1; 3 sessions wait, the longest for 1 min",
    )
    unused = "index unused of public.orders is not used any more, usually 9/s"
    assert unused in shown.lines(speaker("en"), evidence, Cause.PLAN_CHANGE), "what is seen on any day needs a reason"
    assert unused in shown.lines(speaker("en"), replace(evidence, blockers=()), Cause.UNKNOWN)
    evidence = Evidence(
        NOW,
        "shop",
        tables=(table(now=dead, locked_by=(7, 8)),),
        waits=Waits(4, (Wait(1, "IO", "DataFileRead", 3), Wait(1, "Lock", "tuple", 0)), ()),
        sessions=Sessions(1, 1, 0, 99, 100, backend(0, role=None, application=None, state=None)),
    )
    assert shown.lines(speaker("en"), evidence, Cause.BLOAT, Cause.DATA_GROWTH) == (
        "public.orders: 300 dead rows beside 600 live ones, vacuumed 5 h ago",
        "the oldest transaction: a prepared transaction (transaction open since 02:54 UTC)",
        "public.orders: 500 rows changed since it was analyzed (never)",
        "public.orders is locked by pid 7, 8",
        "its sessions wait for IO: DataFileRead",
        "99 of 100 connections are taken",
    )


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_says_how_its_look_is_read_and_what_would_mend_it(cause: Cause):
    for language in ("en", "ru"):
        look, sql, *mend = nextstep.blocks(speaker(language), Step(cause, "SELECT 1;", "", in_database=True), "shop")
        assert "shop" in look.text.splitlines()[0]
        assert len(look.text.splitlines()) == 2
        assert sql == Block("code", "SELECT 1;")
        assert all(block.kind == "text" for block in mend)


def test_the_change_that_would_mend_it_stands_apart_and_is_said_never_to_be_run():
    step = Step(Cause.MISSING_INDEX, "SELECT 1;", "-- CREATE INDEX CONCURRENTLY i ON orders (customer_id);")
    *_, look, says, mend = told(explanation((Cause.MISSING_INDEX, 0.9)), step=step)
    assert look.text == "SELECT 1;"
    assert says.text == "What would mend it (pganomaly never does it):"
    assert mend == Block("code", step.mend)


def test_an_incident_of_seconds_began_and_ended_in_one_minute():
    incident = Incident("a7", LEAD, IncidentKind.LATENCY, ONSET, NOW, True, 9, 0.4, SLOW, last_odd_at=NOW,
                        closed_at=ONSET + timedelta(seconds=9))  # fmt: skip
    subject = compose.Subject("shop", ORDERS)
    last = compose.resolved(speaker("en"), subject=subject, incident=incident, now=NOW, feature=catalog.feature)
    assert last.headline == "shop: SELECT … FROM orders WHERE customer_id is calm again, it lasted 9 s (at 03:02 UTC)"


def test_it_lasted_until_it_was_last_seen_and_not_until_that_was_sure():
    """What ran once is waited for before it is called over; that is no part of what it took."""
    members = (Member(LEAD, IncidentKind.NEW_HEAVY, NOW, seen_at=ONSET + timedelta(seconds=10)),)
    incident = Incident("a7", LEAD, IncidentKind.NEW_HEAVY, ONSET, NOW, True, 9, 0.4, SLOW, last_odd_at=NOW,
                        closed_at=ONSET + timedelta(minutes=3), members=members)  # fmt: skip
    subject = compose.Subject("shop", ORDERS)
    last = compose.resolved(speaker("en"), subject=subject, incident=incident, now=NOW, feature=catalog.feature)
    assert last.headline.endswith("is calm again, it lasted 10 s (at 03:02 UTC)")


def test_it_lasted_no_shorter_than_one_of_its_calls():
    """A call of five seconds stands in the one second in which it ended."""
    slow = (Reason("exec_time_per_call_ms", 5000.0, None),)
    incident = Incident("a7", LEAD, IncidentKind.NEW_HEAVY, ONSET, NOW, True, 9, 0.4, slow, last_odd_at=NOW,
                        closed_at=ONSET + timedelta(seconds=1))  # fmt: skip
    subject = compose.Subject("shop", ORDERS)
    last = compose.resolved(speaker("en"), subject=subject, incident=incident, now=NOW, feature=catalog.feature)
    assert last.headline.endswith("is calm again, it lasted 5 s (at 03:02 UTC)")


def test_the_message_that_closes_an_incident_says_what_it_was_and_who_was_in_it():
    members = tuple(Member(key, IncidentKind.LATENCY, NOW) for key in (LEAD, STOCK))
    incident = Incident("a7", LEAD, IncidentKind.LATENCY, ONSET, NOW, True, 9, 0.4, SLOW, last_odd_at=NOW,
                        closed_at=NOW, members=members, causes=(Likely(Cause.BLOAT, 0.8),))  # fmt: skip
    account = compose.Account(lambda cause: explain.fingerprint(cause).says, shapes=TEXTS)
    subject = compose.Subject("shop", ORDERS)
    last = compose.resolved(
        speaker("en"), subject=subject, incident=incident, now=NOW, feature=catalog.feature, account=account
    )
    assert [block.text for block in last.blocks[1:]] == [
        "At worst: each call takes 8.8 ms, usually 0.19 ms (×46).",
        "Why (80% sure): dead rows fill its tables.",
        "Also affected: UPDATE stock SET n = n - $1.",
    ]
