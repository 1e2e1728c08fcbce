"""What is the server's and ours, and what is the user's."""

import pytest

from pganomaly.lexical import describe, is_system_query
from tests.lexical.corpus import texts

SYSTEM = [
    "BEGIN", "commit", "ROLLBACK TO s", "END", "SAVEPOINT x", "RELEASE SAVEPOINT x", "START TRANSACTION",
    "PREPARE TRANSACTION 'x'",
    "SET a = 1", "SET LOCAL a TO b", "SHOW ALL", "RESET a", "DISCARD ALL", "DEALLOCATE p", "LISTEN c",
    "UNLISTEN *", "NOTIFY c, 'x'",
    "CLOSE c", "LOAD 'x'", "CHECKPOINT", "VACUUM orders", "ANALYZE", "REINDEX TABLE t", "CLUSTER t",
    "SELECT * FROM pg_class", "SELECT * FROM pg_catalog.pg_class c JOIN information_schema.tables t ON true",
    "select count(*) from pg_stat_activity_custom", "SELECT * FROM pg_stat_statements",
    "SELECT * FROM ext.pg_stat_statements s", "SELECT * FROM pg_stat_statements($1)",
    "COPY (SELECT * FROM ext.pg_stat_statements(false) s, unnest($1) AS u) TO STDOUT BINARY",
    "INSERT INTO monitoring.windows VALUES (1)", "SELECT * FROM \"pg_catalog\".\"pg_class\"",
    "WITH x AS (SELECT * FROM pg_class) SELECT * FROM x", "COPY (SELECT * FROM pg_locks) TO STDOUT",
    "SELECT /* pganomaly */ * FROM orders", "BEGIN; SET LOCAL a = 1; COMMIT", "EXPLAIN SELECT * FROM pg_class",
]  # fmt: skip

BUSINESS = [
    "SELECT pg_sleep(5)", "SELECT user_id FROM t", "SELECT 1", "SELECT set_id, show_it, begin FROM commits", "", ";",
    "SELECT * FROM pg_stat_get_activity(NULL)", "SELECT pg_stat_statements_reset()",
    "SELECT * FROM pg_stat_statements(false), orders", "SELECT * FROM orders, pg_class", "SELECT * FROM app.pg_class",
    "SELECT * FROM monitoring", "SELECT * FROM t WHERE q = 'pg_catalog'", "SELECT 'pganomaly' FROM pganomaly",
    "/* pganomaly */ SELECT * FROM orders", "LOCK TABLE t", "REFRESH MATERIALIZED VIEW v", "CREATE INDEX ON t (a)",
    "DO 'x'", "CALL p()", "COPY orders TO STDOUT", "FETCH 1 FROM c", "PREPARE p AS SELECT 1",
    "BEGIN; UPDATE t SET a = 1; COMMIT",
    "UPDATE settings SET show = 1", "WITH pg_x AS (SELECT * FROM orders) SELECT * FROM pg_x", "TRUNCATE orders",
]  # fmt: skip


@pytest.mark.parametrize("text", SYSTEM)
def test_system_statements(text: str) -> None:
    assert is_system_query(text)


@pytest.mark.parametrize("text", BUSINESS)
def test_business_statements(text: str) -> None:
    assert not is_system_query(text)


@pytest.mark.parametrize("text", texts())
def test_every_statement_is_ours_once_it_carries_our_mark(text: str) -> None:
    verb = describe(text).verb
    marked = text.replace(verb, f"{verb} /* pganomaly */", 1)
    if text.startswith(verb):
        assert describe(marked).is_own
        assert describe(marked).fingerprint == describe(text).fingerprint
    assert not describe(text).is_own


def test_the_verb_is_the_first_word() -> None:
    assert [
        describe(text).verb for text in ("select 1", "(select 1)", "/* x */ With a AS (SELECT 1) SELECT 1", "", "1")
    ] == [
        "SELECT",
        "SELECT",
        "WITH",
        "",
        "",
    ]
