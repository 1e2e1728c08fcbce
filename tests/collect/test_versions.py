"""The same reading on every version: what the extension has is read, what it lacks is NaN."""

import numpy as np
import pytest

from pganomaly import deltas, pg
from pganomaly.catalog import COUNTERS
from pganomaly.pg.embedded import Server
from pganomaly.records import UNKNOWN_US, TextState
from tests.collect.conftest import Watch, role, texts_of

_JIT = {"jit_ms"}
_WORKERS = {"parallel_workers_to_launch", "parallel_workers_launched"}
LACKING = {13: _JIT | _WORKERS, 14: _JIT | _WORKERS, 15: _WORKERS, 16: _WORKERS, 17: _WORKERS, 18: set()}
"""Counters that the extension of a major does not have."""


def major_of(server: Server) -> int:
    with pg.connect(server.conninfo()) as conn:
        return conn.info.server_version // 10000


def test_every_version_gives_what_it_has(any_server: Server, watch: Watch) -> None:
    shop = watch(any_server.conninfo())
    major = major_of(any_server)
    snapshot = shop.read().snapshot

    assert tuple(c.name for c in COUNTERS) == snapshot.counters.names
    lacking = {name for name in snapshot.counters.names if np.isnan(snapshot.counters[name]).all()}
    assert LACKING[major] == lacking
    assert not np.isnan(snapshot.counters.values[[name not in lacking for name in snapshot.counters.names]]).any()
    assert (snapshot.stats_since_us != UNKNOWN_US).all() == (major >= 17)
    assert (snapshot.dealloc is None) == (snapshot.epoch.stats_reset is None) == (major == 13)
    assert 5000 == snapshot.entries_max
    assert 0 == snapshot.hidden


def test_every_version_knows_in_which_life_it_is(any_server: Server, watch: Watch) -> None:
    one, other = watch(any_server.conninfo()), watch(any_server.conninfo())
    here = one.read().snapshot.epoch
    assert here == other.read().snapshot.epoch
    assert here.system_identifier is not None
    assert here.postmaster_start is not None
    assert 1 == here.timeline
    assert here.in_recovery is False


def test_calls_and_time_are_counted_and_the_text_is_read_once(any_server: Server, watch: Watch) -> None:
    shop = watch(any_server.conninfo())
    older = shop.read()
    shop.execute(*["SELECT count(*) AS versions_story FROM pg_class WHERE relname > 'a'"] * 3)
    newer = shop.read()
    shop.execute("SELECT count(*) AS versions_story FROM pg_class WHERE relname > 'b'")
    last = shop.read()

    (text,) = [t for t in newer.texts if t.text and "versions_story" in t.text]
    assert TextState.READ == text.state
    window = deltas.between(older.snapshot, newer.snapshot)
    (ran,) = np.flatnonzero(window.keys == np.array(tuple(text.key), window.keys.dtype))
    assert 3 == window.deltas["calls"][ran]
    assert 3 == window.deltas["rows"][ran]
    assert window.deltas["total_exec_time"][ran] > 0
    assert not any("versions_story" in (t.text or "") for t in last.texts)


def test_writing_is_seen_as_write_ahead_log(any_server: Server, watch: Watch) -> None:
    shop = watch(any_server.conninfo())
    shop.execute("CREATE TABLE IF NOT EXISTS written (n int)", "INSERT INTO written SELECT generate_series(1, 1000)")
    snapshot = shop.read().snapshot
    assert snapshot.counters["wal_bytes"].max() > 1000
    assert snapshot.counters["wal_records"].max() >= 1000


def test_databases_and_roles_have_names(any_server: Server, watch: Watch) -> None:
    with pg.connect(any_server.conninfo()) as conn:
        conn.execute("DROP DATABASE IF EXISTS cellar")
        conn.execute("CREATE DATABASE cellar")
    shop = watch(any_server.conninfo())
    with role(any_server.conninfo()) as clerk:
        with pg.connect(any_server.conninfo("cellar", clerk)) as conn:
            conn.execute("SELECT 1 AS down_here")
        reading = shop.read()
        assert clerk in reading.roles.values()
    assert {"postgres", "cellar"} <= set(reading.databases.values())
    with pg.connect(any_server.conninfo()) as conn:
        conn.execute("DROP DATABASE cellar")


def test_all_that_we_say_carries_our_mark(any_server: Server, watch: Watch) -> None:
    """BEGIN and COMMIT alone do not: they are the same statement for every application of a role."""
    with role(any_server.conninfo(), "GRANT pg_monitor TO {role}") as us:
        guest = watch(any_server.conninfo(user=us))
        for _ in range(3):
            guest.read()
            guest.session.sample()
        (oid,) = [oid for oid, name in guest.read().roles.items() if name == us]
        said = set()
        for reading in (watch(any_server.conninfo()).read(), guest.read()):
            said |= {t.text for t in reading.texts if t.key.userid == oid and t.text}
        guest.session.close()
    unmarked = {text for text in said if pg.MARK not in text.split("\n")[0]}
    assert {"BEGIN READ ONLY", "COMMIT"} == unmarked
    assert len(said) > 5


@pytest.mark.parametrize("version", ["1.8", "1.9", "1.10", "1.11"])
def test_a_new_server_with_an_old_extension(pg18: Server, database: pg.Conninfo, watch: Watch, version: str) -> None:
    shop = watch(database)
    shop.execute("DROP EXTENSION pg_stat_statements", f"CREATE EXTENSION pg_stat_statements VERSION '{version}'")
    shop.execute("SELECT 1 AS old_extension")
    reading = shop.read()
    assert any("old_extension" in text for text in texts_of(reading))
    assert version == shop.session.probe().extension.version
    assert (reading.snapshot.stats_since_us != UNKNOWN_US).all() == (version == "1.11")


@pytest.mark.parametrize(("old", "new"), [("1.8", "1.9"), ("1.10", "1.11"), ("1.11", "1.12")])
def test_an_extension_updated_under_our_eyes_costs_no_reading(
    database: pg.Conninfo, watch: Watch, old: str, new: str
) -> None:
    """From 1.8 to 1.9 no column disappears, but keys get longer: unnoticed, one key would have two rows."""
    shop = watch(database)
    shop.execute("DROP EXTENSION pg_stat_statements", f"CREATE EXTENSION pg_stat_statements VERSION '{old}'")
    before = shop.read().snapshot
    shop.execute(f"ALTER EXTENSION pg_stat_statements UPDATE TO '{new}'")
    after = shop.read().snapshot
    assert new == shop.session.probe().extension.version
    assert (before.dealloc is None) == (old == "1.8")
    assert after.dealloc is not None
    assert (after.stats_since_us != UNKNOWN_US).all() == (new in ("1.11", "1.12"))
    workers = after.counters["parallel_workers_launched"]
    assert np.isnan(workers).all() == (new != "1.12")
    assert len(np.unique(after.keys)) == len(after)


def test_what_is_read_is_what_a_store_gives_back(any_server: Server, watch: Watch) -> None:
    """A counter kept in four bytes is read as such: else nothing would equal its own row after a restart."""
    counters = watch(any_server.conninfo()).read().snapshot.counters
    for counter in (c for c in COUNTERS if c.sql_type == "real"):
        values = counters[counter.name]
        assert np.array_equal(values, values.astype(np.float32).astype(np.float64), equal_nan=True), counter.name
