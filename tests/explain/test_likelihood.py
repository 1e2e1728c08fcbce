"""Probabilities of causes: they sum to 1, follow the clues, and bow to what the server showed."""

from dataclasses import fields
from datetime import UTC, datetime
from math import isclose, nan

from hypothesis import given
from hypothesis import strategies as st

from pganomaly.explain.clues import CLUES
from pganomaly.explain.confirmation import SIGNS, nats_of, shown
from pganomaly.explain.likelihood import likely
from pganomaly.explain.weights import BIAS, CENTRES, WEIGHTS
from pganomaly.records import Cause, Evidence, Key
from pganomaly.records.evidence import DatabaseFlow, Index, IndexState, Rate, Setting, Table, TableState

KEY = Key(1, 2, 3)
AT = datetime(2030, 1, 1, tzinfo=UTC)
LOOKUP = {**dict.fromkeys((c.name for c in CLUES), 0.0), "blocks_up": 1.5, "only_blocks": 1.5, "exec_up": 1.5,
          "working": 1.0, "one_table": nan, "one_role": nan, "reads_up": 0.2}  # fmt: skip
"""One statement whose calls touch far more blocks for the same rows."""


def evidence(**parts: object) -> Evidence:
    return Evidence(AT, "shop", reference_at=AT, **parts)  # type: ignore[arg-type]


def probability(cause: Cause, *, of: Evidence | None = None) -> float:
    signs = shown(of, [KEY]) if of is not None else ()
    return next(c.probability for c in likely(LOOKUP, signs) if c.cause is cause)


def test_the_table_knows_every_cause_and_every_clue():
    assert set(WEIGHTS) == set(BIAS) == set(Cause)
    assert set(CENTRES) == {c.name for c in CLUES}
    assert all(set(line) <= set(CENTRES) for line in WEIGHTS.values())


@given(st.fixed_dictionaries({c.name: st.one_of(st.floats(-1.0, 1.5), st.just(nan)) for c in CLUES}))
def test_probabilities_sum_to_one_and_none_is_nothing(clues):
    causes = likely(clues)

    assert isclose(sum(c.probability for c in causes), 1.0, rel_tol=1e-9)
    assert [c.probability for c in causes] == sorted((c.probability for c in causes), reverse=True)
    assert {c.cause for c in causes} == set(Cause)
    assert all(0 < c.probability < 1 for c in causes)


def test_more_blocks_for_the_same_rows_is_an_index_a_plan_or_bloat():
    kin = (Cause.MISSING_INDEX, Cause.PLAN_CHANGE, Cause.BLOAT)

    assert sum(probability(c) for c in kin) > 0.8
    assert likely(LOOKUP)[0].why[0].name in ("only_blocks", "blocks_up")


def test_the_server_tells_them_apart():
    """What is gone is gone; what was looked for and is there is not."""
    gone = Index(
        "public.orders", "orders_customer_idx", IndexState.DROPPED, None, changed=True, unique=False, scans=Rate()
    )
    changed = Setting("enable_indexscan", "on", "off")

    assert probability(Cause.MISSING_INDEX, of=evidence(indexes=(gone,))) > 0.9
    assert probability(Cause.MISSING_INDEX, of=evidence(indexes=())) < probability(Cause.MISSING_INDEX) / 2
    assert probability(Cause.PLAN_CHANGE, of=evidence(indexes=(), settings=(changed,))) > 0.8


def test_what_was_not_read_says_nothing():
    assert likely(LOOKUP, shown(evidence(), [KEY])) == likely(LOOKUP)


def test_no_sign_alone_makes_anything_certain():
    assert all(abs(nats) <= 5.0 for sign in SIGNS for nats in (*sign.there.values(), *sign.absent.values()))
    assert nats_of(()) == {}


ASKED_MORE_OFTEN = {**dict.fromkeys((c.name for c in CLUES), 0.0), "calls_up": 1.2, "traffic": 1.0, "single": 1.0,
                    "many_up": 0.5, "one_role": 1.0}  # fmt: skip


def flow(rollbacks: Rate) -> DatabaseFlow:
    rest = {f.name: Rate() for f in fields(DatabaseFlow) if f.name not in ("name", "rollbacks")}
    return DatabaseFlow("shop", rollbacks=rollbacks, **rest)


def test_what_is_tried_again_is_rolled_back():
    """Also while only one reading is known to compare with: then with the average since it."""

    def retried(of: Evidence | None) -> float:
        signs = shown(of, [KEY]) if of is not None else ()
        return next(c.probability for c in likely(ASKED_MORE_OFTEN, signs) if c.cause is Cause.RETRY_STORM)

    assert (
        retried(evidence(flow=flow(Rate(90.0, 0.5)))) > retried(None) > 3 * retried(evidence(flow=flow(Rate(0.5, 0.5))))
    )
    assert retried(evidence(flow=flow(Rate(90.0)))) == retried(None), "nothing to compare with"


def test_what_was_rolled_back_half_an_hour_ago_says_nothing_of_now():
    over, once = flow(Rate(0.2, 9.0, 0.1)), flow(Rate(0.9, 0.0, 0.0))
    for quiet in (over, once):
        (sign,) = (s for s in shown(evidence(flow=quiet), [KEY]) if s.name == "rollbacks")
        assert sign.amount == 0.0


def table(**facts: object) -> Table:
    state = TableState(AT, 9 << 20, 9000, 9000, 0, 0, None, None)
    rates = {f.name: Rate() for f in fields(Table) if f.type in ("Rate", Rate)}
    return Table("public.orders", **{"now": state, "was": state, "indexes": 2, **rates, **facts})  # type: ignore[arg-type]


def test_an_index_that_finds_far_more_than_it_did_is_neither_gone_nor_left():
    more = table(index_scans=Rate(10, 10), rows_read_by_index=Rate(50_000, 40))
    assert probability(Cause.DATA_SKEW, of=evidence(tables=(more,))) > 5 * probability(Cause.DATA_SKEW)
    assert probability(Cause.MISSING_INDEX, of=evidence(tables=(more,))) < probability(Cause.MISSING_INDEX)


def test_a_fifth_of_dead_rows_does_not_make_several_times_the_work():
    def bloated(dead_rows: int) -> float:
        now = TableState(AT, 9 << 20, 9000, 9000, dead_rows, 0, None, None)
        return probability(Cause.BLOAT, of=evidence(tables=(table(now=now),)))

    assert bloated(2500) < probability(Cause.BLOAT) < bloated(9000)


def test_of_a_table_that_nobody_knew_before_nobody_can_say_that_all_indexes_are_there():
    unknown = evidence(indexes=(), tables=(table(was=None),))
    assert "index_dropped" not in {sign.name for sign in shown(unknown, [KEY])}
