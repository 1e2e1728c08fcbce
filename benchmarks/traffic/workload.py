"""
A server's statements and who calls them: what a statement needs per call, and the flows that bring the calls.

A flow is something the application does (a page, a poll, a report, a job): it calls several statements, each a certain
number of times, so that statements of one flow rise and fall together, as they do in life.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.traffic import texts
from benchmarks.traffic.profile import Profile
from pganomaly.records import KEY, KeyArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROLES = ("app", "backend", "api", "jobs", "reporting", "portal", "partner", "mobile", "sync", "ops", "search", "audit")
FIRST_ROLE, FIRST_DATABASE, WATCHER = 24_601, 18_001, 24_600
LONGEST_SHARE = 0.3
"""No statement takes more of the server's time than this on average."""
FULL_PAGES = 3
"""So many pages read, list, change and insert, whatever is drawn for others."""
WRITES = ("insert", "update", "delete", "job")


@dataclass(slots=True)
class Statement:
    """What one statement is and needs per call, before anything varies."""

    kind: str
    text: str
    role: int
    database: int
    tables: tuple[int, ...]
    blocks: float = 0.0
    rows: float = 0.0
    fixed_ms: float = 0.01
    ms_per_block: float = 0.004
    miss: float = 0.0
    temp: float = 0.0
    wal: float = 0.0
    dirtied: float = 0.0
    cv: float = 0.5
    parent: int = -1


@dataclass(slots=True)
class Flow:
    """
    Something that the application does, so often a second (or, a job, in windows of its schedule).

    steps  (statement, times per execution)
    """

    kind: str
    role: int
    rate: float
    steps: list[tuple[int, float]] = field(default_factory=list)
    period: int = 0
    phase: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """All of it in columns: one entry per statement, per flow, and per edge between them."""

    profile: Profile
    statements: tuple[Statement, ...]
    flows: tuple[Flow, ...]
    keys: KeyArray
    edge_flow: I8
    edge_statement: I8
    edge_times: F8
    table_blocks: F8
    table_names: tuple[str, ...]

    def column(self, name: str) -> F8:
        """Return one number of every statement."""
        return np.array([getattr(s, name) for s in self.statements], dtype=np.float64)

    def of_kind(self, *kinds: str) -> I8:
        """Return the statements of some kinds."""
        return np.array([i for i, s in enumerate(self.statements) if s.kind in kinds], dtype=np.int64)

    def flows_of_kind(self, *kinds: str) -> I8:
        """Return the flows of some kinds."""
        return np.array([i for i, f in enumerate(self.flows) if f.kind in kinds], dtype=np.int64)

    def usual_ms(self) -> F8:
        """Return what a call takes on average."""
        c = self.column
        blocks = c("blocks")
        own = c("fixed_ms") + blocks * c("ms_per_block") + blocks * c("miss") * 0.1 + c("temp") * 0.02
        return np.asarray(own)

    def usual_calls(self) -> F8:
        """Return the calls a second at an average hour, jobs by their share of the time."""
        rate = np.array([f.rate for f in self.flows])
        weights = (rate[self.edge_flow] * self.edge_times).astype(np.float64)
        return np.asarray(np.bincount(self.edge_statement, weights, len(self.statements)), dtype=np.float64)


