"""No literal survives, and nothing else that may be a secret."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pganomaly.lexical import describe
from pganomaly.lexical.scanner import NUMBER, STRING, scan
from tests.lexical.corpus import texts

SECRET = "xK9hunter2"

PLANTED = [
    "CREATE ROLE app LOGIN PASSWORD 'xK9hunter2'",
    "create user app with encrypted password $$xK9hunter2$$ valid until 'infinity'",
    "ALTER ROLE app PASSWORD E'\\'xK9hunter2'",
    "ALTER USER app WITH PASSWORD U&'xK9hunter2' UESCAPE '!'",
    "ALTER ROLE app PASSWORD xK9hunter2",
    'ALTER ROLE app PASSWORD\n"xK9hunter2"',
    "ALTER ROLE app PASSWORD 'xK9hunter2",
    "ALTER ROLE app password$$xK9hunter2$$",
    "CREATE USER MAPPING FOR app SERVER far OPTIONS (user 'app', password 'xK9hunter2')",
    "ALTER USER MAPPING FOR app SERVER far OPTIONS (SET password 'xK9hunter2')",
    "CREATE SERVER far FOREIGN DATA WRAPPER f OPTIONS (host 'h', sslkey 'xK9hunter2')",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=xK9hunter2' PUBLICATION p",
    "ALTER SUBSCRIPTION s CONNECTION 'host=h password=xK9hunter2'",
    "COPY t FROM PROGRAM 'curl -u app:xK9hunter2 https://h/f'",
    "COPY (SELECT 1) TO '/srv/xK9hunter2'",
    "DO $body$ BEGIN PERFORM dblink('password=xK9hunter2'); END $body$",
    "DO LANGUAGE plpgsql 'begin perform $$xK9hunter2$$; end'",
    "COMMENT ON ROLE app IS 'initial password: xK9hunter2'",
    "SECURITY LABEL ON TABLE t IS 'xK9hunter2'",
    "SET app.secret = 'xK9hunter2'",
    "SET app.secret = xK9hunter2",
    "SET LOCAL app.key TO a, xK9hunter2, c",
    'SET SESSION "app"."jwt" = "xK9hunter2"',
    "ALTER SYSTEM SET app.key = xK9hunter2",
    "ALTER DATABASE d SET app.key TO 'xK9hunter2'",
    "ALTER ROLE app IN DATABASE d SET app.key TO xK9hunter2",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET app.key = xK9hunter2, xK9hunter2 AS 'select ''xK9hunter2'''",
    "CREATE FUNCTION f() RETURNS text AS $f$ select 'xK9hunter2' $f$ LANGUAGE sql",
    "NOTIFY jobs, 'xK9hunter2'",
    "PREPARE p AS SELECT * FROM t WHERE token = 'xK9hunter2'",
    "EXECUTE p('xK9hunter2')",
    "PREPARE TRANSACTION 'xK9hunter2'",
    "CALL login('app', password => 'xK9hunter2')",
    "EXPLAIN SELECT * FROM users WHERE token = 'xK9hunter2'",
    "CREATE TABLE t (a text DEFAULT 'xK9hunter2')",
    "ALTER TABLE t ADD CHECK (a <> N'xK9hunter2')",
    "DECLARE c CURSOR FOR SELECT 'xK9hunter2'",
    "SELECT * FROM t WHERE a = $1 /* token xK9hunter2 */ AND b = $2 -- xK9hunter2",
    "/* outer /* xK9hunter2 */ xK9hunter2 */ SELECT 1",
    "/*+ SeqScan(t) xK9hunter2 */ SELECT 1 /* xK9hunter2",
    "INSERT INTO t VALUES ('a'\n   'xK9hunter2')",
    "INSERT INTO t VALUES (E'a' -- more\n '\\' xK9hunter2')",
    "SELECT 'a\\' || 'xK9hunter2' || '\\'",
    "SELECT set_config('app.key', $q$xK9hunter2$q$, true)",
    "SELECT * FROM dblink('password=xK9hunter2', 'select 1')",
    "SELECT $1, 'cut off xK9hunter2",
    'SELECT $1 FROM "cut off xK9hunter2',
    "SELECT 1; ALTER ROLE app PASSWORD 'xK9hunter2'; SET x = xK9hunter2; SELECT 2",
    "SELECT date'xK9hunter2', interval $t$xK9hunter2$t$ day",
]


@pytest.mark.parametrize("text", PLANTED)
def test_no_planted_secret_survives(text: str) -> None:
    shape = describe(text)
    assert SECRET in text
    assert SECRET.lower() not in "|".join([shape.redacted, shape.normalised, *shape.tables, shape.verb]).lower()


QUOTES = (
    "'{}'",
    "E'\\\\{}'",
    "E'\\'{}'",
    "$${}$$",
    "$a${}$a$",
    "U&'{}'",
    "N'{}'",
    "'it''s {}'",
    "'--{}'",
    "'/*{}'",
    "$b$'{}$b$",
)
BLANKS = (" ", "\n", "\t \r\n", " /* x */ ", " -- x ' $$ \n", "/*/* ' */*/")
FRAMES = (
    "SELECT{b}*{b}FROM t WHERE a ={b}{s}{b}AND b = 'x'",
    "alter{b}role r{b}password{b}{s}{b}nologin",
    "set{b}app.key{b}={b}{s}",
    "DO{b}{s}{b}",
    "f({s},{b}{s}){b}; notify c,{b}{s}",
    "INSERT INTO t{b}VALUES ({s},{s}),{b}({s},{b}1){b}RETURNING $1",
    "COMMENT{b}ON TABLE t IS{b}{s}",
)


@pytest.mark.parametrize(("frame", "blank"), list(product(FRAMES, BLANKS)))
def test_no_secret_survives_however_it_is_quoted_and_laid_out(frame: str, blank: str) -> None:
    for quote in QUOTES:
        text = frame.format(b=blank, s=quote.format(SECRET))
        assert SECRET not in describe(text).redacted, text


NOISE_WORDS = ["select", "AS", "=", "(", ")", ",", ";", ".", "'a'", "$1", "1.5", "-", "[", '"n"', "E'\\''", "$q$ ' $q$"]
NOISE = st.lists(st.sampled_from([*NOISE_WORDS, "--x\n", "/*y*/", " ", "\n"]), max_size=12).map(" ".join)


@given(NOISE, st.sampled_from([text for text in PLANTED if scan(text).closed]), NOISE)
def test_no_secret_survives_in_the_midst_of_anything_well_quoted(before: str, text: str, after: str) -> None:
    """Statements stand apart: what hides unquoted values goes by the first word of each."""
    assert SECRET not in describe(f"{before};\n{text}\n{after}").redacted


@given(st.sampled_from(PLANTED), st.data())
def test_no_secret_survives_a_text_that_is_cut_off(text: str, data: st.DataObject) -> None:
    cut = text[: data.draw(st.integers(text.index(SECRET) + len(SECRET), len(text)))]
    assert SECRET not in describe(cut).redacted


VOCABULARY = """
    SELECT FROM WHERE AS WITH IN VALUES ARRAY SET TO PASSWORD ALTER ROLE CREATE FUNCTION BEGIN ATOMIC DO DEFAULT NULL
    ALL SAVEPOINT RELEASE FETCH CLOSE DECLARE EXTRACT JOIN UNION CASE END UPDATE INSERT INTO DELETE COPY PREPARE
    TRANSACTION TRUE ;
    ( ) [ ] , . :: : - + * / = $ ' " \\ @ ? | -- /* */ /*x*/ é $t$ $a$1 e g tbl 'a' E'b\\'' $$c$$ U&'d' N'e' "e"
    U&"f" 1 2.5 0x1 $1 $2 $99999999999999999999 /*pganomaly*/
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.one_of(
    st.lists(st.tuples(WORDS, st.sampled_from(["", " ", "\n  ", "\t"])), max_size=40).map(
        lambda parts: "".join(word + blank for word, blank in parts)
    ),
    st.sampled_from(texts()),
    st.text(max_size=60),
)


