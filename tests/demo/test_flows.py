from random import Random
from typing import Any

from psycopg.types.numeric import Int4Dumper

from pganomaly import pg
from pganomaly.demo.flows import FLOWS, Visit
from pganomaly.demo.shop import CROWDS
from pganomaly.demo.traffic import statements


def test_every_flow_is_somebodys_and_every_statement_has_a_flow(owner: pg.Connection) -> None:
    used = set()
    owner.adapters.register_dumper(int, Int4Dumper)

    def run(name: str, **values: object) -> list[tuple[Any, ...]]:
        used.add(name)
        cursor = owner.execute(statements()[name].encode(), values)
        return cursor.fetchall() if cursor.description else []

    visit = Visit(run, owner.transaction, Random(1))
    with owner.transaction(force_rollback=True):
        for flow in FLOWS.values():
            for _ in range(20):
                flow(visit)

    assert used == set(statements())
    assert not any(pg.MARK in statement for statement in statements().values()), "the shop's statements are not ours"
    assert {name for crowd in CROWDS for name in crowd.per_s} | {"look_at_ratings"} == set(FLOWS)