class Builder:
    """Draws a workload."""

    def __init__(self, profile: Profile, rng: Generator) -> None:
        self._p, self._rng = profile, rng
        self._writer = texts.Writer(profile.style, rng)
        self._names = texts.tables(profile.domain, profile.tables)
        self._size = np.exp(rng.uniform(np.log(6), np.log(60_000), profile.tables)).round()
        self._home = rng.integers(0, profile.databases, profile.tables)
        self._home[: profile.databases] = np.arange(profile.databases)
        self._favourite = rng.dirichlet(np.full(profile.tables, 0.6))
        self._speed = float(np.exp(rng.normal(-5.6, 0.4)))
        self._statements: list[Statement] = []
        self._flows: list[Flow] = []

    def build(self) -> Workload:
        """Return the workload: transactions, pages until there are enough statements, polls, reports, jobs, spares."""
        self._jobs()
        self._reports(max(3, self._p.statements // 22))
        self._polls(max(2, self._p.statements // 60))
        self._watcher()
        self._pages(self._p.statements)
        self._spares(heavy=10, cheap=24)
        self._twins(3)
        self._maintenance(4)
        self._failures(self._rng.spawn(1)[0])
        self._scale()
        self._weigh_heavy()
        return self._columns()

    def _table(self, database: int | None = None) -> int:
        weights = self._favourite.copy()
        if database is not None:
            weights[self._home != database] = 0
        if weights.sum() <= 0:
            return int(np.flatnonzero(self._home == database)[0])
        return int(self._rng.choice(len(weights), p=weights / weights.sum()))

    def _add(self, kind: str, role: int, *, database: int | None = None, table: int | None = None) -> int:
        rng = self._rng
        first = self._table(database) if table is None else table
        home = int(self._home[first])
        second = self._table(home)
        size = float(self._size[first])
        s = Statement(kind, self._writer.write(kind, [self._names[first], self._names[second]]), role, home, (first,))
        s.ms_per_block = self._speed * float(np.exp(rng.normal(0, 0.5)))
        s.fixed_ms = float(rng.uniform(0.008, 0.06))
        s.cv = self._p.tail * float(np.exp(rng.normal(-0.3, 0.5)))
        s.miss = float(np.clip(rng.lognormal(-6.5, 1.6) * (size / 3000) ** 0.4, 0, 0.4))
        height = 2 + np.log(size + 2) / np.log(150)
        if kind == "point":
            s.blocks, s.rows = height + rng.uniform(0, 1.5), float(rng.choice([1.0, 1.0, 0.95, 0.6]))
        elif kind == "list":
            s.rows = float(rng.choice([10, 20, 25, 50, 100]) * rng.uniform(0.4, 1))
            s.blocks = height + s.rows * rng.uniform(0.3, 2)
        elif kind in ("join", "function"):
            s.tables = (first, second)
            s.rows = float(np.exp(rng.uniform(0, 4.5)))
            s.blocks = height * 2 + s.rows * rng.uniform(1, 5)
        elif kind == "aggregate":
            s.rows, s.blocks = float(np.exp(rng.uniform(0, 3))), height + min(size, 12_000) * rng.uniform(0.1, 1)
        elif kind in ("report", "adhoc"):
            s.tables, s.rows = (first, second), float(np.exp(rng.uniform(1, 7)))
            s.blocks = min(float(size + self._size[second]), 60_000.0) * float(rng.uniform(0.3, 2)) + 200
            s.temp = float(np.exp(rng.uniform(3, 8))) if rng.random() < 0.25 else 0.0
        self._writing(s, height)
        self._statements.append(s)
        return len(self._statements) - 1

    def _writing(self, s: Statement, height: float) -> None:
        rng = self._rng
        if s.kind == "insert":
            s.rows = 1.0 if rng.random() < 0.8 else float(rng.integers(2, 40))
            s.blocks = (height + rng.uniform(1, 5)) * max(1.0, s.rows * 0.7)
        elif s.kind in ("update", "delete"):
            s.rows = float(rng.choice([1.0, 1.0, 1.0, 0.7, 4.0]))
            s.blocks = height * 2 + 3 * s.rows + rng.uniform(0, 4)
        elif s.kind == "job":
            s.rows = float(np.exp(rng.uniform(3, 7)))
            s.blocks = s.rows * rng.uniform(2, 8) + 100
        if s.kind in WRITES:
            s.wal = s.rows * float(np.exp(rng.uniform(4.6, 7.2)))
            s.dirtied = max(0.2, s.rows * rng.uniform(0.05, 0.6))
            s.fixed_ms += 0.02

    def _transaction(self, role: int, database: int) -> tuple[int, int]:
        for i, s in enumerate(self._statements):
            if s.kind == "begin" and s.role == role and s.database == database:
                return i, i + 1
        begin = Statement("begin", "BEGIN", role, database, (), fixed_ms=0.002, cv=1.0)
        commit = Statement("commit", "COMMIT", role, database, (), fixed_ms=0.1, cv=1.2, wal=0.0)
        self._statements += [begin, commit]
        return len(self._statements) - 2, len(self._statements) - 1

    def _pages(self, until: int) -> None:
        rng = self._rng
        sessions: dict[tuple[int, int], int] = {}
        while len(self._statements) < until:
            role = int(rng.integers(0, max(1, self._p.roles - 1)))
            table = self._table()
            database = int(self._home[table])
            flow = Flow("page", role, float(np.exp(rng.normal(0, self._p.spread))))
            if (role, database) not in sessions:
                sessions[role, database] = self._add("point", role, database=database)
            if rng.random() < 0.5:
                flow.steps.append((sessions[role, database], 1.0))
            writes = bool(rng.random() < 0.35)
            weights = np.array([0.42, 0.2, 0.12, 0.04, 0.1 * writes, 0.1 * writes, 0.02 * writes, 0.04])
            kinds = ("point", "list", "join", "aggregate", "insert", "update", "delete", "function")
            chosen = [str(kind) for kind in rng.choice(kinds, 1 + int(rng.integers(0, 6)), p=weights / weights.sum())]
            pages = sum(f.kind == "page" for f in self._flows)
            for kind in chosen if pages >= FULL_PAGES else ["point", "list", "update", "insert"]:
                here = table if rng.random() < 0.6 else None
                at = self._add(kind, role, database=database, table=here)
                times = float(rng.choice([1, 1, 1, 1, 2, 3, 0.5, 0.1]))
                flow.steps.append((at, times))
                if kind == "function" and self._p.track_all:
                    self._nest(flow, at, times)
            if writes:
                flow.steps += [(at, 1.0) for at in self._transaction(role, database)]
            self._flows.append(flow)

    def _nest(self, flow: Flow, parent: int, times: float) -> None:
        for _ in range(int(self._rng.integers(1, 4))):
            kind = str(self._rng.choice(["point", "list", "update"]))
            s = self._statements[parent]
            inner = self._add(kind, s.role, database=s.database)
            self._statements[inner].parent = parent
            flow.steps.append((inner, times))

    def _reports(self, count: int) -> None:
        role = self._p.roles - 1
        for _ in range(count):
            kind = str(self._rng.choice(["report", "report", "aggregate", "join"]))
            rate = float(np.exp(self._rng.uniform(np.log(0.02), np.log(1.2)))) / self._p.real_window_s
            at = self._add(kind, role)
            s = self._statements[at]
            s.blocks = min(s.blocks, 0.5e3 * self._p.real_window_s / s.ms_per_block)
            self._flows.append(Flow("report", role, rate, [(at, 1.0)]))

    def _polls(self, count: int) -> None:
        for _ in range(count):
            role = int(self._rng.integers(0, self._p.roles))
            rate = float(self._rng.choice([0.5, 1, 2, 5, 10]))
            at = self._add(str(self._rng.choice(["point", "list", "update"])), role)
            self._flows.append(Flow("poll", role, rate, [(at, 1.0)]))

    def _jobs(self) -> None:
        rng, p = self._rng, self._p
        periods = [n for n in (p.day_windows // d for d in (48, 24, 24, 12, 6, 2, 1)) if 6 <= n <= p.train_windows // 2]
        for _ in range(p.jobs):
            role = int(rng.integers(0, p.roles))
            period = int(rng.choice(periods or [20]))
            length = int(min(1 + rng.geometric(0.5), max(1, period // 4)))
            per_window = float(rng.choice([1, 1, 2, 5, 30, 100]))
            flow = Flow("job", role, per_window * length / period / p.real_window_s)
            flow.period, flow.length, flow.phase = period, length, int(rng.integers(0, period))
            table = self._table()
            for kind in rng.choice(["job", "job", "aggregate", "delete", "update", "report"], 1 + rng.integers(0, 3)):
                at = self._add(str(kind), role, table=table)
                s = self._statements[at]
                s.blocks = min(s.blocks, 0.3e3 * p.real_window_s / per_window / s.ms_per_block)
                flow.steps.append((at, 1.0))
            self._flows.append(flow)

    def _watcher(self) -> None:
        text = "SELECT userid, dbid, toplevel, queryid, calls, total_exec_time FROM pg_stat_statements($1)"
        watch = Statement("watch", text, -1, 0, (), blocks=4, rows=float(self._p.statements), fixed_ms=3.0, cv=0.2)
        self._statements.append(watch)
        self._flows.append(Flow("poll", -1, 1 / self._p.real_window_s, [(len(self._statements) - 1, 1.0)]))

    def _spares(self, *, heavy: int, cheap: int) -> None:
        for kind, count in (("heavy", heavy), ("cheap", cheap)):
            for _ in range(count):
                role = int(self._rng.integers(0, self._p.roles))
                what = ["report", "aggregate", "join"] if kind == "heavy" else ["point", "list", "insert", "update"]
                at = self._add(str(self._rng.choice(what)), role)
                s = self._statements[at]
                s.temp = 0.0
                self._flows.append(Flow(kind, role, 0.0, [(at, 1.0)]))

    def _twins(self, count: int) -> None:
        """Add flows that can take the place of a page's: same role, tables and cost, other texts (phase names it)."""
        pages = [i for i, f in enumerate(self._flows) if f.kind == "page" and len(f.steps) < 5]
        for i in self._rng.choice(pages, min(count, len(pages)), replace=False):
            old = self._flows[int(i)]
            twin = Flow("twin", old.role, 0.0, phase=int(i))
            for at, times in old.steps:
                s = self._statements[at]
                if not s.tables or s.parent >= 0:
                    twin.steps.append((at, times))
                    continue
                text = self._writer.write(s.kind, [self._names[s.tables[0]], self._names[s.tables[-1]]])
                self._statements.append(replace(s, text=text))
                twin.steps.append((len(self._statements) - 1, times))
            self._flows.append(twin)

    def _maintenance(self, count: int) -> None:
        for i in range(count):
            table = int(self._rng.integers(0, len(self._names)))
            text = f"{('VACUUM', 'ANALYZE')[i % 2]} {self._names[table]}"
            took_ms = float(np.exp(self._rng.uniform(np.log(60), np.log(400)))) * min(self._p.real_window_s, 15)
            s = Statement(
                "utility", text, self._p.roles - 1, int(self._home[table]), (table,), fixed_ms=took_ms, cv=0.2
            )
            s.blocks, s.rows = float(self._size[table]), 0.0
            s.ms_per_block = 0.0
            self._statements.append(s)
            self._flows.append(Flow("maintenance", s.role, 0.0, [(len(self._statements) - 1, 1.0)]))

    def _failures(self, rng: Generator) -> None:
        """Let some transactions fail now and then, and add flows of nothing but failure (phase names the page's)."""
        rollbacks: dict[tuple[int, int], tuple[int, float]] = {}
        for i, page in [(i, f) for i, f in enumerate(self._flows) if f.kind == "page"]:
            begin = next((at for at, _ in page.steps if self._statements[at].kind == "begin"), None)
            own = [(at, t) for at, t in page.steps if self._statements[at].kind not in ("begin", "commit")]
            if begin is None or len(own) < 2:
                continue
            home = (page.role, self._statements[begin].database)
            if home not in rollbacks:
                self._statements.append(Statement("rollback", "ROLLBACK", *home, (), fixed_ms=0.004, cv=1.0))
                rollbacks[home] = len(self._statements) - 1, float(rng.choice([0.0, 0.002, 0.02]))
            rollback, usual = rollbacks[home]
            if usual:
                page.steps.append((rollback, usual))
            before = own[: int(rng.integers(1, len(own)))]
            self._flows.append(Flow("failure", page.role, 0.0, [(begin, 1.0), *before, (rollback, 1.0)], phase=i))

    def _scale(self) -> None:
        """Bring calls and load to what the profile says; nothing takes more than its share."""
        pages = [f for f in self._flows if f.kind == "page"]
        calls = sum(f.rate * sum(t for _, t in f.steps) for f in pages)
        for f in pages:
            f.rate *= self._p.calls_per_s / calls
        origin = self._origins()
        parts = dict(zip(("page", "report", "job"), self._rng.dirichlet((12, 3.5, 2.5)), strict=True))
        for _ in range(4):
            made = self._columns()
            spent = made.usual_calls() * made.usual_ms()
            for kind, part in parts.items():
                self._scale_part([i for i, o in enumerate(origin) if o == kind], spent, part * self._p.load * 1000)
        usual = np.median([s.ms_per_block for s, o in zip(self._statements, origin, strict=True) if o == "page"])
        for s, o in zip(self._statements, origin, strict=True):
            if o in ("cheap", "heavy", "poll"):
                s.ms_per_block = float(usual * np.exp(self._rng.normal(0, 0.4)))

    def _scale_part(self, members: list[int], spent: F8, wanted_ms: float) -> None:
        most = LONGEST_SHARE * self._p.load * 1000
        factor = wanted_ms / spent[members].sum()
        for i in members:
            s = self._statements[i]
            if s.kind in ("begin", "commit", "rollback"):
                continue
            scale = min(factor, most / max(spent[i], 1e-12))
            s.ms_per_block *= scale
            s.fixed_ms *= float(np.clip(scale, 0.3, 3.0))

    def _origins(self) -> list[str]:
        origin = ["page"] * len(self._statements)
        for flow in reversed(self._flows):
            for at, _ in flow.steps:
                origin[at] = "page" if flow.kind == "twin" else flow.kind
        return origin

    def _weigh_heavy(self) -> None:
        for flow in self._flows:
            if flow.kind == "heavy":
                s = self._statements[flow.steps[0][0]]
                wanted_ms = float(np.exp(self._rng.uniform(np.log(8), np.log(400))))
                s.miss = min(s.miss, 0.01)
                s.blocks = min(wanted_ms / s.ms_per_block, 4e6)

    def _columns(self) -> Workload:
        edges = [(f, s, times) for f, flow in enumerate(self._flows) for s, times in flow.steps]
        keys = np.empty(len(self._statements), KEY)
        ids = np.random.default_rng([len(self._statements), self._p.statements, len(self._flows)])
        keys["queryid"] = ids.integers(-(2**62), 2**62, len(keys)) * 2 + 1
        keys["dbid"] = [FIRST_DATABASE + s.database for s in self._statements]
        keys["userid"] = [WATCHER if s.role < 0 else FIRST_ROLE + s.role for s in self._statements]
        keys["toplevel"] = [s.parent < 0 for s in self._statements]
        return Workload(
            self._p, tuple(self._statements), tuple(self._flows), keys,
            np.array([e[0] for e in edges]), np.array([e[1] for e in edges]), np.array([e[2] for e in edges]),
            self._size, tuple(self._names),
        )  # fmt: skip
