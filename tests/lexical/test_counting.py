"""Features are counted by tokens."""

import pytest

from pganomaly.catalog import LEXICAL_FEATURES
from pganomaly.lexical import describe
from pganomaly.records import Lexical


def counted(text: str) -> Lexical:
    return describe(text).lexical


def test_the_features_are_those_of_the_catalogue() -> None:
    assert Lexical._fields == LEXICAL_FEATURES


def test_a_query_is_counted() -> None:
    lexical = counted(
        """
        WITH recent AS (SELECT * FROM orders WHERE at > now() - interval '1 day'),
             best (id) AS (SELECT max(id) FROM recent)
        SELECT r.*, CASE WHEN r.total > 5 THEN 'big' END, upper(name) AS "join where group by"
          FROM recent r JOIN best ON best.id = r.id LEFT JOIN LATERAL (SELECT 1) x ON true
         WHERE r.id IN (SELECT id FROM paid) GROUP BY 1 HAVING count(*) > 1
         UNION ALL SELECT 1 ORDER BY 1 -- join where
        """
    )
    assert lexical._replace(query_len_chars=0, query_len_norm_chars=0, num_tokens=0) == Lexical(
        query_len_chars=0,
        query_len_norm_chars=0,
        num_tokens=0,
        num_joins=2,
        num_where=2,
        num_group_by=1,
        num_order_by=1,
        num_having=1,
        num_union=1,
        num_subqueries=4,
        num_cte=2,
        has_write=False,
        has_ddl=False,
        has_tx=False,
        num_case=1,
        num_functions=4,
    )


def test_lengths_are_of_what_is_stored() -> None:
    shape = describe("SELECT  a FROM t /* why */ WHERE b = 'a long literal' AND c IN (1, 2, 3)")
    assert shape.redacted == "SELECT a FROM t WHERE b = $1 AND c IN ($2, $3, $4)"
    assert shape.normalised == "select a from t where b = ? and c in (?)"
    assert (shape.lexical.query_len_chars, shape.lexical.query_len_norm_chars) == (50, 40)
    assert shape.lexical.num_tokens == 18


@pytest.mark.parametrize(
    "text",
    [
        "SELECT t.join, t.where, t.case, t.union FROM t",
        "SELECT a AS join, b AS where, c AS having, d AS case FROM t",
        'SELECT "join", "where" FROM "case"',
        "SELECT 'join where having union case' FROM t",
        "SELECT join_date, whereabouts, caseload, updated_at, deleted FROM reunion",
    ],
)
def test_names_that_look_like_keywords_count_for_nothing(text: str) -> None:
    lexical = counted(text)
    assert {lexical.num_joins, lexical.num_where, lexical.num_having, lexical.num_union, lexical.num_case} <= {0}
    assert not lexical.has_write


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT f(1), s.g(2), \"H\"(3), coalesce(a, left(b, 1))", 5),
        ("SELECT a IN (1), (2), EXISTS (SELECT 1), a = ANY (b), NOT (c) AND (d), CASE WHEN (a) THEN (b) END", 0),
        ("INSERT INTO t (a) VALUES (1)", 0),
        ("SELECT a::numeric(10, 2), b::s.geometry(1), CAST(c AS varchar(5))", 0),
        ("SELECT * FROM f(1) AS x(a), g(2) y(b), t z(c)", 2),
        ("WITH a(x) AS (SELECT 1), b(y) AS (SELECT 2) SELECT 1", 0),
        ("CREATE TABLE t (a int)", 0),
        ("CREATE INDEX i ON t USING gin (lower(a))", 1),
        ("COPY t (a) FROM STDIN", 0),
        ("VACUUM (ANALYZE) t (a)", 0),
        ("SELECT count(*) FILTER (WHERE a) OVER (PARTITION BY f(b))", 2),
        ("CALL p(1)", 1),
        ("SELECT a FROM t JOIN u USING (id)", 0),
    ],
)  # fmt: skip
def test_functions_are_names_that_are_called(text: str, names: int) -> None:
    assert counted(text).num_functions == names


@pytest.mark.parametrize(
    ("text", "write", "ddl", "tx"),
    [
        ("INSERT INTO t VALUES (1)", True, False, False),
        ("UPDATE t SET a = 1", True, False, False),
        ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", True, False, False),
        ("WITH d AS (SELECT 1) UPDATE t SET a = 1", True, False, False),
        ("MERGE INTO t USING s ON true WHEN MATCHED THEN DO NOTHING", True, False, False),
        ("COPY t FROM STDIN", True, False, False),
        ("COPY t TO STDOUT", False, False, False),
        ("COPY (SELECT a FROM t) TO STDOUT", False, False, False),
        ("TRUNCATE t", True, False, False),
        ("EXPLAIN DELETE FROM t", True, False, False),
        ("SELECT * FROM t FOR UPDATE", False, False, False),
        ("SELECT * FROM t FOR NO KEY UPDATE OF t", False, False, False),
        ("GRANT INSERT, UPDATE, DELETE ON t TO r", False, True, False),
        ("CREATE TABLE t (a int REFERENCES s ON UPDATE SET NULL ON DELETE CASCADE)", False, True, False),
        ("CREATE TRIGGER x AFTER INSERT OR UPDATE ON t EXECUTE FUNCTION f()", False, True, False),
        ("CREATE TABLE x AS SELECT 1", False, True, False),
        ("SELECT * INTO x FROM t", False, True, False),
        ("COMMENT ON TABLE t IS 'x'", False, True, False),
        ("BEGIN", False, False, True),
        ("ROLLBACK TO s", False, False, True),
        ("PREPARE TRANSACTION 'x'", False, False, True),
        ("PREPARE transaction AS SELECT 1", False, False, False),
        ("SELECT begin, commit FROM t", False, False, False),
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT", True, False, True),
    ],
)
def test_what_a_statement_does(text: str, write: bool, ddl: bool, tx: bool) -> None:
    lexical = counted(text)
    assert (lexical.has_write, lexical.has_ddl, lexical.has_tx) == (write, ddl, tx)
