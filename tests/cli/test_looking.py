"""Somebody looks at what is wrong, and at one statement, without reading tables."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pganomaly import lexical, pg
from pganomaly.catalog import feature
from pganomaly.cli import main
from pganomaly.messages import compose, speaker
from pganomaly.records import Change, ChangeKind, Incident, IncidentKind, Member, Reason
from pganomaly.storage import Holder, Store
from tests.builders import at, key, snapshot
from tests.storage.keeper import Keeper

ORDERS, STOCK = key(-42), key(7)
TEXTS = {
    ORDERS: lexical.describe("SELECT id, total, created_at, status, note FROM orders WHERE customer_id = 1"),
    STOCK: lexical.describe("UPDATE stock SET n = 0"),
}
SLOW = (Reason("exec_time_per_call_ms", 212.0, 3.1, 9.0),)


def incident(number: str, *, told: bool = True, closed: bool = False, who=ORDERS) -> Incident:
    return Incident(
        f"{number}00000000", who, IncidentKind.LATENCY, at(60), at(120), told, 9.0, 0.31, SLOW, last_odd_at=at(120),
        closed_at=at(600) if closed else None, members=(Member(who, IncidentKind.LATENCY, at(120)),),
    )  # fmt: skip


@pytest.fixture
def looked_at(database: pg.Conninfo, monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[Store]:
    """A store with three incidents: one told, one in the digest, one that is over."""
    for name in ("TARGETS", "STORE_URL", "APP_LANG", "LC_ALL", "LANG", "DB_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    where = {"HOST": database.host, "PORT": database.port, "NAME": database.dbname, "USERNAME": database.user}
    for name, value in where.items():
        monkeypatch.setenv(f"DB_{name}", str(value))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pganomaly"])
    with Store(database) as store:
        store.migrate()
        shop = store.instance("shop", host="db1", port=5432, dbname="shop")
        keeper = Keeper(store, store.acquire(shop, Holder.this("the test"), ttl_s=60))
        for n in range(3):
            calls = {"calls": 10 * n, "total_exec_time": 2120.0 * n, "rows": 10 * n}
            keeper.tick(snapshot(60 * n, {ORDERS: calls, STOCK: calls}))
        with store.tick(keeper.lease) as work:
            work.queries(TEXTS, at=at(0), unread={}, databases={5: "shop"}, roles={10: "web"})
            work.shapes(TEXTS, at=at(0))
            found = (incident("a"), incident("b", told=False, who=STOCK), incident("c", closed=True))
            work.changes([Change(ChangeKind.OPENED, replace(i, closed_at=None), at(120)) for i in found])
            work.changes([Change(ChangeKind.RESOLVED, found[2], at(600))])
            work.outbox([_opened(i) for i in (found[0], found[2])], (), at=at(120))
        yield store


def _opened(what: Incident):
    subject = compose.Subject("shop", TEXTS[what.key])
    return compose.opened(speaker("en"), subject=subject, incident=what, now=at(120), feature=feature)


def test_what_is_wrong_now_is_a_table(looked_at: Store, capsys):
    assert main(["incidents"]) == 0
    head, first, second, hint = capsys.readouterr().out.splitlines()
    assert head.split() == ["incident", "server", "query", "what", "is", "wrong", "since", "state"]
    assert first.startswith("a0000000  shop    SELECT … FROM orders WHERE customer_id")
    assert "each call takes 212 ms, usually 3.1 ms (×68)" in first
    assert "in the digest" in second
    assert hint == "All about one of them: pganomaly incidents a0000000"


def test_what_is_over_is_shown_too_where_that_is_asked_for(looked_at: Store, capsys):
    assert main(["incidents", "--since", "9999d"]) == 0
    assert "calm again after 9 min" in capsys.readouterr().out


def test_one_incident_is_shown_as_it_was_told(looked_at: Store, capsys):
    assert main(["incidents", "a0"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("shop: SELECT … FROM orders WHERE customer_id takes 212 ms a call")
    assert "FROM pg_stat_statements WHERE queryid = -42" in said
    assert main(["incidents", "ffff"]) == 2
    assert "PGA-037" in capsys.readouterr().err


def test_machines_get_all_of_it(looked_at: Store, capsys):
    assert main(["incidents", "--json"]) == 0
    told, digested = json.loads(capsys.readouterr().out)
    assert told["queryid"] == -42
    assert told["why"].startswith("shop: SELECT … FROM orders WHERE customer_id takes 212 ms")
    assert [digested["told"], digested["query"]] == [False, "UPDATE stock SET n = $1"]


def test_nothing_wrong_is_said(looked_at: Store, capsys):
    with pg.connect(looked_at.conninfo) as conn:
        conn.execute("DELETE FROM monitoring.incidents")
    assert main(["--lang", "ru", "incidents"]) == 0
    assert capsys.readouterr().out == "Всё в порядке.\n"


def test_a_statement_is_shown_with_its_text_its_windows_and_its_incidents(looked_at: Store, capsys):
    assert main(["query", "-42"]) == 0
    text, who, incidents, head, newest, before = capsys.readouterr().out.splitlines()
    assert text == TEXTS[ORDERS].redacted
    assert who.startswith("Server shop, database shop, role web; first seen ")
    assert incidents.startswith("Incidents of the last day: ")
    assert {"a0000000", "c0000000"} == set(incidents.removeprefix("Incidents of the last day: ").split(", "))
    assert head.split()[:2] == ["window", "calls/s"]
    assert newest.split()[-6:] == before.split()[-6:] == ["0.17", "212", "1", "0", "0", "35"]

    assert main(["query", "-42", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert [w["exec_time_per_call_ms"] for w in entry["windows"]] == [212, 212]


@pytest.mark.parametrize("given", ["43", "orders"])
def test_a_statement_that_was_never_seen_is_said_to_be_so(looked_at: Store, given: str, capsys):
    assert main(["query", given]) == 2
    assert "PGA-038" in capsys.readouterr().err
