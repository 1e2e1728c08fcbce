"""A session without a query_id is known by what it says."""

from dataclasses import replace
from datetime import UTC, datetime

from pganomaly import lexical
from pganomaly.records import Activity, Key, Shapes

WAITING = Activity(
    sampled_at=datetime(2026, 1, 1, tzinfo=UTC), pid=7, dbid=5, userid=10, query_id=None, state="active",
    wait_event_type="Lock", wait_event="relation", query_age_s=1.0, transaction_age_s=1.0, blocked_by=(8,),
    fingerprint=lexical.describe("UPDATE goods SET price = 3 WHERE id = 9").fingerprint,
)  # fmt: skip
TEXT = lexical.describe("UPDATE goods SET price = $1 WHERE id = $2")
OTHER = lexical.describe("SELECT price FROM goods")


def recognised(shapes: Shapes, session: Activity = WAITING) -> int | None:
    (found,) = lexical.recognised([session], shapes)
    return found.query_id


def test_the_text_with_its_numbers_is_the_statement_without_them():
    assert recognised(Shapes() | {Key(5, 10, 77): TEXT, Key(5, 10, 78): OTHER}) == 77


def test_another_role_or_database_says_it_for_itself():
    assert recognised(Shapes() | {Key(5, 11, 77): TEXT, Key(6, 10, 78): TEXT}) is None


def test_what_runs_inside_a_function_does_not_wait_under_its_own_text():
    assert recognised(Shapes() | {Key(5, 10, 77, toplevel=False): TEXT}) is None


def test_of_statements_with_one_text_the_newest_runs():
    assert recognised(Shapes() | {Key(5, 10, 77): TEXT} | {Key(5, 10, 79): TEXT}) == 79


def test_an_id_that_the_server_gives_is_the_truth():
    shapes = Shapes() | {Key(5, 10, 77): TEXT}
    assert recognised(shapes, replace(WAITING, query_id=3)) == 3
    assert recognised(shapes, replace(WAITING, fingerprint=None)) is None
