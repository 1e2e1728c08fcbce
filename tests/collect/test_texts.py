"""Texts: read once, by exception, politely; and an unreadable one costs no number."""

from collections.abc import Iterator

import numpy as np
import pytest

from pganomaly import pg
from pganomaly.collect import Limits
from pganomaly.pg.embedded import Server
from pganomaly.records import TextState
from tests.collect.conftest import Watch, texts_of
from tests.conftest import ServerOf


def many_statements(conn: pg.Connection, how_many: int, *, marker: str) -> None:
    """Run statements that differ in shape: one bit of the number is one type of constant."""
    for number in range(how_many):
        bits = ", ".join("1" if number >> bit & 1 else "'x'" for bit in range(12))
        conn.execute(f"SELECT {bits} AS {marker}".encode())


def test_a_long_text_is_cut_and_says_so(database: pg.Conninfo, watch: Watch) -> None:
    shop = watch(database, Limits(text_chars=100))
    shop.execute("SELECT 1 AS short_one", "SELECT 'ъ' AS long_one, " + ", ".join(["2"] * 200))
    texts = shop.read().texts
    (short,) = [t for t in texts if t.text and "short_one" in t.text]
    (long,) = [t for t in texts if t.text and "long_one" in t.text]
    assert not short.cut
    assert long.cut
    assert 100 == len(long.text or "")


def test_texts_come_in_bounded_batches_busiest_first(database: pg.Conninfo, watch: Watch) -> None:
    with pg.connect(database) as conn:
        many_statements(conn, 30, marker="batches")
        conn.execute("SELECT pg_sleep(0.5)")
        shop = watch(database, Limits(text_batch=4, text_batches=2))
        first, second = shop.read(), None
        assert 8 == len(first.texts)
        assert any("pg_sleep" in text for text in texts_of(first))
        many_statements(conn, 30, marker="batches")
        second = shop.read()
    assert 8 == len(second.texts)
    assert not {t.key for t in first.texts} & {t.key for t in second.texts}


def test_reading_writes_no_temporary_file(watch: Watch) -> None:
    """Five megabytes of texts, and a default work_mem that holds neither them nor the counters."""
    with Server(settings={"work_mem": "512kB", "pg_stat_statements.track": "all"}) as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
            for number in range(2048):
                shape = ", ".join("1" if number >> bit & 1 else "'x'" for bit in range(11))
                conn.execute(f"SELECT {shape} /* {'long ' * 500} */".encode())
        shop = watch(server.conninfo())
        assert len(shop.read().texts) > 2048
        with pg.connect(server.conninfo()) as conn:
            spilled = conn.execute(
                "SELECT query FROM pg_stat_statements WHERE temp_blks_written > 0 AND strpos(query, %s) > 0", (pg.MARK,)
            ).fetchall()
    assert [] == spilled


@pytest.fixture
def poisoned(server_of: ServerOf) -> Iterator[Server]:
    """A server with a statement whose text is not UTF-8, run in a database without an encoding."""
    server = server_of(17)
    with pg.connect(server.conninfo()) as conn:
        conn.execute("SELECT pg_stat_statements_reset()")  # what others ran here would be busier, or of the same shape
        conn.execute("CREATE DATABASE cave ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        with pg.connect(server.conninfo("cave")) as cave:
            cave.execute("CREATE EXTENSION pg_stat_statements")
            cave.execute("SET client_encoding = 'SQL_ASCII'")
            cave.execute(b'SELECT 1 AS "caf\xe9"')
        yield server
        conn.execute("DROP DATABASE cave WITH (FORCE)")
        conn.execute("SELECT pg_stat_statements_reset()")


def test_one_unreadable_text_costs_no_number(poisoned: Server, watch: Watch) -> None:
    shop = watch(poisoned.conninfo())
    shop.execute("SELECT 1 AS beside_the_poison")
    reading = shop.read()
    assert len(reading.snapshot) > 0
    assert not np.isnan(reading.snapshot.counters["calls"]).any()
    assert {TextState.UNREADABLE} == {text.state for text in reading.texts}

    again = shop.read()
    known = {text.key for text in reading.texts}
    assert not known & {text.key for text in again.texts}, "asked again at once"


def test_once_the_poison_is_gone_all_texts_are_read(poisoned: Server, watch: Watch) -> None:
    shop = watch(poisoned.conninfo())
    shop.read()
    with pg.connect(poisoned.conninfo()) as conn:
        conn.execute("SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = 'cave'")
    shop.execute("SELECT amname AS after_the_poison FROM pg_am")
    shop.later_s = 3600.0
    assert any("after_the_poison" in text for text in texts_of(shop.read()))


def test_through_a_database_without_encoding_every_text_is_read(poisoned: Server, watch: Watch) -> None:
    shop = watch(poisoned.conninfo("cave"))
    shop.execute("SELECT 'Ёж' AS ещё_кириллица")
    texts = texts_of(shop.read())
    assert any("caf\N{REPLACEMENT CHARACTER}" in text for text in texts)
    assert any("ещё_кириллица" in text for text in texts)
