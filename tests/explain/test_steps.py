"""What people are given to paste runs as it is, on every server, whatever things are called; and changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module

import pytest

from pganomaly import lexical, pg
from pganomaly.explain import steps
from pganomaly.explain.about import About
from pganomaly.explain.quoting import identifier
from pganomaly.explain.templates import template
from pganomaly.pg.embedded import Server
from pganomaly.records import Cause, Evidence, Explanation, Factor, Key, Step
from pganomaly.records.evidence import Backend, Chain, Index, IndexState, Rate, Sessions, Setting

postgast = import_module("postgast")

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOSTILE = 'we"ird $1; drop\n--'
TABLES = (HOSTILE, "Order", "select", "it's", "back\\slash", "plain")
TEXT = "SELECT * FROM " + ", ".join(identifier(t) for t in TABLES) + " WHERE a = $1"


def backend(pid: int, **facts: object) -> Backend:
    plain = Backend(pid, "shop", HOSTILE, "psql", "idle in transaction", None, "UPDATE x", None, None, 9, 9, 900)
    return replace(plain, **facts)  # type: ignore[arg-type]


def index(name: str, state: IndexState, definition: str | None = None) -> Index:
    return Index(f"public.{identifier(HOSTILE)}", name, state, definition, False, changed=True, scans=Rate())


SHOWN = Evidence(
    NOW,
    "shop",
    blockers=(Chain(backend(11), backend(12), backend(13), 3, 60.0, "relation", "ExclusiveLock", "public.x"),),
    indexes=(
        index(HOSTILE, IndexState.DROPPED, f"CREATE INDEX i ON public.{identifier(HOSTILE)} USING btree (a)"),
        index("broken", IndexState.INVALID),
    ),
    settings=(
        Setting("random_page_cost", "1.1", "4"),
        Setting("work_mem", "64MB", "4MB", f"role {HOSTILE} in database shop"),
        Setting("synchronous_standby_names", "it's", None),
        Setting("max_wal_size", None, "64MB", "database shop"),
        Setting("jit", "off", "on", "database shop"),
    ),
    sessions=Sessions(1, 1, 0, 9, 100, backend(77)),
)


def about(text: str = TEXT, evidence: Evidence | None = None, major: int | None = None) -> About:
    spilled = Factor("temp", "blocks", 12_800, 0)
    explanation = Explanation(
        Key(5, 10, -42), Factor("time", "ms/s", 9, 1), (), (spilled,), 0.4, 0.3, NOW, 3, (), Key(5, 10, -42)
    )
    return About(Key(5, 10, -42), lexical.describe(text), HOSTILE, HOSTILE, major, explanation, evidence)


@pytest.mark.parametrize("evidence", [None, SHOWN], ids=["counters", "evidence"])
def test_every_look_of_every_cause_runs_on_every_server_and_changes_nothing(any_server: Server, evidence):
    with pg.connect(any_server.conninfo()) as conn:
        major = conn.info.server_version // 10_000
        columns = "(a int, b text)"
        for table in TABLES:
            conn.execute(f"DROP TABLE IF EXISTS {identifier(table)}".encode())
            conn.execute(f"CREATE TABLE {identifier(table)} {columns}".encode())
        try:
            for cause in Cause:
                look = steps.next_step(cause, about(evidence=evidence, major=major)).look
                conn.execute("BEGIN READ ONLY; SET LOCAL statement_timeout = '10s'")
                cursor = conn.execute(look.encode())
                while cursor.nextset():
                    pass
                conn.execute("COMMIT")
        finally:
            for table in TABLES:
                conn.execute(f"DROP TABLE {identifier(table)}".encode())


def test_the_extension_may_lie_in_any_schema(database: pg.Conninfo):
    with pg.connect(database) as conn:
        conn.execute('CREATE SCHEMA "Odd; {Name}"; DROP EXTENSION IF EXISTS pg_stat_statements')
        conn.execute('CREATE EXTENSION pg_stat_statements SCHEMA "Odd; {Name}"')
        asked = replace(about(major=18), extension_schema='"Odd; {Name}"')
        looks = [
            steps.next_step(cause, asked).look for cause in Cause if "{statements}" in template(f"look_{cause}", 18)
        ]
        assert looks
        for look in looks:
            conn.execute(look.encode())


def test_the_tables_that_are_looked_at_are_those_of_the_statement(any_server: Server):
    with pg.connect(any_server.conninfo()) as conn:
        conn.execute(f"CREATE TABLE {identifier(HOSTILE)} (a int); CREATE INDEX ON {identifier(HOSTILE)} (a)".encode())
        try:
            look = steps.next_step(Cause.MISSING_INDEX, about()).look
            (row,) = conn.execute(look.encode()).fetchall()
        finally:
            conn.execute(f"DROP TABLE {identifier(HOSTILE)}".encode())
    assert row[-2] is True
    assert row[-1].startswith("CREATE INDEX")


def mends(cause: Cause, **facts: object) -> list[str]:
    mend = steps.next_step(cause, about(**facts)).mend  # type: ignore[arg-type]
    assert all(line.startswith("--") for line in mend.splitlines())
    return [line.removeprefix("-- ") for line in mend.splitlines() if line != "--"]


def parses(step: Step) -> None:
    postgast.parse("\n".join(line.removeprefix("--") for line in step.mend.split("\n")))


@pytest.mark.parametrize("evidence", [None, SHOWN], ids=["counters", "evidence"])
@pytest.mark.parametrize("cause", Cause)
def test_what_would_mend_it_is_sql_behind_comments(cause: Cause, evidence):
    parses(steps.next_step(cause, about(evidence=evidence)))


def test_an_index_that_was_dropped_is_made_again_and_an_invalid_one_rebuilt():
    definition = "CREATE UNIQUE INDEX orders_customer ON public.orders USING btree (customer_id)"
    gone = replace(index("orders_customer", IndexState.DROPPED, definition), table="public.orders")
    broken = replace(index("Broken", IndexState.INVALID), table="public.orders")
    told = about("SELECT * FROM orders WHERE customer_id = $1", Evidence(NOW, "shop", indexes=(gone, broken)))
    step = steps.next_step(Cause.MISSING_INDEX, told)
    assert step.mend.splitlines() == [
        "-- CREATE UNIQUE INDEX CONCURRENTLY orders_customer ON public.orders USING btree (customer_id);",
        "--",
        '-- REINDEX INDEX CONCURRENTLY public."Broken";',
    ]
    assert "'public.orders_customer', 'public.\"Broken\"'" in step.look


def test_without_evidence_an_index_is_proposed_for_what_is_compared():
    text = "SELECT id FROM public.orders o WHERE o.customer_id = $1 AND status = $2 AND total > $3 ORDER BY id"
    assert mends(Cause.MISSING_INDEX, text=text) == [
        "CREATE INDEX CONCURRENTLY ON public.orders (customer_id, status);"
    ]
    assert mends(Cause.MISSING_INDEX, text="SELECT * FROM a JOIN b ON a.x = b.x WHERE y = $1") == []


def test_who_holds_the_lock_is_named():
    assert mends(Cause.LOCK_WAIT, evidence=SHOWN)[0] == "SELECT pg_terminate_backend(13);"
    assert mends(Cause.LOCK_WAIT)[0].startswith("ALTER ROLE")


def test_settings_go_back_to_what_they_were_and_for_whom():
    who = identifier(HOSTILE).splitlines()
    assert mends(Cause.PLAN_CHANGE, evidence=SHOWN) == [
        "ALTER SYSTEM SET random_page_cost = '1.1';",
        "SELECT pg_reload_conf();",
        "ALTER DATABASE shop SET jit = 'off';",
    ]
    assert mends(Cause.TEMP_SPILL, evidence=SHOWN) == [
        f"ALTER ROLE {who[0]}", f"{who[1]} IN DATABASE shop SET work_mem = '64MB';"
    ]  # fmt: skip
    assert mends(Cause.WAL_GROWTH, evidence=SHOWN) == ["ALTER DATABASE shop RESET max_wal_size;"]


def test_memory_for_sorts_covers_what_a_call_spills():
    assert mends(Cause.TEMP_SPILL)[-1].endswith("SET work_mem = '256MB';"), "100 MB are spilled"


def test_whoever_keeps_vacuum_from_its_work_is_named_first():
    assert mends(Cause.BLOAT, evidence=SHOWN)[0] == "SELECT pg_terminate_backend(77);"


def test_without_a_text_there_is_a_look_all_the_same():
    hidden = replace(about(), query=None)
    assert steps.next_step(Cause.MISSING_INDEX, hidden).look == steps.next_step(Cause.UNKNOWN, hidden).look
    assert steps.next_step(Cause.BLOAT, hidden).mend == ""
