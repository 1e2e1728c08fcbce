"""What the stories are told with: a shop that uses a server, the service in a thread, and the truth to compare with."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import psycopg

from pganomaly import errors, pg, settings
from pganomaly.catalog import COUNTERS, CounterKind
from pganomaly.clock import SystemClock
from pganomaly.collect import KnownTexts, Session, Target
from pganomaly.messages import speaker
from pganomaly.pg import Conninfo
from pganomaly.records import Snapshot
from pganomaly.service import orders
from pganomaly.service.fleet import Fleet
from pganomaly.service.orders import Orders
from pganomaly.storage import Store

CUMULATIVE = tuple(c.name for c in COUNTERS if c.kind is CounterKind.CUMULATIVE)
WHOLE = tuple(c.name for c in COUNTERS if c.kind is CounterKind.CUMULATIVE and c.sql_type == "bigint")

SHAPES = (
    "SELECT * FROM goods WHERE id = 7",
    "SELECT name, price FROM goods WHERE id BETWEEN 10 AND 20",
    "SELECT count(*) FROM goods WHERE price > 50",
    "SELECT g.name, o.amount FROM goods g JOIN orders o ON o.good = g.id WHERE o.id = 5",
    "SELECT good, sum(amount) FROM orders GROUP BY good ORDER BY 2 DESC LIMIT 3",
    "INSERT INTO orders (good, amount) VALUES (3, 2)",
    "UPDATE goods SET price = price + 0.01 WHERE id = 9",
    "UPDATE orders SET amount = amount WHERE id = 4",
    "SELECT max(id) FROM orders",
    "SELECT name FROM goods ORDER BY price LIMIT 5",
    "SELECT 1 FROM goods WHERE name = 'good 12'",
    "WITH dear AS (SELECT id FROM goods WHERE price > 90) SELECT count(*) FROM dear",
)

State = Mapping[tuple[int, int, int, bool], Mapping[str, float]]


@dataclass
class Shop:
    """Somebody's application, as a role of its own: only its statements are counted in the stories."""

    conninfo: Conninfo
    role: str
    _stop: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)

    @classmethod
    def opened(cls, conninfo: Conninfo) -> "Shop":
        """Build the shop in an empty database."""
        role = f"shop_{conninfo.dbname}"
        with pg.connect(conninfo) as conn:
            conn.execute(f"CREATE ROLE {role} LOGIN")
            conn.execute("CREATE TABLE goods (id int PRIMARY KEY, name text, price numeric)")
            conn.execute("CREATE TABLE orders (id serial PRIMARY KEY, good int, amount int)")
            conn.execute("INSERT INTO goods SELECT n, 'good ' || n, n % 100 FROM generate_series(1, 300) n")
            conn.execute("INSERT INTO orders (good, amount) SELECT n % 300, n % 7 FROM generate_series(1, 300) n")
            conn.execute(f"GRANT ALL ON goods, orders, orders_id_seq TO {role}")
        return cls(replace(conninfo, user=role), role)

    def work(self, rounds: int = 1) -> None:
        """Serve so many rounds of customers."""
        with pg.connect(self.conninfo, application_name="shop") as conn:
            for _ in range(rounds):
                for statement in SHAPES:
                    conn.execute(statement)

    def execute(self, statement: str) -> None:
        """Run one statement."""
        with pg.connect(self.conninfo, application_name="shop") as conn:
            conn.execute(statement)

    @contextmanager
    def busy(self, pause_s: float = 0.01) -> Iterator[None]:
        """Have customers come all the time; one who is thrown out comes back."""
        stop = Event()

        def customers() -> None:
            while not stop.is_set():
                try:
                    with pg.connect(self.conninfo, application_name="shop") as conn:
                        while not stop.wait(pause_s):
                            for statement in SHAPES:
                                conn.execute(statement)
                except Exception:  # noqa: BLE001 - the server is broken on purpose
                    stop.wait(0.05)

        thread = Thread(target=customers, name="customers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)

    def counters(self) -> State:
        """Return what the server has counted for the shop's statements, read past everything of ours but the SQL."""
        superuser = replace(self.conninfo, user="postgres")
        userid = ask(superuser, "SELECT oid::bigint FROM pg_roles WHERE rolname = %s", self.role)
        return of_user(read(superuser), userid)


def read(conninfo: Conninfo) -> Snapshot:
    """Return the counters of a server now."""
    session = Session(Target("truth", conninfo))
    try:
        return session.read(KnownTexts(), 60.0, time.monotonic()).snapshot
    finally:
        session.close()


def of_user(snapshot: Snapshot, userid: int) -> State:
    """Return the cumulative counters of one role's statements."""
    rows = np.flatnonzero(snapshot.keys["userid"] == userid)
    return {
        tuple(snapshot.keys[i].tolist()): {name: float(snapshot.counters[name][i]) for name in CUMULATIVE} for i in rows
    }


def sums(store: Conninfo, instance_id: int = 1) -> State:
    """Return the sum of all stored deltas per statement."""
    columns = ", ".join(f"sum({name}_delta)::float8" for name in CUMULATIVE)
    with pg.connect(store) as conn:
        rows = conn.execute(
            f"SELECT dbid::bigint, userid::bigint, queryid, toplevel, {columns} FROM monitoring.pgss_deltas"
            " WHERE instance_id = %s GROUP BY 1, 2, 3, 4",
            (instance_id,),
        ).fetchall()
    return {
        row[:4]: {n: float("nan") if v is None else v for n, v in zip(CUMULATIVE, row[4:], strict=True)} for row in rows
    }


def assert_adds_up(before: State, after: State, stored: State) -> int:
    """Assert that deltas are what was counted: integers exactly, times to 1e-9. Return how many statements ran."""
    ran = 0
    for key, counters in after.items():
        first = before.get(key, dict.fromkeys(CUMULATIVE, 0.0))
        if counters["calls"] == first["calls"]:
            continue
        ran += 1
        assert key in stored, f"{key} ran and has no delta"
        for name in CUMULATIVE:
            truth, kept = counters[name] - first[name], stored[key][name]
            if np.isnan(truth):
                continue
            if name in WHOLE:
                assert kept == truth, f"{name} of {key}: {kept} stored, {truth} counted"
            else:
                assert abs(kept - truth) <= 1e-9 * max(counters[name], 1.0), f"{name} of {key}: {kept} for {truth}"
    return ran


def assert_whole(store: Conninfo) -> int:
    """Assert that no window is there twice, half or out of order; return how many there are."""
    with pg.connect(store) as conn:
        assert one(conn, "SELECT count(*) FROM (SELECT 1 FROM monitoring.pgss_deltas GROUP BY instance_id, window_end,"
                         " dbid, userid, queryid, toplevel HAVING count(*) > 1) twice") == 0  # fmt: skip
        assert one(conn, "SELECT count(*) FROM (SELECT 1 FROM monitoring.features_windows GROUP BY instance_id,"
                         " window_end, dbid, userid, queryid, toplevel HAVING count(*) > 1) twice") == 0  # fmt: skip
        # Each window begins where the one before it ended, each has the rows that its header promises, each is judged.
        assert one(conn, "SELECT count(*) FROM (SELECT window_start, lag(snapshot_ts) OVER (PARTITION BY instance_id"
                         " ORDER BY snapshot_ts) AS before FROM monitoring.snapshots) s"
                         " WHERE window_start IS DISTINCT FROM before") == 0  # fmt: skip
        assert one(conn, "SELECT count(*) FROM monitoring.snapshots s WHERE window_start IS NOT NULL AND"
                         " (statements IS DISTINCT FROM (SELECT count(*) FROM monitoring.pgss_deltas d WHERE"
                         " d.instance_id = s.instance_id AND d.window_end = s.snapshot_ts AND"
                         " d.window_start = s.window_start)"
                         " OR statements IS DISTINCT FROM (SELECT count(*) FROM monitoring.features_windows d WHERE"
                         " d.instance_id = s.instance_id AND d.window_end = s.snapshot_ts))") == 0  # fmt: skip
        return int(one(conn, "SELECT count(*) FROM monitoring.snapshots WHERE window_start IS NOT NULL"))


def one(conn: pg.Connection, query: str, *args: object) -> Any:
    """Return the one value that a query gives."""
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def ask(conninfo: Conninfo, query: str, *args: object) -> Any:
    """Return the one value that a query gives on a database; None where it cannot be asked yet."""
    try:
        with pg.connect(conninfo) as conn:
            return one(conn, query, *args)
    except (psycopg.errors.UndefinedTable, errors.ConnectError, psycopg.OperationalError):
        return None


def until(true: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait until something is true, and return it; the test fails where it never is."""
    deadline = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def told(
    conninfo: Conninfo,
    folder: Path,
    *,
    interval_s: float = 0.5,
    baseline_windows: int = 4,
    **variables: object,
) -> Orders:
    """Return orders to watch *conninfo*, quicker than users may."""
    chosen = settings.load(
        _env_file=None,
        **{
            "db_host": conninfo.host, "db_port": conninfo.port, "db_name": conninfo.dbname,
            "db_username": conninfo.user, "model_file": folder / "model", "train_collect_iterations": baseline_windows,
            "model_min_rows": 30, "model_min_queryids": 5, "model_n_estimators": 10, **variables,
        },
    )  # fmt: skip
    made = orders.of(chosen)
    plan = replace(made.plan, interval_s=interval_s, baseline_interval_s=interval_s)
    return replace(made, plan=plan)


@contextmanager
def service(orders: Orders, store: Conninfo, *, language: str = "en") -> Iterator[Event]:
    """Run the service in this process; setting the event stops it."""
    stop = Event()
    with Store(store, connect_timeout_s=2.0) as opened:
        opened.migrate()
        fleet = Fleet(orders, opened, speaker(language), SystemClock(), np.random.default_rng(1))
        thread = Thread(target=fleet.run, args=(stop,), name="service", daemon=True)
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive()


def windows(store: Conninfo, instance_id: int = 1) -> int:
    """Return how many windows are stored."""
    query = "SELECT count(*) FROM monitoring.snapshots WHERE deltas_at IS NOT NULL AND instance_id = %s"
    return int(ask(store, query, instance_id) or 0)


def wait_windows(store: Conninfo, more: int, instance_id: int = 1, seconds: float = 60.0) -> None:
    """Wait for so many further windows."""
    wanted = windows(store, instance_id) + more
    until(lambda: windows(store, instance_id) >= wanted, f"{more} more windows", seconds)
