"""On real servers of every version: one statement, one family; planted secrets, none stored."""

from collections.abc import Iterator

import pytest

from pganomaly import pg
from pganomaly.lexical import describe
from pganomaly.pg.embedded import Server

SECRET = "xK9hunter2"

SCHEMA = """
    CREATE TABLE t (a int, b text, c numeric(10,2), d date);
    CREATE TABLE "Order Items" (id int, t_id int);
"""

STATEMENTS = (
    "SELECT a, b FROM t WHERE a=-5 AND a <> - 5 AND c > +1.5 AND b = 'x' AND a-5 > 0 AND a BETWEEN -6 AND -7",
    "SELECT date'2026-11-01', interval '1 day', 5::numeric(10,2), b'101', x'1f', 1e5, N'n', E'\\'', $q$x$q$",
    "SELECT null, true, false AS no",
    "SELECT * FROM t WHERE d = date'2026-11-01' AND a IN (1, 2, 3) AND d < date'2026-11-02' /* c */ -- end",
    "SELECT * FROM t WHERE a IN (1) AND a NOT IN (1, 2) AND a = ANY (ARRAY[1, 2, 3])",
    "SELECT * FROM t WHERE a IN (1::int, 2::int) AND (a, c) IN ((1, 2), (3, 4)) AND a IN (1, a, 3)",
    "SELECT extract(epoch FROM now()), substring('abc' FROM 2), trim('x' FROM b), a IS DISTINCT FROM 3 FROM t",
    "SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END -1, b LIKE '%!%' ESCAPE '!' FROM t ORDER BY 1 LIMIT 10 OFFSET 5",
    "SELECT * FROM t JOIN \"Order Items\" o ON o.t_id = t.a WHERE o.id = 7 AND t.b IS NOT NULL AND true",
    "INSERT INTO t VALUES (1, 'x', -3, NULL), (2, DEFAULT, -4, now())",
    "INSERT INTO t (a) VALUES (1), (2), (3)",
    "UPDATE t SET b = NULL, a = a + 1 WHERE a = 17",
    "WITH gone AS (DELETE FROM t WHERE a = 99 RETURNING a) SELECT count(*) FROM gone",
    "SET app.key = 'one'",
    "SET LOCAL search_path TO one, two, 'three'",
    "BEGIN",
    "SAVEPOINT first",
    "ROLLBACK TO SAVEPOINT first",
    "RELEASE SAVEPOINT first",
    "DECLARE c1 CURSOR FOR SELECT a FROM t WHERE a = 5 AND b = 'x' AND true",
    "FETCH FORWARD 10 FROM c1",
    "CLOSE c1",
    "COMMIT",
    "EXPLAIN SELECT * FROM t WHERE a = 3",
    "CREATE TEMP TABLE made AS SELECT 1 AS a, 'x' AS b",
    "COPY (SELECT a FROM t WHERE b = 'x') TO '/dev/null'",
    "VACUUM t",
    "SELECT /* pganomaly */ 1 AS ours, 2 AS two",
)  # fmt: skip

PLANTED = (
    "CREATE ROLE lexical_app LOGIN PASSWORD 'xK9hunter2'",
    "ALTER ROLE lexical_app PASSWORD E'\\'xK9hunter2'",
    "ALTER ROLE lexical_app SET app.key TO xK9hunter2",
    "DROP ROLE lexical_app",
    "CREATE FOREIGN DATA WRAPPER lexical_far",
    "CREATE SERVER lexical_server FOREIGN DATA WRAPPER lexical_far OPTIONS (host 'xK9hunter2')",
    "CREATE USER MAPPING FOR CURRENT_USER SERVER lexical_server OPTIONS (user 'u', password 'xK9hunter2')",
    "CREATE SUBSCRIPTION lexical_s CONNECTION 'password=xK9hunter2' PUBLICATION p WITH (connect = off)",
    "ALTER SUBSCRIPTION lexical_s SET (slot_name = NONE)",
    "DROP SUBSCRIPTION lexical_s",
    "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null # xK9hunter2'",
    "DO $x$ BEGIN PERFORM 'xK9hunter2'; END $x$",
    "COMMENT ON TABLE t IS 'xK9hunter2'",
    "NOTIFY jobs, 'xK9hunter2'",
    "SET app.secret = xK9hunter2",
    "SET LOCAL search_path TO 'a', xK9hunter2",
    "SELECT 1 /* xK9hunter2 */ + 2 -- xK9hunter2",
    "PREPARE q AS SELECT 'xK9hunter2'",
    "EXPLAIN SELECT 'xK9hunter2'",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql SET app.key = xK9hunter2 AS 'select ''xK9hunter2'''",
    "CREATE VIEW v AS SELECT * FROM t WHERE b = 'xK9hunter2'",
    "ALTER TABLE t ALTER b SET DEFAULT 'xK9hunter2'",
)


@pytest.fixture
def server(any_server: Server) -> Iterator[pg.Connection]:
    with pg.connect(any_server.conninfo()) as conn:
        conn.execute("CREATE DATABASE lexical")
        with pg.connect(any_server.conninfo("lexical")) as inside:
            inside.execute(SCHEMA)
            yield inside
        conn.execute("DROP DATABASE lexical")


def stored_texts(any_server: Server) -> list[str]:
    """Return what pg_stat_statements holds of the database, read from another."""
    with pg.connect(any_server.conninfo()) as conn:
        rows = conn.execute(
            "SELECT query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = 'lexical'"
        ).fetchall()
    return [text for (text,) in rows]


def test_a_statement_is_of_one_family_on_every_version(any_server: Server, server: pg.Connection) -> None:
    for text in STATEMENTS:
        server.execute(text.encode())
    stored = {describe(text).normalised for text in stored_texts(any_server)}
    assert {describe(text).normalised for text in STATEMENTS} <= stored
    assert sum(describe(text).is_own for text in stored_texts(any_server)) == 1


def test_no_planted_secret_is_left_on_any_version(any_server: Server, server: pg.Connection) -> None:
    for text in PLANTED:
        server.execute(text.encode())
    stored = stored_texts(any_server)
    assert sum(SECRET in text for text in stored) >= 10
    assert not [text for text in stored if SECRET.lower() in str(describe(text)).lower()]
