"""What a tired person reads at night."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pganomaly import catalog, pg
from pganomaly.messages import Speaker, compose, naming, sentences, speaker
from pganomaly.records import Incident, IncidentKind, Key, Lexical, Message, Reason, Shape
from tests.conftest import ServerOf

ONSET = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
NOW = ONSET + timedelta(minutes=3)
LONG = "SELECT id, total, created_at, status FROM orders WHERE town = $1 ORDER BY created_at DESC, id LIMIT $2"
SLOW = (Reason("exec_time_per_call_ms", 212.0, 3.1, 9.0), Reason("blocks_per_call", 3120.0, 104.0, 8.0))


def shape(text: str, *tables: str) -> Shape:
    counted = Lexical(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, False, False, False, 0, 0)
    return Shape(text, text.lower(), "md5", "print", tables, False, False, text.split(maxsplit=1)[0].upper(), counted)


def incident(kind: IncidentKind = IncidentKind.LATENCY, reasons: tuple[Reason, ...] = SLOW) -> Incident:
    at = ONSET + timedelta(minutes=2)
    return Incident("1-a7", Key(5, 10, -42), kind, ONSET, at, True, 9.0, 0.31, reasons, last_odd_at=at)


ORDERS = compose.Subject("shop", shape(LONG, "orders"), database="shop", role="app")


def opened(who: Speaker, what: Incident, subject: compose.Subject = ORDERS, *context: Reason) -> Message:
    return compose.opened(who, subject=subject, incident=what, now=NOW, feature=catalog.feature, context=context)


def test_the_first_line_is_the_whole_news_server_first():
    assert opened(speaker("en"), incident()).headline == (
        "shop: SELECT … FROM orders WHERE town takes 212 ms a call, usually 3.1 ms (×68), since 14:02 UTC"
    )
    assert opened(speaker("ru"), incident()).headline == (
        "shop: SELECT … FROM orders WHERE town — 212 мс на вызов, обычно 3,1 мс (×68), с 14:02 UTC"
    )


def test_below_it_stand_the_numbers_the_place_the_query_and_a_next_step():
    calls, share = Reason("calls_per_sec", 12.0, 11.9), Reason("db_time_share", 0.41, 0.02)
    message = opened(speaker("en"), incident(), ORDERS, calls, share)
    assert [block.kind for block in message.blocks] == ["headline", "text", "text", "code", "text", "code"]
    assert message.blocks[1].text.splitlines() == [
        "• each call takes 212 ms, usually 3.1 ms (×68)",
        "• each call touches 3,120 blocks (24 MB), usually 104 blocks (832 kB) (×30)",
        "• it is called 12/s, usually 12/s",
        "• it takes 41% of the server's time, usually 2% (×20)",
        "• 31% of the server's time is lost to it beyond the usual",
    ]
    assert message.blocks[2].text == "Database shop, role app"
    assert message.blocks[3].text == LONG


def test_the_next_step_runs_as_it_is_printed(server_of: ServerOf):
    for major in (13, 18):
        step = opened(speaker("en"), incident()).blocks[-1].text
        with pg.connect(server_of(major).conninfo()) as conn:
            assert conn.execute(step.encode()).fetchall() == []


@pytest.mark.parametrize(
    ("kind", "reason", "headline"),
    [
        (
            IncidentKind.TRAFFIC, Reason("calls_per_sec", 120, 4),
            " is called 120/s, usually 4/s (×30), since 14:02 UTC",
        ),
        (
            IncidentKind.SILENCE, Reason("calls_per_sec", 0.1, 12),
            " is hardly called any more: 0.1/s, usually 12/s (÷120), since 14:02 UTC",
        ),
        (
            IncidentKind.WORK, Reason("rows_per_call", 90_000, 20),
            ": each call returns 90,000 rows, usually 20 rows (×4,500), since 14:02 UTC",
        ),
        (
            IncidentKind.LATENCY, Reason("plan_ms_per_call", 80, 0.4),
            ": planning takes 80 ms a call, usually 0.4 ms (×200), since 14:02 UTC",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_trouble_has_its_own_first_line(kind, reason, headline):
    assert (
        opened(speaker("en"), incident(kind, (reason,))).headline == f"shop: SELECT … FROM orders WHERE town{headline}"
    )


def test_a_new_heavy_query_has_nothing_to_compare_with():
    news = incident(IncidentKind.NEW_HEAVY, (Reason("exec_time_per_call_ms", 5003.0, None),))
    message = opened(speaker("ru"), news, compose.Subject("shop", shape("SELECT pg_sleep($1)")))
    assert message.headline == "shop: новый тяжёлый запрос SELECT pg_sleep($1) — 5 с на вызов, с 14:02 UTC"
    assert "обычно" not in message.blocks[1].text.splitlines()[0]


def test_an_incident_without_reasons_or_text_is_still_told():
    bare = replace(incident(reasons=()), impact=0.0)
    message = opened(speaker("en"), bare, compose.Subject("shop", None))
    assert message.headline == "shop: query -42 (its text is not visible) misbehaves, since 14:02 UTC"
    assert [block.kind for block in message.blocks] == ["headline", "text", "code"]


def test_all_news_of_one_incident_hangs_together():
    en, told = speaker("en"), incident()
    first = opened(en, told)
    second = compose.updated(en, subject=ORDERS, incident=told, now=NOW, feature=catalog.feature)
    last = compose.resolved(
        en,
        subject=ORDERS,
        incident=replace(told, closed_at=ONSET + timedelta(minutes=18)),
        now=NOW,
        feature=catalog.feature,
    )
    assert {first.about, second.about, last.about} == {"1-a7"}
    assert len({first.message_id, second.message_id, last.message_id}) == 3
    assert [m.kind for m in (first, second, last)] == ["incident.opened", "incident.updated", "incident.resolved"]
    assert (
        last.headline
        == "shop: SELECT … FROM orders WHERE town is calm again, it lasted 18 min (14:02 UTC to 14:20 UTC)"
    )
    assert last.blocks[1].text == "At worst: each call takes 212 ms, usually 3.1 ms (×68)."


def test_drift_is_announced_in_the_words_that_users_know():
    def line(language: str) -> str:
        return compose.drift_confirmed(speaker(language), server="shop", bad_runs=5, now=NOW).headline

    assert line("ru") == "🛑 ДРЕЙФ ПОДТВЕРЖДЕН! (5 запусков подряд с реальными аномалиями)"
    assert line("en") == "🛑 DRIFT CONFIRMED! (5 runs in a row with real anomalies)"
    assert sentences.streak(speaker("ru"), bad_runs=1, limit=5) == "⚠️ Аномалии! Streak: 1/5"
    assert sentences.streak(speaker("en"), bad_runs=1, limit=5) == "⚠️ Anomalies! Streak: 1/5"


@pytest.mark.parametrize(
    ("text", "tables", "name"),
    [
        ("SELECT 1", (), "SELECT 1"),
        ("UPDATE stock\n   SET n = n - $1", ("stock",), "UPDATE stock SET n = n - $1"),
        ("update stock set " + "a = $1, " * 20, ("stock",), "UPDATE stock SET a"),
        ("INSERT INTO items VALUES " + "($1), " * 20, ("items",), "INSERT INTO items"),
        (LONG, ("orders", "customers"), "SELECT … FROM orders (+1) WHERE town"),
        ("CALL " + "x" * 100, (), "CALL " + "x" * 54 + " …"),
        (
            'SELECT "orders"."id", "orders"."placed_at" FROM "orders" WHERE ("orders"."town" = $1) AND kind = $2',
            ("orders",),
            "SELECT … FROM orders WHERE town, kind",
        ),
        (
            "SELECT count(*), sum(total_cents) FROM orders WHERE customer_id = $1 AND NOT paid AND placed_at > $2",
            ("orders",),
            "SELECT count(…) FROM orders WHERE customer_id, placed_at",
        ),
        (
            "SELECT order_id, placed_at, status FROM orders WHERE a = $1 AND b = $2 OR c IN ($3) ORDER BY placed_at",
            ("orders",),
            "SELECT … FROM orders WHERE a, b, …",
        ),
        (
            "SELECT order_id FROM orders JOIN (SELECT id FROM customers WHERE town = $1) t ON t.id = customer_id",
            ("orders", "customers"),
            "SELECT … FROM orders (+1)",
        ),
        (
            "SELECT order_id, placed_at FROM orders WHERE ((status = $1) OR (lower(town) = $2)) AND id IN ($3, $4)",
            ("orders",),
            "SELECT … FROM orders WHERE status, lower, …",
        ),
        (
            "SELECT order_id, placed_at, status, total_cents FROM orders ORDER BY placed_at DESC NULLS LAST LIMIT $1",
            ("orders",),
            "SELECT … FROM orders ORDER BY placed_at",
        ),
        (
            "UPDATE stock SET reserved = reserved + $1, changed_at = now() WHERE product_id = $2 AND warehouse_id = $3",
            ("stock",),
            "UPDATE stock WHERE product_id, warehouse_id",
        ),
    ],
)
def test_a_statement_is_called_by_what_people_recognise(text, tables, name):
    assert naming.name(speaker("en"), shape(text, *tables), Key(1, 2, 3)) == name


@pytest.mark.parametrize("chars", [20, 60, 600])
def test_a_long_text_is_cut_at_a_blank(chars):
    cut = naming.shortened("word " * 500, chars)
    assert len(cut) <= chars + 1
    assert cut.endswith("word …")
