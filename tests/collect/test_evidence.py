"""What a server shows about faults that are really there, on every version, to a role that has pg_monitor alone."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest

from pganomaly import collect, errors, lexical, pg
from pganomaly.collect import Asked, Target
from pganomaly.pg import Conninfo
from pganomaly.pg.embedded import Server
from pganomaly.records import Evidence, Key, Reference
from pganomaly.records.evidence import IndexState, Missing, Why
from pganomaly.records.reference import DatabaseThen, TableThen
from tests.collect.conftest import as_user
from tests.conftest import server_of_major

GUEST = "evidence_guest"
NO_PLANS = Missing("plans", Why.SWITCHED_OFF)
ORDERS_OF_ONE = "SELECT * FROM orders WHERE customer = $1"

_NUMBERS = count(1)


class Shop:
    """A database of its own with a table that misbehaves, seen by a guest."""

    def __init__(self, conninfo: Conninfo) -> None:
        self.conninfo = conninfo
        self.target = Target("shop", as_user(conninfo, GUEST))
        self.before: Reference | None = None

    def do(self, *statements: str) -> None:
        """Do something to the shop, and have it counted at once: sessions report when they end."""
        with pg.connect(self.conninfo, application_name="owner") as conn:
            for statement in statements:
                conn.execute(statement.encode())

    def ask(self, statement: str) -> Any:
        with pg.connect(self.conninfo) as conn:
            (value,) = conn.execute(statement.encode()).fetchone() or (None,)
            return value

    def rest(self, *texts: str) -> Reference:
        """Read the reference, as if that had been a minute ago."""
        wanted = {self.database: asked(*(texts or [ORDERS_OF_ONE]))}
        self.before = aged(collect.reference(self.target, wanted, self.before, patience_s=20.0), timedelta(minutes=1))
        return self.before

    def look(self, *texts: str, patience_s: float = 20.0, pause_s: float = 0.05) -> Evidence:
        """Read evidence, with a short pause and in no hurry."""
        wanted = asked(*(texts or [ORDERS_OF_ONE]))
        return collect.evidence(self.target, self.database, wanted, self.before, patience_s=patience_s, pause_s=pause_s)

    @property
    def database(self) -> str:
        return str(self.conninfo.dbname)


def asked(*texts: str) -> list[Asked]:
    return [Asked(Key(1, 10, i), lexical.describe(text), "postgres") for i, text in enumerate(texts, 1)]


def aged(reference: Reference, by: timedelta) -> Reference:
    """Return the same reference, read so much earlier."""

    def table(then: TableThen) -> TableThen:
        return replace(then, state=replace(then.state, at=then.state.at - by))

    def database(then: DatabaseThen) -> DatabaseThen:
        tables = {name: table(each) for name, each in then.tables.items()}
        return replace(then, at=then.at - by, tables=tables)

    databases = {name: database(each) for name, each in reference.databases.items()}
    return replace(reference, at=reference.at - by, databases=databases)


@pytest.fixture
def shop(any_server: Server) -> Iterator[Shop]:
    yield from shop_on(any_server)


def shop_on(server: Server) -> Iterator[Shop]:
    name = f"shop_{next(_NUMBERS)}"
    with pg.connect(server.conninfo()) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [GUEST]).fetchone():
            conn.execute(f"CREATE ROLE {GUEST} LOGIN")
            conn.execute(f"GRANT pg_monitor TO {GUEST}")
    place = Shop(server.conninfo(name))
    place.do(
        "CREATE TABLE orders (id int PRIMARY KEY, customer int, state text) WITH (autovacuum_enabled = off)",
        "INSERT INTO orders SELECT i, i % 100, 'open' FROM generate_series(1, 2000) i",
        "CREATE INDEX orders_customer ON orders (customer)",
        "ANALYZE orders",
    )
    # Up to 14 a collector gathers what sessions report, in its own time.
    until(lambda: place.ask("SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'orders'"))
    yield place
    with pg.connect(server.conninfo()) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("never came about")


def test_a_quiet_server_has_nothing_to_tell(shop: Shop) -> None:
    shop.rest()
    evidence = shop.look()
    assert (NO_PLANS,) == evidence.missing
    assert () == evidence.blockers
    assert () == evidence.indexes
    assert () == evidence.settings
    assert evidence.tables is not None
    assert ["public.orders"] == [table.name for table in evidence.tables]
    assert evidence.restart is not None
    assert (False, False, False) == (
        evidence.restart.restarted, evidence.restart.promoted, evidence.restart.in_recovery,
    )  # fmt: skip
    assert evidence.sessions is not None
    assert evidence.sessions.max_connections == int(shop.ask("SELECT current_setting('max_connections')"))
    assert evidence.flow is not None
    assert shop.database == evidence.flow.name
    assert evidence.checkpoints is not None
    assert evidence.checkpoints.last_ago_s is not None
    assert (evidence.checkpoints.wal_bytes.since is None) == (shop.ask("SHOW server_version_num") < "140000")


def test_a_dropped_index_is_named_with_what_makes_it_again(shop: Shop) -> None:
    shop.rest()
    shop.do("DROP INDEX orders_customer")
    (index,) = shop.look().indexes or ()
    assert ("public.orders", "orders_customer", IndexState.DROPPED) == (index.table, index.name, index.state)
    assert index.definition is not None
    shop.do(index.definition)
    assert () == shop.look().indexes, "what it printed mended it"


def test_an_index_under_another_name_is_not_gone(shop: Shop) -> None:
    shop.rest()
    shop.do("ALTER INDEX orders_customer RENAME TO orders_by_customer")
    assert () == shop.look().indexes


def test_an_invalid_index_says_whether_it_was_so_before(shop: Shop) -> None:
    shop.rest()
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.do("CREATE UNIQUE INDEX CONCURRENTLY orders_one ON orders (customer)")
    (index,) = shop.look().indexes or ()
    assert ("orders_one", IndexState.INVALID, True) == (index.name, index.state, index.changed)
    shop.rest()
    (index,) = shop.look().indexes or ()
    assert (IndexState.INVALID, False) == (index.state, index.changed)


def test_an_index_that_is_not_used_any_more(shop: Shop) -> None:
    """From 16 on the server says when it was used last; before, nothing is concluded from a pause this short."""
    use = "SET enable_seqscan = off", *["SELECT count(*) FROM orders WHERE customer = 5"] * 300
    shop.rest()
    shop.do(*use)
    until(lambda: shop.ask("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_customer'") >= 300)
    before = shop.rest()
    there = before.databases[shop.database].tables["public.orders"]
    (used,) = [index for index in there.indexes if index.name == "orders_customer"]
    assert used.usual_per_s is not None
    assert used.usual_per_s > 0
    assert () == shop.look().indexes, "just now it was"


def test_settings_that_changed_for_all_for_a_role_and_for_the_database(shop: Shop) -> None:
    shop.rest()
    try:
        shop.do(
            "ALTER SYSTEM SET random_page_cost = 7",
            "SELECT pg_reload_conf()",
            f"ALTER ROLE {GUEST} SET work_mem = '64kB'",
            f"ALTER DATABASE {shop.database} SET enable_indexscan = off",
            f"ALTER ROLE {GUEST} SET app.secret = 'hunter2'",
        )
        until(lambda: shop.ask("SHOW random_page_cost") == "7")
        found = {(s.name, s.was, s.now, s.scope) for s in shop.look().settings or ()}
    finally:
        shop.do("ALTER SYSTEM RESET random_page_cost", "SELECT pg_reload_conf()", f"ALTER ROLE {GUEST} RESET ALL")
    assert {
        ("random_page_cost", "4", "7", None),
        ("work_mem", None, "64kB", f"role {GUEST}"),
        ("enable_indexscan", None, "off", f"database {shop.database}"),
    } == found
    assert "hunter2" not in repr(shop.rest())


def test_our_own_little_memory_makes_no_temporary_file(shop: Shop) -> None:
    shop.do(f"ALTER ROLE {GUEST} SET work_mem = '64kB'")
    try:
        shop.rest()
        shop.look()
    finally:
        shop.do(f"ALTER ROLE {GUEST} RESET ALL")
    assert 0 == shop.ask("SELECT temp_files FROM pg_stat_database WHERE datname = current_database()")


def test_dead_rows_growth_and_stale_statistics(shop: Shop) -> None:
    shop.rest()
    shop.do("UPDATE orders SET state = 'closed'", "UPDATE orders SET state = 'paid'")
    until(lambda: shop.ask("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'orders'") >= 4000)
    (table,) = shop.look().tables or ()
    assert table.was is not None
    assert 0 == table.was.dead_rows
    assert table.now.dead_rows >= 4000
    assert table.now.changed_since_analyze >= 4000
    assert table.updated.since is not None
    assert table.updated.since > 0
    assert table.now.analyzed_at is not None
    assert table.now.vacuumed_at is None

    shop.do("VACUUM ANALYZE orders")
    until(lambda: shop.ask("SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'orders'"))
    (table,) = shop.look().tables or ()
    assert (0, 0) == (table.now.dead_rows, table.now.changed_since_analyze)
    assert table.now.vacuumed_at is not None
    assert table.was is not None
    assert table.was.analyzed_at is not None
    assert table.now.analyzed_at is not None
    assert table.now.analyzed_at > table.was.analyzed_at
    assert table.now.size_bytes > table.was.size_bytes, "the catalogue knows the new size since then"


def test_who_waits_for_whom_and_who_is_at_the_end(shop: Shop) -> None:
    secret = "SELECT * FROM orders WHERE state = 'hunter2' FOR UPDATE"
    waiters = []
    with pg.connect(shop.conninfo, autocommit=False, application_name="careless") as root:
        head_pid = root.info.backend_pid
        root.execute("UPDATE orders SET state = 'mine' WHERE id = 1")
        for text in ("ALTER TABLE orders ADD COLUMN note text", secret):
            waiters.append(threading.Thread(target=shop.do, args=(text,)))
            waiters[-1].start()
            until(lambda: shop.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == len(waiters))
        began = time.monotonic()
        evidence = shop.look(secret)
        root.rollback()
    for waiter in waiters:
        waiter.join()
    assert evidence.blockers is not None
    chains = {(chain.waiting.query or "").split()[0]: chain for chain in evidence.blockers}
    assert {"ALTER", "SELECT"} == set(chains)
    assert {head_pid} == {chain.root.pid for chain in chains.values()}
    assert chains["SELECT"].blocker.pid == chains["ALTER"].waiting.pid
    head = chains["ALTER"].root
    assert ("careless", "idle in transaction", "UPDATE orders SET state = $1 WHERE id = $2") == (
        head.application, head.state, head.query,
    )  # fmt: skip
    assert {2} == {chain.behind for chain in chains.values()}
    assert {"public.orders"} == {chain.table for chain in chains.values()}
    assert {"relation"} == {chain.lock for chain in chains.values()}
    assert "AccessExclusiveLock" == chains["ALTER"].mode
    assert all(0 <= (chain.wait_s or 0) <= time.monotonic() - began + 30 for chain in chains.values())
    assert "hunter2" not in repr(evidence)
    assert evidence.waits is not None
    (wait,) = evidence.waits.of_statements
    assert (1, "Lock", "relation") == (wait.query_id, wait.type, wait.event), "by its text: it has no number yet"
    assert evidence.sessions is not None
    assert 2 == evidence.sessions.waiting_for_locks
    assert evidence.sessions.oldest is not None


def test_a_wait_for_a_row_names_its_table(shop: Shop) -> None:
    update = "UPDATE orders SET state = 'b' WHERE id = 1"
    with pg.connect(shop.conninfo, autocommit=False) as root:
        root.execute(update)
        first, second = (threading.Thread(target=shop.do, args=(update,)) for _ in range(2))
        first.start()
        until(lambda: shop.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == 1)
        second.start()
        until(lambda: shop.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == 2)
        evidence = shop.look(update)
        root.rollback()
    first.join()
    second.join()
    assert {("transactionid", "public.orders"), ("tuple", "public.orders")} == {
        (chain.lock, chain.table) for chain in evidence.blockers or ()
    }


def test_an_idle_session_that_keeps_an_advisory_lock(shop: Shop) -> None:
    with pg.connect(shop.conninfo, application_name="cron") as keeper:
        keeper.execute("SELECT pg_advisory_lock(7)")
        waiter = threading.Thread(target=shop.do, args=("SELECT pg_advisory_lock(7)",))
        waiter.start()
        until(lambda: shop.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == 1)
        (chain,) = shop.look().blockers or ()
    waiter.join()
    assert ("cron", "idle", "advisory") == (chain.root.application, chain.root.state, chain.lock)


def test_nothing_waits_where_somebody_holds_the_table(shop: Shop) -> None:
    """Everything but the definitions of indexes is read; sessions that wait behind us would see it."""
    shop.do("CREATE INDEX orders_open ON orders (id) WHERE state = 'open'", "CREATE VIEW late AS SELECT * FROM orders")
    shop.rest()
    with pg.connect(shop.conninfo, autocommit=False) as holder:
        holder.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        evidence = shop.look(ORDERS_OF_ONE, "SELECT * FROM late")
        (table,) = evidence.tables or ()
        assert (holder.info.backend_pid,) == table.locked_by
        assert (NO_PLANS,) == evidence.missing
        assert () == evidence.indexes
        holder.rollback()
    (table,) = shop.look().tables or ()
    assert () == table.locked_by


def test_a_locked_catalogue_costs_the_parts_that_need_it(shop: Shop) -> None:
    shop.rest()
    with pg.connect(shop.conninfo, autocommit=False) as holder:
        holder.execute("LOCK TABLE pg_inherits IN ACCESS EXCLUSIVE MODE")
        evidence = shop.look()
        holder.rollback()
    assert {Missing("tables", Why.LOCKED), NO_PLANS} == set(evidence.missing)
    assert evidence.tables is None
    assert evidence.indexes is None
    assert evidence.flow is not None


def test_views_partitions_and_strange_names_lead_to_tables(shop: Shop) -> None:
    shop.do(
        'CREATE SCHEMA "Odd.One"',
        'CREATE TABLE "Odd.One"."we""ird $1; drop" (id int)',
        "CREATE VIEW v1 AS SELECT o.id FROM orders o",
        "CREATE VIEW v2 AS SELECT id FROM v1",
        "CREATE TABLE log (day int, text text) PARTITION BY RANGE (day)",
        *[f"CREATE TABLE log_{i} PARTITION OF log FOR VALUES FROM ({i}) TO ({i + 1})" for i in range(3)],
        "CREATE INDEX log_day ON log (day)",
        "INSERT INTO log SELECT i % 3, 'x' FROM generate_series(1, 300) i",
        "CREATE TEMP TABLE passing (id int)",
    )
    until(lambda: shop.ask("SELECT sum(n_live_tup) FROM pg_stat_user_tables WHERE relname LIKE 'log%'") == 300)
    shop.rest("SELECT * FROM log")
    evidence = shop.look(
        "SELECT * FROM v2 JOIN log ON true JOIN nowhere ON true JOIN passing ON true",
        'SELECT * FROM "Odd.One"."we""ird $1; drop"',
    )
    tables = {table.name: table for table in evidence.tables or ()}
    assert {"public.orders", "public.log", '"Odd.One"."we""ird $1; drop"'} == set(tables)
    assert 300 == tables["public.log"].now.live_rows
    assert (1, 300) == (tables["public.log"].indexes, (tables["public.log"].was or tables["public.log"].now).live_rows)
    shop.do("DROP INDEX log_day")
    (index,) = shop.look("SELECT * FROM log").indexes or ()
    assert ("log_day", IndexState.DROPPED) == (index.name, index.state)


def test_an_unqualified_name_is_the_one_in_the_roles_search_path(shop: Shop) -> None:
    shop.do("CREATE SCHEMA tenant", "CREATE TABLE tenant.orders (id int)", "CREATE TABLE tenant.lone (id int)")
    assert ["public.orders"] == [table.name for table in shop.look().tables or ()]
    shop.do(f"ALTER ROLE postgres IN DATABASE {shop.database} SET search_path = tenant, public")
    assert ["tenant.orders"] == [table.name for table in shop.look().tables or ()]
    shop.do(f"ALTER ROLE postgres IN DATABASE {shop.database} RESET search_path")
    assert ["tenant.lone"] == [table.name for table in shop.look("SELECT * FROM lone").tables or ()]


def test_what_moves_right_now_shows(shop: Shop) -> None:
    shop.rest()
    stop = threading.Event()

    def work() -> None:
        with pg.connect(shop.conninfo, application_name="busy") as conn:
            while not stop.is_set():
                conn.execute("SELECT count(*) FROM orders WHERE state = 'x'")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        evidence = shop.look(pause_s=2.5)
    finally:
        stop.set()
        worker.join()
    (table,) = evidence.tables or ()
    assert table.seq_scans.now is not None
    assert table.seq_scans.now > 1
    assert evidence.flow is not None
    assert evidence.flow.commits.now is not None
    assert evidence.flow.commits.now > 1


def test_without_privileges_parts_are_missing_and_the_rest_is_there(shop: Shop) -> None:
    shop.rest()
    shop.do(
        "REVOKE SELECT ON pg_stat_database FROM public",
        "REVOKE EXECUTE ON FUNCTION pg_control_checkpoint() FROM public",
    )
    evidence = shop.look()
    assert {Missing("flow", Why.PRIVILEGE), Missing("restart", Why.PRIVILEGE), NO_PLANS} == set(evidence.missing)
    assert evidence.flow is None
    assert evidence.tables
    assert evidence.checkpoints is not None
    assert evidence.restart is not None
    assert evidence.restart.timeline is None


def test_a_visit_without_time_is_none(shop: Shop) -> None:
    with pytest.raises(errors.ReadTimedOut):
        shop.look(patience_s=0.001)


def test_the_reference_learns_what_is_usual(shop: Shop) -> None:
    first = shop.rest()
    assert {} == first.databases[shop.database].usual_per_s
    shop.do(*["SELECT count(*) FROM orders"] * 50)
    until(lambda: shop.ask("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'orders'") >= 50)
    second = shop.rest()
    table = second.databases[shop.database].tables["public.orders"]
    assert table.usual_per_s["seq_scans"] > 0
    assert second.databases[shop.database].usual_per_s["commits"] > 0
    assert second.at > first.at
    (shown,) = shop.look().tables or ()
    assert shown.seq_scans.usual == table.usual_per_s["seq_scans"]


def test_what_indexes_find_is_what_the_server_says_that_they_did(shop: Shop) -> None:
    found = "SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'orders'"
    look = "SELECT count(state) FROM orders WHERE customer = 3"
    for other in ("enable_bitmapscan", "enable_indexscan"):
        before = int(shop.ask(found) or 0)
        shop.do("SET enable_seqscan = off", f"SET {other} = off", *[look] * 20)
        until(partial(shop.ask, f"SELECT idx_tup_fetch > {before} FROM pg_stat_user_tables WHERE relname = 'orders'"))
    known = shop.rest().databases[shop.database].tables["public.orders"]
    assert known.counts["rows_read_by_index"] == shop.ask(found) > 0


@pytest.mark.parametrize("major", [13, 18])
def test_a_restart_shows_and_so_does_another_timeline(major: int) -> None:
    with server_of_major(major) as server:
        for shop in shop_on(server):
            before = shop.rest()
            server.restart()
            restart = shop.look().restart
            assert restart is not None
            assert (True, False) == (restart.restarted, restart.promoted)
            assert 0 <= restart.started_ago_s < 300
            shop.before = replace(before, timeline=(restart.timeline or 1) - 1)
            promoted = shop.look().restart
            assert promoted is not None
            assert promoted.promoted
