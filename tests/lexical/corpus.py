"""Texts as applications, drivers, tools and people write them: the special ones by hand, the common ones by grammar."""

from collections.abc import Iterator
from itertools import product

TABLES = ("orders", "public.orders", '"Order Items"', "shop.order_items o", "ONLY invoices AS i", "users u, accounts a")
CONDITIONS = (
    "id = 17",
    "id = $1",
    "status IN ('new', 'paid', 'sent')",
    "id = ANY (ARRAY[1, 2, 3])",
    "created_at > now() - interval '7 days'",
    "price BETWEEN -1.5 AND -2.5e3 AND NOT deleted",
    "name LIKE 'a\\_%' ESCAPE '!' OR name ~* E'^\\\\d+\\'x'",
    "data->>'colour' = 'red' AND data @> '{\"a\": 1}'::jsonb",
    "EXISTS (SELECT 1 FROM items x WHERE x.order_id = 5)",
    "(a, b) IN ((1, 2), (3, 4))",
    "(SELECT count(*) FROM refunds) > 0",
    "x::numeric(10,2) >= 0x1F AND y <> 1_000",
    "extract(epoch FROM stamp) < 5 AND a IS DISTINCT FROM 3",
)
TAILS = (
    "",
    " ORDER BY 1 DESC LIMIT 10 OFFSET 20",
    " GROUP BY id HAVING count(*) > 2",
    " FOR UPDATE SKIP LOCKED",
    " -- by id",
)
COLUMNS = ("*", "id, count(*) AS n", "coalesce(max(total), 0), CASE WHEN a = 1 THEN 'x' ELSE $tag$it's$tag$ END")

