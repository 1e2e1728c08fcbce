"""Probabilities of causes: they sum to 1, follow the clues, and bow to what the server showed."""

from datetime import UTC, datetime
from math import isclose, nan

from hypothesis import given
from hypothesis import strategies as st

from pganomaly.explain.clues import CLUES
from pganomaly.explain.confirmation import SIGNS, nats_of, shown
from pganomaly.explain.likelihood import likely
from pganomaly.explain.weights import BIAS, CENTRES, WEIGHTS
from pganomaly.records import Cause, Evidence, Key
from pganomaly.records.evidence import Index, IndexState, Rate, Setting

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
