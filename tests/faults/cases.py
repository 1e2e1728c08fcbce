"""
The faults: how each begins and ends, and what a person must be able to read of it.

in    a Place
out   one Case per fault
not   no waiting, no judging: run.py does that
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from pganomaly import pg
from tests.faults.parcels import FLOWS, STATEMENTS, Flow
from tests.faults.place import DATABASE, Place

EVERYBODY = tuple(STATEMENTS)
REPORT = "SELECT p.status, s.code, count(*) FROM parcels p JOIN scans s ON s.parcel_id = p.id GROUP BY 1, 2"
BATCH = "SELECT client_id, count(*), sum(grams) FROM parcels GROUP BY client_id HAVING sum(grams) > 0"
DAY_WINDOWS = 60
NIGHT = range(5, 10)
"""Windows of a day, and those in which the batch runs."""


@dataclass(frozen=True, slots=True)
class Signs:
    """
    What a person must be shown of a fault; known when it is done: the number of a session, the name of an index.

    words  each stands in the message
    row    what its next step shows when it is run: some row has these values, or ones of which this is true
    """

    words: tuple[str, ...] = ()
    row: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """
    One fault.

    done      does it, and undoes it at the end
    culprits  the message must be about one of these
    victims   others that may stand in it
    causes    of which the first named must be one
    within    windows in which it must be told
    after     windows of a past that it needs
    at        windows of the day in which it may begin
    quick     whether it can be told on a machine that has other work to do
    majors    where it differs from the oldest and the newest
    """

    name: str
    done: Callable[[Place], AbstractContextManager[Signs]]
    culprits: tuple[str, ...]
    causes: tuple[str, ...]
    victims: tuple[str, ...] = ()
    within: int = 12
    after: int = 0
    at: range = range(DAY_WINDOWS)
    quick: bool = True
    majors: tuple[int, ...] = (13, 18)


@contextmanager
def index_dropped(place: Place) -> Iterator[Signs]:
    """Somebody tidies up."""
    place.admin.execute("DROP INDEX parcels_of_client")
    yield Signs(("parcels_of_client",), {"name": _ends("parcels_of_client"), "exists": False})
    place.admin.execute("CREATE INDEX parcels_of_client ON parcels (client_id, created_at)")


@contextmanager
def planner_setting(place: Place) -> Iterator[Signs]:
    """Somebody forbids the planner what it does well."""
    place.setting("enable_nestloop", "off")
    yield Signs(("enable_nestloop",), {"name": "enable_nestloop", "setting": "off"})
    place.setting("enable_nestloop", None)


@contextmanager
def stale_statistics(place: Place) -> Iterator[Signs]:
    """What is in a table is not what it was when it was analysed."""
    run = place.unseen.execute
    with place.unseen.transaction():
        run("UPDATE stops SET tour = 1 + parcel_id % 20")
        run("ANALYZE stops")
        run("UPDATE stops SET tour = 0 WHERE parcel_id <= 5800")
    run("VACUUM stops")
    yield Signs(("stops",), {"table": _ends("stops"), "n_mod_since_analyze": _above(5000)})
    run("VACUUM ANALYZE stops")


@contextmanager
def row_lock(place: Place) -> Iterator[Signs]:
    """Somebody changes the depots by hand, and goes to lunch before the COMMIT."""
    with pg.connect(place.conninfo, application_name="psql") as conn:
        conn.execute("BEGIN")
        conn.execute("UPDATE depots SET name = upper(name)")
        yield Signs((str(conn.info.backend_pid),), {"blocked_by": conn.info.backend_pid})
        conn.execute("ROLLBACK")


@contextmanager
def table_lock(place: Place) -> Iterator[Signs]:
    """A migration has its table locked, and thinks."""
    with pg.connect(place.conninfo, application_name="migration") as conn:
        conn.execute("BEGIN")
        conn.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        yield Signs((str(conn.info.backend_pid),), {"blocked_by": conn.info.backend_pid})
        conn.execute("ROLLBACK")


@contextmanager
def bloat(place: Place) -> Iterator[Signs]:
    """An old transaction keeps every version of rows that change all the time."""
    with place.visitor("postgres") as old:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT 1")
        for _ in range(120):
            place.unseen.execute("UPDATE couriers SET seen_at = now()")
        yield Signs(("couriers",), {"table": _ends("couriers"), "dead_percent": _above(50)})
        old.execute("ROLLBACK")
    place.unseen.execute("VACUUM FULL couriers")


@contextmanager
def work_mem_cut(place: Place) -> Iterator[Signs]:
    """Somebody saves memory."""
    place.setting("work_mem", "64kB")
    yield Signs(("work_mem",), {"work_mem": "64kB"})
    place.setting("work_mem", None)


@contextmanager
def cache_evicted(place: Place) -> Iterator[Signs]:
    """Something that is in no statistics reads more than the buffers hold, again and again."""

    def read(stop: Event) -> None:
        with place.visitor("postgres") as conn:
            while not stop.wait(0.3):
                conn.execute("SELECT pg_prewarm('archive')")

    with _meanwhile(read):
        yield Signs()


@contextmanager
def n_plus_one(place: Place) -> Iterator[Signs]:
    """A new version of a list asks for the client of each of its parcels, one by one."""
    with _crowd(place, Flow("desk", 2, "extended", {("client_by_id",) * 20: 30})):
        yield Signs()


@contextmanager
def retry_storm(place: Place) -> Iterator[Signs]:
    """What cannot succeed is tried again at once, for ever."""
    with _crowd(place, Flow("courier", 2, "extended", {("BEGIN", "reserve", "ROLLBACK"): 250})):
        yield Signs()


@contextmanager
def new_query(place: Place) -> Iterator[Signs]:
    """A new report."""
    with _crowd(place, Flow("analyst", 1, "simple", {(REPORT,): 2})):
        yield Signs()


@contextmanager
def data_skew(place: Place) -> Iterator[Signs]:
    """One client has 100 times the parcels of the others, and looks at them."""
    run = place.unseen.execute
    run(
        "INSERT INTO parcels (client_id, courier_id, depot_id, tracking, status, grams, address)"
        " SELECT 7, 1, 1, 'new ' || i, 'depot', 100, 'Short Street' FROM generate_series(1, 15000) i"
    )
    yield Signs(("parcels",))
    run("DELETE FROM parcels WHERE tracking LIKE 'new %'")
    run("VACUUM parcels")


@contextmanager
def wide_updates(place: Place) -> Iterator[Signs]:
    """What is written into a row became a hundred times longer."""
    run = place.unseen.execute
    run("ALTER TABLE parcels ALTER COLUMN note SET STORAGE PLAIN")
    run("CREATE TEMP TABLE t AS TABLE templates")
    run("UPDATE templates SET body = (SELECT string_agg(md5(id::text || n), '') FROM generate_series(1, 90) n)")
    yield Signs()
    run("UPDATE templates SET body = t.body FROM t WHERE t.id = templates.id")
    run("DROP TABLE t")


@contextmanager
def feature_off(place: Place) -> Iterator[Signs]:
    """A release forgot the tracking page."""
    place.close("tracking")
    yield Signs()
    place.open("tracking")


def nightly(place: Place) -> Callable[[int], None]:
    """Return what happens every night: something to be called with the number of each window."""

    def batch(window: int) -> None:
        if window % DAY_WINDOWS in NIGHT:
            with pg.connect(place.server.conninfo(DATABASE, "billing"), application_name="batch") as conn:
                for _ in range(2):
                    conn.execute(BATCH.encode())

    return batch


@contextmanager
def batch_by_day(place: Place) -> Iterator[Signs]:
    """Somebody starts the nightly batch at noon."""

    def run(stop: Event) -> None:
        with pg.connect(place.server.conninfo(DATABASE, "billing"), application_name="batch") as conn:
            while not stop.wait(0.2):
                conn.execute(BATCH.encode())

    with _meanwhile(run):
        yield Signs()


@contextmanager
def cpu_taken(place: Place) -> Iterator[Signs]:
    """
    Somebody computes on the server's machine, on all of its cores.

    A scheduler gives who sleeps most its turn at once, so that statements of less than a few ms hardly suffer. Each
    loop is a session of its own: where Linux weighs sessions and not processes, one of many would weigh nothing.
    """
    with ExitStack() as undone:
        for _ in range(4 * (os.cpu_count() or 1)):
            loop = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
            undone.callback(loop.wait)
            undone.callback(loop.kill)
        yield Signs()


def _ends(text: str) -> Callable[[object], bool]:
    return lambda value: str(value).endswith(text)


def _above(number: float) -> Callable[[object], bool]:
    return lambda value: float(str(value)) > number


@contextmanager
def _crowd(place: Place, flow: Flow) -> Iterator[None]:
    crowd = place.crowd(flow)
    try:
        yield
    finally:
        crowd.stop()


@contextmanager
def _meanwhile(work: Callable[[Event], None]) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


_OF = {
    name: tuple(step for steps in flow.visits for step in steps if step in STATEMENTS) for name, flow in FLOWS.items()
}

NOT_SURE = frozenset({"planner_setting", "data_skew", "retry_storm", "stale_statistics", "n_plus_one"})
"""Faults whose cause is not always told rightly: the table shows it, nothing is asserted of it."""

CASES = (
    # Before what its statements suffer most: what came and went lately has to be larger to be news again.
    Case("data_skew", data_skew, ("balance", "tours"), ("data_skew",), victims=("parcels_of_client",), within=24),
    Case("row_lock", row_lock, ("count_handled",), ("lock_wait",), victims=(*_OF["courier"], "BEGIN", "COMMIT")),
    Case("work_mem_cut", work_mem_cut, ("dearest",), ("temp_spill",), victims=_OF["office"]),
    Case("n_plus_one", n_plus_one, ("client_by_id",), ("n_plus_one",)),
    Case("planner_setting", planner_setting, ("tours",), ("plan_change",), victims=("note_parcel",)),
    Case("new_query", new_query, ("report",), ("new_query",)),
    Case("bloat", bloat, ("near", "move"), ("bloat",), victims=("courier_by_id",)),
    Case("feature_off", feature_off, _OF["tracking"], ("call_drop",)),
    Case("index_dropped", index_dropped, ("parcels_of_client", "balance", "tours"), ("missing_index",)),
    Case("retry_storm", retry_storm, ("reserve",), ("retry_storm",), victims=("hand_over",)),
    Case("table_lock", table_lock, ("job", "finish_job"), ("lock_wait",), victims=_OF["billing"]),
    Case("stale_statistics", stale_statistics, ("next_on_tour",), ("plan_change",)),
    Case("wide_updates", wide_updates, ("note_parcel",), ("wal_growth",)),
    Case("cache_evicted", cache_evicted, EVERYBODY, ("cold_cache", "more_io"), victims=(*EVERYBODY, "batch")),
    Case("cpu_taken", cpu_taken, EVERYBODY, ("cpu_saturation", "host_slow"), victims=EVERYBODY, quick=False),
    Case("batch_by_day", batch_by_day, ("batch",), ("schedule",), after=100, at=range(25, 45)),
)
