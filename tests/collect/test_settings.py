"""Settings of the watched server that change what is counted."""

import numpy as np

from pganomaly import deltas, pg
from pganomaly.pg.embedded import Server
from tests.collect.conftest import Watch, texts_of
from tests.conftest import server_of_major

_NESTED = """CREATE FUNCTION nested(n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint; BEGIN SELECT count(*) INTO found FROM generate_series(1, n) AS inside_a_function;
RETURN found; END $$"""


def set_for_all(server: Server, name: str, value: str) -> None:
    with pg.connect(server.conninfo()) as conn:
        conn.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        conn.execute("SELECT pg_reload_conf()")


def test_nested_statements_have_keys_of_their_own(watch: Watch) -> None:
    """From 1.9 on one text may have two entries that differ in toplevel alone."""
    with server_of_major(16, settings={"pg_stat_statements.track": "all"}) as server:
        shop = watch(server.conninfo())
        shop.execute("CREATE EXTENSION pg_stat_statements", "CREATE TABLE goods (n int)", _NESTED)
        twice = "SELECT count(*) FROM goods"
        shop.execute(f"CREATE FUNCTION nested_twice() RETURNS bigint LANGUAGE sql AS '{twice}'")
        older = shop.read()
        shop.execute("SELECT nested(5)", twice, "SELECT nested_twice()", "SELECT nested_twice()")
        reading = shop.read()
        window = deltas.between(older.snapshot, reading.snapshot)

    (inner,) = [t for t in reading.texts if t.text and "inside_a_function" in t.text]
    assert not inner.key.toplevel
    both = {t.key.toplevel: t.key for t in reading.texts if t.text == twice}
    assert both[True].queryid == both[False].queryid
    calls = {tuple(k): n for k, n in zip(window.keys.tolist(), window.deltas["calls"], strict=True)}
    assert (1, 2) == (calls[both[True]], calls[both[False]])


def test_on_thirteen_every_statement_counts_as_toplevel(watch: Watch) -> None:
    with server_of_major(13, settings={"pg_stat_statements.track": "all"}) as server:
        shop = watch(server.conninfo())
        shop.execute("CREATE EXTENSION pg_stat_statements", _NESTED, "SELECT nested(5)")
        reading = shop.read()
    assert any("inside_a_function" in text for text in texts_of(reading))
    assert reading.snapshot.keys["toplevel"].all()


def test_without_query_ids_there_is_nothing_to_read_and_nothing_breaks(watch: Watch) -> None:
    with server_of_major(17) as server:
        shop = watch(server.conninfo())
        shop.execute("CREATE EXTENSION pg_stat_statements")
        set_for_all(server, "compute_query_id", "off")
        shop.read()
        shop.execute("SELECT pg_stat_statements_reset()", "SELECT 1 AS nobody_counts_this")
        reading = shop.read()
        assert 0 == len(reading.snapshot)
        assert () == reading.texts
        sample = shop.session.sample()
        assert all(activity.query_id is None for activity in sample)
        set_for_all(server, "compute_query_id", "auto")
        shop.execute("SELECT 1 AS counted_again")
        assert any("counted_again" in text for text in texts_of(shop.read()))


def test_time_waiting_for_disks_is_zero_until_it_is_measured(any_server: Server, watch: Watch) -> None:
    shop = watch(any_server.conninfo())
    shop.execute(
        "DROP TABLE IF EXISTS ledger",
        "CREATE TABLE ledger AS SELECT g, repeat('x', 500) FROM generate_series(1, 4000) g",
    )
    unmeasured = shop.read().snapshot.counters["io_read_ms"]
    assert 0 == np.nansum(unmeasured)
    set_for_all(any_server, "track_io_timing", "on")
    try:
        any_server.restart()
        shop.execute("SELECT count(*) AS cold FROM ledger")
        assert shop.read().snapshot.counters["io_read_ms"].max() > 0
    finally:
        set_for_all(any_server, "track_io_timing", "off")
        with pg.connect(any_server.conninfo()) as conn:
            conn.execute("SELECT pg_stat_statements_reset()")
