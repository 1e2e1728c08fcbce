"""How many calls a window brings and what they cost: drawn, call by call where there are few."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from benchmarks.traffic.effects import Effects
from benchmarks.traffic.life import Mood
from benchmarks.traffic.workload import F8, I8, Flags, Workload

FEW = 24
"""Up to so many calls are drawn one by one; of more, their sum and extremes."""
BLOCK = 8192
SUMMED = (
    "calls", "total_ms", "m2", "rows", "hit", "read", "dirtied", "written", "temp_read", "temp_written",
    "io_read_ms", "wal_records", "wal_fpi", "wal_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """
    What statements did within a window.

    at       positions of the statements that ran
    sums     one row per name in SUMMED; m2 is the sum of squared deviations of times around the window's own mean
    fastest, slowest  single calls
    """

    at: I8
    sums: dict[str, F8]
    fastest: F8
    slowest: F8


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """What statements need per call, in columns, as drawn once for a server."""

    blocks: F8
    rows: F8
    fixed_ms: F8
    ms_per_block: F8
    miss: F8
    temp: F8
    wal: F8
    dirtied: F8
    cv: F8
    table: I8
    role: I8
    parent: I8
    read_ms: float

    @classmethod
    def of(cls, workload: Workload, rng: Generator) -> "Needs":
        """Return the needs of a workload's statements."""
        c = workload.column
        return cls(
            c("blocks"), c("rows"), c("fixed_ms"), c("ms_per_block"), c("miss"), c("temp"), c("wal"), c("dirtied"),
            c("cv"),
            np.array([s.tables[0] if s.tables else -1 for s in workload.statements]),
            c("role").astype(np.int64), c("parent").astype(np.int64),
            float(np.exp(rng.normal(-2.2, 0.5))),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """A workload's flows in columns; scheduled ones are jobs and maintenance."""

    workload: Workload
    rate: F8
    role: I8
    poll: Flags
    scheduled: I8

    @classmethod
    def of(cls, workload: Workload) -> "Streams":
        """Return the flows of a workload."""
        kind = np.array([f.kind for f in workload.flows])
        return cls(
            workload, np.array([f.rate for f in workload.flows]), np.array([f.role for f in workload.flows]),
            kind == "poll", np.flatnonzero((kind == "job") | (kind == "maintenance")),
        )  # fmt: skip


def counts(streams: Streams, mood: Mood, effects: Effects, rhythm: F8, window: int, seconds: float) -> I8:
    """Return the calls of every statement; *rhythm* is the traffic of each role now."""
    rng, workload = mood.rng, streams.workload
    rate, role, poll = streams.rate, streams.role, streams.poll
    level = np.where(role < 0, 1.0, rhythm[role]) * np.exp(mood.role_wander[role] + mood.flow_wander) * mood.flow_burst
    expected = np.where(poll, rate, (rate + effects.started) * level) * seconds * effects.flows
    runs = rng.poisson(np.minimum(expected, 1e9)).astype(np.float64)
    runs[poll] = np.floor(expected[poll] + rng.random(int(poll.sum())))
    for f in streams.scheduled:
        runs[f] = effects.jobs[f] + _due(workload, int(f), window, seconds)
    times = workload.edge_times
    n = runs[workload.edge_flow]
    part = np.where(times < 1, rng.binomial(n.astype(np.int64), np.minimum(times, 1)), np.floor(n * times))
    calls = np.bincount(workload.edge_statement, part, len(workload.statements)) * effects.calls
    whole = np.floor(calls + rng.random(len(calls))) + rng.poisson(effects.added * seconds)
    return np.asarray(rng.binomial(whole.astype(np.int64), np.clip(effects.kept, 0, 1)))


def _due(workload: Workload, flow: int, window: int, seconds: float) -> float:
    f = workload.flows[flow]
    if window < 0:
        return float(np.round(f.rate * seconds))
    if not f.period or (window - f.phase) % f.period >= f.length:
        return 0.0
    return float(np.round(f.rate * seconds * f.period / f.length))


def perform(calls: I8, needs: Needs, mood: Mood, effects: Effects, cores: int, seconds: float) -> Work:
    """Return what *calls* calls of every statement did."""
    rng = mood.rng
    at = np.flatnonzero(calls)
    n = calls[at].astype(np.float64)
    table = needs.table[at]
    dead = np.where(table >= 0, mood.table_dead[table], 0.0)
    mode = np.ones(len(calls))
    mode[mood.modal] = np.where(mood.mode, mood.mode_factor, 1.0)
    cv = needs.cv[at] * effects.cv[at]
    owner = Owner.of(calls[at], effects, at, rng)

    grown = effects.work[at] * mode[at] * np.exp(mood.statement_work[at]) * (1 + dead) * owner.times(owner.work)
    shape = np.maximum(n / np.square(0.6 * cv + 0.05), 0.05)
    blocks = needs.blocks[at] * grown * rng.gamma(shape) / shape
    miss = needs.miss[at] * effects.misses[at] * np.exp(mood.memory + np.where(table >= 0, mood.table_miss[table], 0.0))
    touched = _whole(n * blocks, rng)
    read = rng.binomial(touched.astype(np.int64), np.clip(miss, 0, 0.97)).astype(np.float64)
    rows = _rows(n, needs.rows[at] * effects.rows[at] * owner.times(owner.rows), cv, rng)
    temp = _whole(n * (needs.temp[at] * np.exp(mood.statement_work[at]) + effects.temp[at]), rng)
    wal = n * needs.wal[at] * effects.wal[at] * rng.gamma(np.maximum(n * 4, 1)) / np.maximum(n * 4, 1)
    dirtied = _whole(n * needs.dirtied[at] * np.minimum(effects.wal[at], 20) * (1 + 2 * mood.page_images), rng)
    images = rng.binomial(dirtied.astype(np.int64), mood.page_images).astype(np.float64)

    io_ms = read * needs.read_ms * rng.uniform(0.7, 1.3, len(at))
    pace = effects.pace[at] * owner.times(owner.work * owner.pace) / owner.times(owner.work)
    cpu = needs.fixed_ms[at] + blocks * needs.ms_per_block[at] * pace + wal / n * 2e-5 + 2e-4 * rows / n
    mean_ms = (cpu * np.exp(mood.statement_time[at]) + (io_ms + temp * 0.02) / n) * mood.time * effects.host
    busy = float((n * mean_ms).sum()) / 1000 / seconds / cores
    mean_ms *= 1 + 0.6 * float(np.clip(busy - 0.7, 0.0, 3.0))
    mean_ms *= 1 + effects.crowding * mean_ms / (mean_ms + effects.slice_ms)
    total, m2, fastest, slowest = times(calls[at], mean_ms, cv, rng)
    m2, slowest = owner.apart(n, total, m2, slowest, needs.fixed_ms[at] / np.maximum(cpu, 1e-9))
    total, m2, slowest = _waited(calls[at], total, m2, slowest, effects, at, rng)

    sums = {
        "calls": n, "total_ms": total, "m2": m2, "rows": rows, "hit": touched - read, "read": read,
        "dirtied": dirtied, "written": _whole(read * 0.01, rng), "temp_read": temp, "temp_written": temp,
        "io_read_ms": io_ms, "wal_records": _whole(wal / 90, rng), "wal_fpi": images,
        "wal_bytes": np.round(wal + images * BLOCK * 0.6),
    }  # fmt: skip
    return _nested(Work(at, sums, fastest, slowest), needs)


@dataclass(frozen=True, slots=True, eq=False)
class Owner:
    """
    One owner whose calls need more than those of all others; one entry per statement that ran.

    part   of the calls of this window that ask for it
    work, rows, pace  what one of them needs, times what one of the others needs
    """

    part: F8
    work: F8
    rows: F8
    pace: F8

    @classmethod
    def of(cls, calls: I8, effects: Effects, at: I8, rng: Generator) -> "Owner":
        """Draw how many of the calls ask for it."""
        share = effects.owner_share[at]
        part = np.zeros(len(calls))
        asked = share > 0
        part[asked] = rng.binomial(calls[asked], share[asked]) / calls[asked]
        return cls(part, effects.owner_work[at], effects.owner_rows[at], effects.owner_pace[at])

    def times(self, factor: F8) -> F8:
        """Return the factor on an average call where one for that owner has *factor*."""
        return np.asarray(1 + self.part * (factor - 1))

    def apart(self, n: F8, total: F8, m2: F8, slowest: F8, fixed: F8) -> tuple[F8, F8]:
        """Return squared deviations and the slowest call, now that some calls take so much longer than the rest."""
        if not (self.part > 0).any():
            return m2, slowest
        ratio = 1 + (self.work * self.pace - 1) * (1 - np.clip(fixed, 0, 1))
        light = total / (n * (1 + self.part * (ratio - 1)))
        heavy = light * ratio
        own = m2 * ((1 - self.part) * np.square(light) + self.part * np.square(heavy)) / np.square(total / n)
        among = n * self.part * (1 - self.part) * np.square(heavy - light)
        mixed = self.part > 0
        return np.where(mixed, own + among, m2), np.where(mixed, np.maximum(slowest, heavy), slowest)


def times(calls: I8, mean_ms: F8, cv: F8, rng: Generator) -> tuple[F8, F8, F8, F8]:
    """Return total, sum of squared deviations, fastest and slowest of lognormal times of so many calls each."""
    n = calls.astype(np.float64)
    var = np.log1p(np.square(cv))
    mu, sigma = np.log(np.maximum(mean_ms, 1e-6)) - var / 2, np.sqrt(var)
    total, m2, fastest, slowest = (np.empty(len(n)) for _ in range(4))

    few = calls <= FEW
    if few.any():
        drawn = np.exp(mu[few, None] + sigma[few, None] * rng.standard_normal((int(few.sum()), FEW)))
        mine = np.arange(FEW)[None, :] < calls[few, None]
        total[few] = np.where(mine, drawn, 0).sum(axis=1)
        own = total[few] / n[few]
        m2[few] = np.where(mine, np.square(drawn - own[:, None]), 0).sum(axis=1)
        fastest[few] = np.where(mine, drawn, np.inf).min(axis=1)
        slowest[few] = np.where(mine, drawn, 0).max(axis=1)

    many = ~few
    if many.any():
        k, c2 = n[many], np.square(cv[many])
        shape = k / np.maximum(c2, 1e-4)
        own = mean_ms[many] * rng.gamma(shape) / shape
        lean = np.sqrt(2 * np.log(k))
        reach = lean - (np.log(np.log(k)) + np.log(4 * np.pi)) / (2 * lean)
        slowest[many] = np.exp(mu[many] + sigma[many] * (reach + rng.gumbel(size=len(k)) / lean))
        fastest[many] = np.exp(mu[many] - sigma[many] * (reach + rng.gumbel(size=len(k)) / lean))
        slowest[many] = np.minimum(np.maximum(slowest[many], own * 1.0001), 0.5 * own * k)
        fastest[many] = np.minimum(fastest[many], own)
        total[many] = k * own
        spread = rng.gamma(np.maximum(k / (4 + 40 * c2), 0.5))
        spread /= np.maximum(k / (4 + 40 * c2), 0.5)
        m2[many] = np.maximum(
            k * c2 * np.square(own) * spread, np.square(slowest[many] - own) + np.square(own - fastest[many])
        )
    return total, m2, fastest, slowest


def _waited(calls: I8, total: F8, m2: F8, slowest: F8, effects: Effects, at: I8, rng: Generator) -> tuple[F8, F8, F8]:
    share, wait_ms = effects.waiting_share[at], effects.wait_ms[at]
    if not (share > 0).any():
        return total, m2, slowest
    who = rng.binomial(calls, np.clip(share, 0, 1)).astype(np.float64)
    waited = np.where(who > 0, wait_ms * rng.gamma(np.maximum(who, 0.01)), 0.0)
    n = calls.astype(np.float64)
    spread = np.where(who > 0, 2 * np.square(waited) / np.maximum(who, 1) - np.square(waited) / n, 0.0)
    longest = np.where(who > 0, waited / np.maximum(who, 1) * (1 + np.log(np.maximum(who, 1))), 0.0)
    more = np.maximum(m2 + np.maximum(spread, 0), np.square(np.maximum(longest - (total + waited) / n, 0)))
    return total + waited, more, np.maximum(slowest, longest)


def _nested(work: Work, needs: Needs) -> Work:
    """Add what nested statements did to the function that called them: it waited for them."""
    parent = needs.parent[work.at]
    inner = parent >= 0
    if not inner.any():
        return work
    place = np.searchsorted(work.at, parent[inner])
    there = (place < len(work.at)) & (work.at[np.minimum(place, len(work.at) - 1)] == parent[inner])
    place, source = place[there], np.flatnonzero(inner)[there]
    sums = {name: values.copy() for name, values in work.sums.items()}
    for name in ("total_ms", "m2", "hit", "read", "dirtied", "written", "io_read_ms", "wal_records", "wal_bytes"):
        np.add.at(sums[name], place, work.sums[name][source])
    slowest, fastest = work.slowest.copy(), work.fastest.copy()
    np.add.at(slowest, place, work.slowest[source])
    np.add.at(fastest, place, work.fastest[source])
    own = sums["total_ms"] / sums["calls"]
    return Work(work.at, sums, np.minimum(fastest, own), np.maximum(slowest, own))


def _rows(n: F8, mean: F8, cv: F8, rng: Generator) -> F8:
    few = mean <= 1
    shape = np.maximum(n / np.square(0.4 * cv + 0.05), 0.05)
    many = _whole(n * mean * rng.gamma(shape) / shape, rng)
    return np.where(few, rng.binomial(n.astype(np.int64), np.clip(mean, 0, 1)).astype(np.float64), many)


def _whole(x: F8, rng: Generator) -> F8:
    """Return whole numbers whose average is *x*."""
    return np.floor(x + rng.random(len(x)))