SPECIAL = (
    "SELECT 1",
    "SELECT pg_sleep(5)",
    "SELECT user_id FROM t",
    "SELECT $1, $2::int, $3::text[]",
    "SELECT 'a'\n  'b', U&'d\\0061t' , B'101', X'1F', N'n', $$a$b$$, $q$ $$ $q$, E'\\\\', 'it''s'",
    "SELECT date'2026-11-01', interval '1' day, timestamp with time zone '2026-11-01 10:00+03'",
    "SELECT a-5, a - 5, a -5, -5, - 5, (-5), 2*-3, +4, a<-1, a=-1, @-3, b||-1",
    "SELECT .5, 5., 1e10, 1.5E-3, 0x1F, 0o17, 0b101, 1_000_000",
    'SELECT U&"d\\0061ta", "a""b", tbl."Col" FROM "T"',
    "SELECT /* c /* nested */ still */ a -- end\nFROM t",
    "SELECT a[1:2], a[:3], f(x => 1, y := 2), (r).f, r.*, 5 !~~ 3, p @@ q, j #>> '{a,b}', t <-> u, x ?| y FROM t",
    "SELECT sum(x) OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    "SELECT count(*) FILTER (WHERE a > 1), percentile_cont(0.5) WITHIN GROUP (ORDER BY b) FROM t",
    "SELECT trim(both 'x' FROM b), substring(c FROM 2 FOR 3), overlay(a PLACING 'b' FROM 1), position('a' IN b) FROM t",
    "SELECT * FROM a LEFT JOIN b USING (id) CROSS JOIN LATERAL (SELECT * FROM c WHERE c.a = a.id) x NATURAL JOIN d",
    "SELECT * FROM generate_series(1, 10) AS g(i), ROWS FROM (f(1), g(2)) AS r, unnest(a) WITH ORDINALITY AS u(a, b)",
    "SELECT * FROM t TABLESAMPLE bernoulli (1.5) REPEATABLE (3)",
    "WITH a AS (SELECT 1 AS x), b(y) AS MATERIALIZED (SELECT x FROM a) SELECT * FROM a JOIN b ON x = y",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t",
    "WITH gone AS (DELETE FROM queue WHERE id IN (1,2) RETURNING *) INSERT INTO done SELECT * FROM gone",
    "(SELECT 1) UNION (SELECT 2) EXCEPT SELECT 3 INTERSECT SELECT 4",
    "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y') ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING id",
    "INSERT INTO t DEFAULT VALUES",
    "INSERT INTO t SELECT * FROM s WHERE a = 1",
    "UPDATE t SET a = a + 1, b = 'x' FROM s JOIN r ON true WHERE t.id = s.id",
    "UPDATE ONLY s.t AS x SET (a, b) = (SELECT 1, 2) WHERE CURRENT OF c",
    "DELETE FROM t USING a, b WHERE t.id = a.id",
    "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.x > 5 THEN UPDATE SET a = 1",
    "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (1)",
    "VALUES (1, 'a'), (2, 'b')",
    "TABLE t",
    "COPY t (a, b) FROM STDIN WITH (FORMAT csv, DELIMITER ';', NULL '')",
    "COPY (SELECT * FROM t WHERE a = 'x') TO PROGRAM 'gzip > /tmp/secret.gz'",
    "COPY t FROM '/tmp/f' (ESCAPE '\\', DELIMITER ',')",
    "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY",
    "START TRANSACTION",
    "COMMIT",
    "ROLLBACK TO SAVEPOINT s1",
    "SAVEPOINT sp_12",
    "RELEASE sp_12",
    "PREPARE TRANSACTION 'gid-1'",
    "COMMIT PREPARED 'gid-1'",
    "SET search_path = a, b, 'c'",
    "SET LOCAL statement_timeout TO '5s'",
    "SET TIME ZONE 'Europe/Riga'",
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET work_mem TO DEFAULT",
    "RESET ALL",
    "SHOW server_version",
    "DISCARD ALL",
    "DEALLOCATE ALL",
    "LISTEN jobs",
    "NOTIFY jobs, 'payload'",
    "DECLARE c1 NO SCROLL CURSOR WITH HOLD FOR SELECT * FROM t WHERE a = 1",
    "FETCH FORWARD 100 FROM c1",
    "CLOSE c1",
    "PREPARE p (int) AS SELECT * FROM t WHERE a = $1 AND b = 'x'",
    "EXECUTE p(5, 'y')",
    "EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM t WHERE a = 1",
    "CALL refresh_all(5, 'now')",
    "DO $$ BEGIN PERFORM 1; END $$",
    "LOCK TABLE a, b IN ACCESS EXCLUSIVE MODE",
    "TRUNCATE TABLE ONLY a, b RESTART IDENTITY CASCADE",
    "VACUUM (ANALYZE, VERBOSE) t (a, b), u",
    "ANALYZE t",
    "CREATE TABLE IF NOT EXISTS t (id int DEFAULT 5, v varchar(20), r int REFERENCES s.r (id) ON DELETE CASCADE)",
    "CREATE TEMP TABLE x AS SELECT * FROM t WHERE a = 1",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t USING gin (lower(a)) WHERE b > 5",
    "CREATE OR REPLACE VIEW v (a) AS SELECT a FROM t WHERE b = 'x'",
    "CREATE FUNCTION f(a int DEFAULT 3) RETURNS int LANGUAGE sql SET search_path = a AS $f$ SELECT 'secret' $f$",
    "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "CREATE TRIGGER tr BEFORE INSERT OR UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f(1)",
    "CREATE ROLE r LOGIN PASSWORD 'hunter2' VALID UNTIL '2030-01-01'",
    "ALTER TABLE t ADD COLUMN c int DEFAULT 7, ALTER d SET STATISTICS 500",
    "ALTER TABLE t ATTACH PARTITION t_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "ALTER SYSTEM SET work_mem = '64MB'",
    "ALTER ROLE r IN DATABASE d SET app.key TO abc",
    "DROP TABLE IF EXISTS a, s.b CASCADE",
    "COMMENT ON TABLE t IS 'what it is'",
    "GRANT SELECT, INSERT, UPDATE ON a, b TO r",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY mv",
    "REINDEX (VERBOSE) TABLE t",
    "CREATE PUBLICATION p FOR TABLE a, b",
    "CREATE SUBSCRIPTION s CONNECTION 'host=x password=y' PUBLICATION p",
    "SELECT a INTO TEMP TABLE n FROM t",
    "SELECT * FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
    "SELECT * FROM information_schema.tables WHERE table_schema = 'public'",
    "SELECT größe, naïve FROM straße WHERE ort = 'Köln'",
    "SELECT json_object('a': 1), xmlelement(name x, 'y'), grouping(a) FROM t GROUP BY ROLLUP (a)",
)  # fmt: skip


def texts() -> tuple[str, ...]:
    """Return every text, several hundred of them."""
    return tuple(dict.fromkeys((*SPECIAL, *_selects(), *_changes())))


def _selects() -> Iterator[str]:
    for columns, table, condition, tail in product(COLUMNS, TABLES, CONDITIONS, TAILS):
        if (len(columns) + len(table) + len(condition) + len(tail)) % 2:
            yield f"SELECT {columns} FROM {table} WHERE {condition}{tail}"


def _changes() -> Iterator[str]:
    for condition in CONDITIONS:
        yield f"UPDATE orders SET paid = true, note = 'n' WHERE {condition}"
        yield f"DELETE FROM orders\n      WHERE {condition}\n  RETURNING id"
        yield f"WITH d AS (UPDATE t SET a = 1 WHERE {condition} RETURNING *)\nSELECT * FROM d"