@given(TEXTS)
def test_the_shape_of_a_redacted_text_is_the_same_shape(text: str) -> None:
    """What is stored can be described again, by a later version or in another process, to the same result."""
    shape = describe(text)
    assert describe(shape.redacted) == shape


@given(TEXTS)
def test_no_string_and_no_number_is_left(text: str) -> None:
    assert {STRING, NUMBER}.isdisjoint(scan(describe(text).redacted).kinds)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("SELECT  a,\n\n    b  -- why\n   FROM t", "SELECT a,\n    b\n   FROM t"),
        ("select $1, 'a', $3, 2", "select $1, $4, $3, $5"),
        ("a IN ($1 /*, ... */)", "a IN ($1)"),
        ("select a-5, -5, 2 - 3, date'x'", "select a-$1, $2, $3 - $4, date $5"),
        ("a/**/b", "a b"),
        ("SET x = a, b", "SET x = $1"),
        ("SET x TO DEFAULT", "SET x TO DEFAULT"),
        ("SET TIME ZONE 'UTC'", "SET TIME ZONE $1"),
        ("UPDATE t SET a = b, c = lower(d)", "UPDATE t SET a = b, c = lower(d)"),
        ("ALTER TABLE t ALTER a SET DEFAULT b", "ALTER TABLE t ALTER a SET DEFAULT b"),
        ("ALTER ROLE r PASSWORD NULL", "ALTER ROLE r PASSWORD NULL"),
        ("ALTER FOREIGN TABLE t OPTIONS (DROP password)", "ALTER FOREIGN TABLE t OPTIONS (DROP password)"),
        ("ROLLBACK TO SAVEPOINT s1", "ROLLBACK TO SAVEPOINT $1"),
        ("ROLLBACK AND CHAIN", "ROLLBACK AND CHAIN"),
        ("DEALLOCATE PREPARE x", "DEALLOCATE PREPARE $1"),
        ("FETCH 100 FROM c", "FETCH $1 FROM $2"),
        ("CLOSE ALL", "CLOSE ALL"),
        ("copy /* pganomaly */ (select 1) to stdout", "copy /* pganomaly */ (select $1) to stdout"),
        ("SHOW/*pganomaly*/", "SHOW /* pganomaly */"),
    ],
)
def test_the_rest_stays_readable(text: str, redacted: str) -> None:
    assert describe(text).redacted == redacted


def test_what_postgresql_cannot_store_is_not_in_the_redacted_text() -> None:
    assert describe("select \0, \ud800 from t").redacted == "select \ufffd, ? from t"
