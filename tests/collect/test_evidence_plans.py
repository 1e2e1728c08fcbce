"""Plans, for whoever has opted in: compared with the last known one, never waiting, never running anything."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pganomaly import collect, lexical, pg
from pganomaly.collect import plans
from pganomaly.records import Evidence, Reference
from pganomaly.records.evidence import Missing, Plan, Why
from tests.collect.test_evidence import GUEST, ORDERS_OF_ONE, Shop, asked, shop

__all__ = ["shop"]

AT = datetime(2026, 1, 1, tzinfo=UTC)


def rest(shop: Shop, *texts: str) -> Reference:
    wanted = {shop.database: asked(*texts)}
    return collect.reference(shop.target, wanted, None, patience_s=20.0, plans=True)


def look(shop: Shop, before: Reference | None, *texts: str) -> Evidence:
    return collect.evidence(
        shop.target, shop.database, asked(*texts), before, patience_s=20.0, pause_s=0.05, plans=True
    )


def plans_there_are(shop: Shop) -> bool:
    return int(shop.ask("SHOW server_version_num")) >= plans.GENERIC_FROM


def test_a_plan_that_lost_its_index(shop: Shop) -> None:
    shop.do("INSERT INTO orders SELECT i, i % 10000, 'open' FROM generate_series(3001, 30000) i", "ANALYZE orders")
    if not plans_there_are(shop):
        assert Missing("plans", Why.VERSION) in look(shop, None, ORDERS_OF_ONE).missing
        return
    denied = look(shop, None, ORDERS_OF_ONE)
    assert Missing("plans", Why.PRIVILEGE) in denied.missing
    assert denied.tables
    shop.do(f"GRANT pg_read_all_data TO {GUEST}")
    try:
        before = rest(shop, ORDERS_OF_ONE, "SELECT $1 + $2 FROM orders", "SELECT interval $1 FROM orders")
        assert 1 == len(before.plans), "what does not parse has no plan"
        (same,) = look(shop, before, ORDERS_OF_ONE).plans or ()
        assert () == same.difference
        shop.do("DROP INDEX orders_customer")
        (change,) = look(shop, before, ORDERS_OF_ONE).plans or ()
        assert change.was is not None
        assert any("orders_customer" in step for step in change.was.steps)
        assert ("Seq Scan on orders",) == change.now.steps
        assert "the plan now has Seq Scan on orders, it had" in str(change.difference[0])
        assert "the planner's cost of it was" in str(change.difference[1])
        with pg.connect(shop.conninfo, autocommit=False) as holder:
            holder.execute("LOCK TABLE orders")
            assert () == look(shop, before, ORDERS_OF_ONE).plans, "nobody waits for a lock"
            holder.rollback()
    finally:
        shop.do(f"REVOKE pg_read_all_data FROM {GUEST}")


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("SELECT * FROM orders WHERE id = 5", True),
        ("SELECT count(*) FROM orders o JOIN lines USING (id) GROUP BY o.id", True),
        ("SELECT 1", False),
        ("SELECT * FROM orders FOR UPDATE", False),
        ("SELECT * INTO copy FROM orders", False),
        ("UPDATE orders SET id = 1", False),
        ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", False),
        ("SELECT * FROM orders; DROP TABLE orders", False),
        ("CREATE TABLE x AS SELECT * FROM orders", False),
        ("EXPLAIN ANALYZE SELECT * FROM orders", False),
    ],
)
def test_only_a_select_that_changes_nothing_is_planned(text: str, may: bool) -> None:
    assert may is plans.may_be_planned(lexical.describe(text))


def explained(*steps: dict[str, Any], cost: float = 10.0) -> Plan:
    node: dict[str, Any] = {}
    for step in reversed(steps):
        node = step | {"Total Cost": cost, "Plan Rows": 1.0} | ({"Plans": [node]} if node else {})
    return plans.plan_of([{"Plan": node}], AT)


SCAN = {"Node Type": "Seq Scan", "Relation Name": "orders"}
SORT = {"Node Type": "Sort"}


def test_equal_trees_are_equal_whatever_they_cost() -> None:
    cheap, dear = explained(SCAN), explained(SCAN, cost=1e6)
    assert cheap.digest == dear.digest
    assert () == plans.difference(cheap, dear)
    assert () == plans.difference(None, cheap)


def test_what_differs_is_said() -> None:
    plain, sorted_ = explained(SCAN), explained(SORT, SCAN)
    assert ["the plan has in addition Sort"] == [str(said) for said in plans.difference(plain, sorted_)]
    assert ["the plan has lost Sort"] == [str(said) for said in plans.difference(sorted_, plain)]
    other = replace(plain, digest="other")
    assert ["the plan has other steps than before"] == [str(said) for said in plans.difference(plain, other)]
