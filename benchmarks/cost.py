"""What reading, ticking and the scripts cost in CPU time, here and on the server, and what they leave behind."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.busy import Busy
from pganomaly import pg, pipeline
from pganomaly.catalog import COUNTERS
from pganomaly.clock import SystemClock
from pganomaly.collect import Session, Target
from pganomaly.detectors import Forest
from pganomaly.pg import rows_out
from pganomaly.pipeline import Judgement, Memory, Rules
from pganomaly.records import Counters, Reading, Snapshot
from pganomaly.service import stages
from pganomaly.service.commit import Commit
from pganomaly.service.ledger import Ledger
from pganomaly.service.observer import Observer
from pganomaly.storage import Holder, Store
from pganomaly.training import ModelSettings

_KEY = ("userid", "dbid", "queryid")
_COUNTERS = [c.name for c in COUNTERS if c.sources[0] == (c.name,)][: 22 - len(_KEY)]
_READ = "SELECT userid, dbid, coalesce(queryid, 0), {} FROM pg_stat_statements(false)".format(
    ", ".join(f"coalesce({name}, -1)::float8" for name in _COUNTERS)
)
_DTYPE = np.dtype([("userid", "u4"), ("dbid", "u4"), ("queryid", "i8"), *((name, "f8") for name in _COUNTERS)])
_TABLES = ("pgss_snapshots_raw", "pgss_deltas", "features_windows")
_KEPT = 4
"""Snapshots that are judged once more with many times the statements; more would show in the memory."""
_SCRIPTS = (["collect"], ["rebuild", "deltas"], ["rebuild", "features"], ["rebuild", "lexical"], ["detect"])


@dataclass(frozen=True)
class Cost:
    """Medians over the runs."""

    here_ms: float
    server_ms: float
    judge_ms: float = float("nan")

    @property
    def total_ms(self) -> float:
        return self.here_ms + self.server_ms

    def __str__(self) -> str:
        return f"{self.here_ms:.1f} here, {self.server_ms:.1f} on the server"


def of_reading(busy: Busy, reads: int = 5) -> Cost:
    """
    Return the cost of the counters alone: a COPY BINARY as any client of the driver would do it, and the rows in numpy.

    Several reads, because some kernels count in 10 ms.
    """
    with pg.connect(busy.conninfo) as conn:
        before_ms = busy.backends_ms()
        began = time.process_time()
        for _ in range(reads):
            with conn.cursor() as cursor, cursor.copy(f"COPY ({_READ}) TO STDOUT (FORMAT binary)".encode()) as copy:
                rows_out.decode(b"".join(copy), _DTYPE)
        here_ms = 1000 * (time.process_time() - began)
        return Cost(here_ms / reads, (busy.backends_ms() - before_ms) / reads)


@dataclass(frozen=True)
class Seen:
    """What the last ticks saw: their snapshots in order, and the model in force."""

    snapshots: tuple[Snapshot, ...]
    model: Forest


def of_ticks(busy: Busy, ticks: int) -> tuple[Cost, Cost, Seen]:
    """
    Return the cost of a tick of the service as it runs, a trained model in force: read, judge, store; and of a reading.

    They take turns, so that whatever else the machine does bears on both. The first ticks do not count: they bring all
    texts, and the window that the model is trained on.
    """
    clock = SystemClock()
    target = Target("bench", busy.conninfo)
    here: list[float] = []
    there: list[float] = []
    judged: list[float] = []
    reads: list[Cost] = []
    snapshots: deque[Snapshot] = deque(maxlen=_KEPT)
    with Store(busy.conninfo) as store:
        store.migrate()
        number = stages.instance_of(store, target)
        lease = store.acquire(number, Holder.this("bench"), 600.0)
        observer = Observer(Session(target), Rules(instance=number), clock)
        ledger = Ledger(store, lease, (), store.state(number))
        for tick in range(ticks + 2):
            busy.run()
            if tick == 2:
                observer.model = _trained(store, number)
            before_ms = busy.backends_ms()
            began = time.process_time()
            before = observer.memory
            verdict = observer.tick(60.0)
            ledger.add(Commit(before, verdict, "bench.0", (), clock.now(), observer.cost_ms))
            failed = ledger.flush()
            if failed is not None:
                raise failed
            here.append(1000 * (time.process_time() - began))
            there.append(busy.backends_ms() - before_ms)
            judged.append(observer.cost_ms["judge"])
            snapshots.append(verdict.snapshot)
            reads.append(of_reading(busy))
        observer.session.close()
        store.release(lease)
    cost = Cost(*(statistics.median(each[2:]) for each in (here, there, judged)))
    read = Cost(*(statistics.median(each[2:]) for each in zip(*((r.here_ms, r.server_ms) for r in reads), strict=True)))
    return cost, read, Seen(tuple(snapshots), observer.model)


def of_judging(seen: Seen, times: int) -> float:
    """Return the CPU time, in ms, of judging a window in which *times* as many statements run: each of them copied."""
    rules = Rules()
    memory = Memory(Judgement.empty(rules))
    took: list[float] = []
    for snapshot in seen.snapshots:
        reading = Reading(_copied(snapshot, times))
        began = time.process_time()
        memory = pipeline.judge(memory, reading, seen.model, rules).memory
        took.append(1000 * (time.process_time() - began))
    return statistics.median(took[2:])


def _copied(snapshot: Snapshot, times: int) -> Snapshot:
    """Return a snapshot that holds everything *times* times, in a database of its own each time."""
    keys = np.tile(snapshot.keys, times)
    keys["dbid"] += np.repeat(np.arange(times, dtype=np.uint32), len(snapshot))
    return replace(
        snapshot,
        keys=keys,
        counters=Counters(snapshot.counters.names, np.tile(snapshot.counters.values, (1, times))),
        stats_since_us=np.tile(snapshot.stats_since_us, times),
    )


def _trained(store: Store, number: int) -> Forest:
    """Return a model of the default size, trained on what is stored."""
    with tempfile.TemporaryDirectory() as folder:
        trained = stages.train(
            store, number, ModelSettings(), Path(folder) / "model", at=SystemClock().now(), rng=np.random.default_rng(1)
        )
    if trained.model is None:
        raise RuntimeError(f"no model: {trained.why}")
    return trained.model


def of_scripts(busy: Busy) -> Cost:
    """Return the cost of the five scripts run one after another, each in a process of its own."""
    busy.run()
    before_ms = busy.backends_ms()
    where = busy.conninfo
    given = {"DB_HOST": where.host, "DB_PORT": where.port, "DB_NAME": where.dbname, "DB_USERNAME": where.user}
    environment = {**os.environ, **{name: str(value) for name, value in given.items()}}
    here_ms = sum(_child_ms(command, environment) for command in _SCRIPTS)
    return Cost(here_ms, busy.backends_ms() - before_ms)


def stored_bytes(busy: Busy) -> dict[str, float]:
    """Return bytes per row of the three tables that grow, partitions and indexes included."""
    sizes = {}
    for table in _TABLES:
        row = busy.conn.execute(
            "SELECT sum(pg_total_relation_size(relid))::float8, "
            f"(SELECT count(*) FROM monitoring.{table}) "
            f"FROM pg_partition_tree('monitoring.{table}') WHERE isleaf".encode()
        ).fetchone()
        assert row is not None
        sizes[table] = row[0] / row[1]
    return sizes


def _child_ms(command: list[str], environment: dict[str, str]) -> float:
    """Run a command as users do, in a process of its own, and return its CPU time, the start of Python included."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "pganomaly", *command], env=environment, check=True, capture_output=True)
    after = os.times()
    return 1000 * (after.children_user + after.children_system - before.children_user - before.children_system)
