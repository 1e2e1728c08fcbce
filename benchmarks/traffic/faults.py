"""The faults that people want to hear of, one function each: whom it hits, and how it acts."""

from collections.abc import Callable

import numpy as np

from benchmarks.traffic.effects import Effects, Wait
from benchmarks.traffic.events import Act, Event, Kind, NoTargetError, Scene
from benchmarks.traffic.workload import F8, I8

READS = ("point", "list", "join", "aggregate")


def _fault(
    scene: Scene, cls: str, act: Act, culprits: I8, severity: str, note: str, shown_in: str = "statements"
) -> Event:
    kind = Kind.FAULT if shown_in == "statements" else Kind.DONT_CARE
    hit = tuple(int(i) for i in culprits)
    return Event(kind, cls, scene.first, scene.last, act, severity, note, hit, shown_in=shown_in)


def _by_table(scene: Scene, found: I8, most: int) -> list[I8]:
    """Return groups of statements on one table, as one index or one bloated table would hit them."""
    tables: dict[int, list[int]] = {}
    for i in found:
        for t in scene.workload.statements[int(i)].tables[:1]:
            tables.setdefault(t, []).append(int(i))
    groups = []
    for members in tables.values():
        for _ in range(3):
            size = int(scene.rng.integers(1, min(most, len(members)) + 1))
            groups.append(scene.rng.choice(members, size, replace=False))
    return groups


def _by_role(scene: Scene, found: I8, most: int) -> list[I8]:
    roles: dict[int, list[int]] = {}
    for i in found:
        roles.setdefault(scene.workload.statements[int(i)].role, []).append(int(i))
    return [
        scene.rng.choice(members, min(int(scene.rng.integers(1, most + 1)), len(members)), replace=False)
        for members in roles.values()
        for _ in range(4)
    ]


def missing_index(scene: Scene) -> Event:
    """An index is gone: whoever looked things up by it scans."""
    found = scene.candidates("point", "list", "join", "update", least_calls=4)
    group, x = scene.pick(_by_table(scene, found, 4), 3, 300)

    def act(e: Effects, _: float) -> None:
        e.work[group] *= x
        e.misses[group] *= 1.5

    return _fault(scene, "missing_index", act, group, f"x{x:.1f}", "an index is dropped")


def plan_flip(scene: Scene) -> Event:
    """The planner errs for some statements of a role, each in its own way."""
    found = scene.candidates("join", "list", "aggregate", "report", least_calls=4)
    group, x = scene.pick(_by_role(scene, found, 5), 2.5, 80)
    own = np.exp(scene.rng.normal(0, 0.4, len(group)))
    spills = np.where(scene.rng.random(len(group)) < 0.3, scene.log_uniform(20, 500), 0.0)

    def act(e: Effects, _: float) -> None:
        e.work[group] *= 1 + (x - 1) * own
        e.temp[group] += spills

    return _fault(scene, "plan_flip", act, group, f"x{x:.1f}", "a worse plan is taken")


def _locked(scene: Scene, group: I8, *, relation: bool) -> tuple[Act, float]:
    share = float(scene.rng.uniform(0.15, 0.8))
    seconds = scene.workload.profile.real_window_s
    calls = float(scene.calls[group].sum())
    load_ms = float((scene.calls * scene.ms).sum())
    wanted_ms = load_ms * scene.log_uniform(0.03, 0.8) / max(calls * share, 1e-9)
    wait_ms = float(np.clip(wanted_ms, 5, 700 * min(seconds, 20)))
    sessions = scene.log_uniform(0.4, 8) if relation else min(calls * share * wait_ms / 1000, 40.0)

    def act(e: Effects, _: float) -> None:
        if not relation:
            e.waiting_share[group] = share
            e.wait_ms[group] = wait_ms
        e.waits += [Wait(int(i), sessions / len(group), relation, wait_ms / 1000) for i in group]

    return act, wait_ms


def lock_contention(scene: Scene) -> Event:
    """An open transaction holds rows that others want to change."""
    found = scene.candidates("update", "delete")
    group, _ = scene.pick(_by_table(scene, found, 2), 3, 60)
    act, wait_ms = _locked(scene, group, relation=False)
    return _fault(scene, "lock_contention", act, group, f"{wait_ms:.0f} ms a wait", "rows held by an open transaction")


def table_lock(scene: Scene) -> Event:
    """A table is locked: waiting for it is spent before the execution starts, so no counter shows it."""
    found = scene.candidates("update", "insert", "delete", "point")
    group, _ = scene.pick(_by_table(scene, found, 4), 3, 60)
    act, wait_ms = _locked(scene, group, relation=True)
    note = "a table is locked in SHARE ROW EXCLUSIVE mode"
    return _fault(scene, "lock_contention", act, group, f"{wait_ms:.0f} ms a wait", note, "activity")


def bloat(scene: Scene) -> Event:
    """Dead rows pile up while an old transaction holds vacuum back."""
    found = scene.candidates("point", "list", "update", "delete", "join", "aggregate", least_calls=4)
    group, x = scene.pick(_by_table(scene, _changed(scene, found), 12), 2.5, 25)

    def act(e: Effects, progress: float) -> None:
        e.work[group] *= 1 + (x - 1) * min(1.0, 0.35 + 4 * progress)

    return _fault(scene, "bloat", act, group, f"x{x:.1f}", "dead rows pile up")


def temp_spill(scene: Scene) -> Event:
    """Sorts and hashes of a role no longer fit in memory."""
    found = scene.candidates("report", "aggregate", "join", least_calls=3)
    groups = _by_role(scene, found, 6)
    if not groups:
        raise NoTargetError
    load_ms = float((scene.calls * scene.ms).sum())
    group = groups[int(scene.rng.integers(0, len(groups)))]
    blocks = load_ms * scene.log_uniform(0.02, 0.4) / max(float(scene.calls[group].sum()), 1e-9) / 0.02
    blocks = float(np.clip(blocks, 30, 200_000))

    def act(e: Effects, _: float) -> None:
        e.temp[group] += blocks

    return _fault(scene, "temp_spill", act, group, f"{blocks:.0f} blocks a call", "work_mem of a role is cut")


def cold_cache(scene: Scene) -> Event:
    """The cache is flooded: everything is read again, less and less."""
    x = scene.log_uniform(8, 80)
    everything = np.arange(len(scene.workload.statements))

    def act(e: Effects, progress: float) -> None:
        e.misses[everything] *= 1 + (x - 1) * (1 - 0.6 * progress)

    return _fault(scene, "cold_cache", act, np.empty(0, np.int64), f"x{x:.0f} reads", "the cache is flooded")


def _calls_weight(scene: Scene) -> F8:
    return np.asarray(scene.share + 0.15 * scene.calls / max(float(scene.calls.sum()), 1e-9))


def n_plus_one(scene: Scene) -> Event:
    """A page asks for each row of a list by itself."""
    found = scene.candidates("point", "list", least_calls=30)
    group, x = scene.pick([found[i : i + 1] for i in range(len(found))], 6, 60, _calls_weight(scene))

    def act(e: Effects, _: float) -> None:
        e.calls[group] *= x

    return _fault(scene, "n_plus_one", act, group, f"x{x:.1f} calls", "one look-up per row of a list")


def traffic_surge(scene: Scene) -> Event:
    """Somebody scrapes, at a pace of his own."""
    found = scene.candidates("point", "list", "join", "insert", least_calls=15)
    group, x = scene.pick(_by_role(scene, found, 3), 8, 60, _calls_weight(scene))
    every_s = scene.calls[group] * (x - 1)

    def act(e: Effects, _: float) -> None:
        e.added[group] += every_s

    return _fault(scene, "traffic_surge", act, group, f"x{x:.1f} calls", "a scraper")


def retry_storm(scene: Scene) -> Event:
    """The end of a page fails and is retried: what comes before the failure runs more, what comes after hardly."""
    w = scene.workload
    pages = [f for f in w.flows_of_kind("page") if len(w.flows[f].steps) > 3]
    seconds = scene.windows * w.profile.real_window_s
    shared = np.bincount(w.edge_statement, minlength=len(w.statements)) > 1
    fit = []
    for f in pages:
        own = [s for s, _ in w.flows[f].steps if not shared[s] and w.statements[s].parent < 0]
        if len(own) > 1 and scene.calls[own].min() * seconds >= 20:
            fit.append(np.array(own))
    before, x = scene.pick([g[: max(1, len(g) - 1)] for g in fit], 4, 12, _calls_weight(scene))
    after = next(g for g in fit if g[0] == before[0])[len(before) :]

    def act(e: Effects, _: float) -> None:
        e.calls[before] *= x
        e.kept[after] *= 0.2

    culprits = np.concatenate([before, after])
    return _fault(scene, "retry_storm", act, culprits, f"x{x:.1f} calls", "a page fails at its end and is retried")


def new_heavy_query(scene: Scene) -> Event:
    """A statement that has never run takes a good part of the server."""
    w = scene.workload
    flow = next((f for f in w.flows_of_kind("heavy") if int(f) not in scene.used), None)
    if flow is None:
        raise NoTargetError
    scene.used.add(int(flow))
    statement = w.flows[flow].steps[0][0]
    share = scene.log_uniform(0.07, 0.5)
    rate = share * float((scene.calls * scene.ms).sum()) / scene.ms[statement]
    rate = max(rate, 1.5 / w.profile.real_window_s)

    def act(e: Effects, _: float) -> None:
        e.started[flow] = rate

    note = f"{scene.ms[statement]:.0f} ms a call"
    return _fault(scene, "new_heavy_query", act, np.array([statement]), f"{share:.0%} of the time", note)


def data_skew(scene: Scene) -> Event:
    """One owner has far more rows than others and is looked up often."""
    found = scene.candidates("point", "list", "join", least_calls=10)
    group, x = scene.pick(_by_table(scene, found, 3), 4, 80)

    def act(e: Effects, _: float) -> None:
        e.work[group] *= x
        e.rows[group] *= x

    return _fault(scene, "data_skew", act, group, f"x{x:.1f}", "one owner with very many rows is looked up often")


def data_growth(scene: Scene) -> Event:
    """A limit is lost: more rows come back."""
    found = scene.candidates("list", "join", least_calls=6)
    group, x = scene.pick([found[i : i + 1] for i in range(len(found))], 5, 60)

    def act(e: Effects, _: float) -> None:
        e.rows[group] *= x
        e.work[group] *= 1 + (x - 1) * 0.6

    return _fault(scene, "data_growth", act, group, f"x{x:.1f} rows", "a LIMIT is lost")


def wal_storm(scene: Scene) -> Event:
    """A payload grows: the same statements write far more."""
    found = scene.candidates("insert", "update", least_calls=6)
    wal = scene.workload.column("wal") * scene.calls
    group, x = scene.pick(_by_table(scene, found, 2), 15, 150, np.asarray(0.2 * wal / wal.sum()))

    def act(e: Effects, _: float) -> None:
        e.wal[group] *= x

    return _fault(scene, "wal_storm", act, group, f"x{x:.0f} WAL", "a payload grows")


def traffic_drop(scene: Scene) -> Event:
    """A part of the application stops."""
    w = scene.workload
    seconds = scene.windows * w.profile.real_window_s
    fit = [
        f
        for f in w.flows_of_kind("page", "poll")
        if w.flows[f].rate * seconds >= 25 * scene.windows and w.flows[f].role >= 0
    ]
    if not fit:
        fit = sorted(w.flows_of_kind("page"), key=lambda f: -w.flows[f].rate)[:3]
    some = scene.rng.choice(fit, min(len(fit), int(scene.rng.integers(1, 4))), replace=False)
    to = float(scene.rng.choice([0.0, 0.0, 0.05, 0.1]))
    shared = np.bincount(w.edge_statement, minlength=len(w.statements)) > 1
    hit = sorted({s for f in some for s, _ in w.flows[f].steps if not shared[s]})

    def act(e: Effects, _: float) -> None:
        e.flows[some] *= to

    return _fault(scene, "traffic_drop", act, np.array(hit), f"to {to:.0%}", "a part of the application stops")


def host_slowdown(scene: Scene) -> Event:
    """A neighbour takes the processors."""
    x = float(scene.rng.uniform(1.8, 4.0))

    def act(e: Effects, _: float) -> None:
        e.host *= x

    return _fault(scene, "host_slowdown", act, np.empty(0, np.int64), f"x{x:.1f}", "a noisy neighbour")


def slow_drift(scene: Scene) -> Event:
    """A list of ids, or a scanned table, grows with every window."""
    found = scene.candidates("list", "join", "aggregate", "point", least_calls=20)
    group, x = scene.pick(_by_table(scene, found, 2), 5, 30)

    def act(e: Effects, progress: float) -> None:
        e.work[group] *= 1 + (x - 1) * progress
        e.rows[group] *= 1 + (x - 1) * progress * 0.5

    return _fault(scene, "slow_drift", act, group, f"x1 to x{x:.1f}", "grows with every window")


def out_of_schedule_batch(scene: Scene) -> Event:
    """Work of the night is done by day."""
    w = scene.workload
    seconds = w.profile.real_window_s
    flows = w.flows_of_kind("job")
    load_ms = float((scene.calls * scene.ms).sum())
    cost = np.array([sum(scene.ms[s] for s, _ in w.flows[f].steps) for f in flows])
    runs = np.array([max(1.0, w.flows[f].rate * seconds * w.flows[f].period / w.flows[f].length) for f in flows])
    rare = np.array([w.flows[f].period >= 4 * scene.windows for f in flows])
    added = cost * runs / seconds / load_ms
    order = np.argsort(-(np.minimum(added, 0.5) + rare))
    chosen = int(order[int(scene.rng.integers(0, min(2, len(order))))])
    flow = int(flows[chosen])
    times = float(max(runs[chosen], np.ceil(0.05 * load_ms * seconds / cost[chosen])))

    def act(e: Effects, _: float) -> None:
        e.jobs[flow] += times

    hit = np.array([s for s, _ in w.flows[flow].steps])
    return _fault(scene, "out_of_schedule_batch", act, hit, f"{times:.0f} a window", "a batch out of its hours")


FAULTS: tuple[Callable[[Scene], Event], ...] = (
    missing_index, plan_flip, lock_contention, bloat, temp_spill, cold_cache, n_plus_one, traffic_surge, retry_storm,
    new_heavy_query, data_skew, data_growth, wal_storm, traffic_drop, host_slowdown, slow_drift, out_of_schedule_batch,
)  # fmt: skip


def more_io(scene: Scene) -> Event:
    """What a table's statements look at no longer stays in the cache: they read more, and touch no more."""
    miss = scene.workload.column("miss")
    found = [i for i in scene.candidates("list", "join", "aggregate", "report", least_calls=4) if miss[i] >= 0.002]
    reads_ms = scene.calls * scene.workload.column("blocks") * miss * 0.1
    groups = _by_table(scene, np.array(found, dtype=np.int64), 4)
    group, x = scene.pick(groups, 4, 60, np.asarray(reads_ms / float((scene.calls * scene.ms).sum())))

    def act(e: Effects, _: float) -> None:
        e.misses[group] *= x

    return _fault(scene, "more_io", act, group, f"x{x:.1f} reads", "a table no longer stays in the cache")


def saturation(scene: Scene) -> Event:
    """So much traffic of some roles that the processors are full, and everything is slower."""
    w = scene.workload
    load_ms = float((scene.calls * scene.ms).sum())
    full_ms = w.profile.cores * 1000 * float(scene.rng.uniform(1.3, 2.6))
    pages = w.flows_of_kind("page", "report")
    ms = np.array(
        [scene.calls[[s for s, _ in w.flows[f].steps]] @ scene.ms[[s for s, _ in w.flows[f].steps]] for f in pages]
    )
    some = pages[np.argsort(-ms)[: max(1, len(pages) // int(scene.rng.integers(2, 6)))]]
    x = 1 + (full_ms - load_ms) / max(float(np.sort(ms)[-len(some) :].sum()), 1e-9)

    def act(e: Effects, _: float) -> None:
        e.flows[some] *= x

    hit = np.array(sorted({s for f in some for s, _ in w.flows[f].steps}))
    return _fault(scene, "saturation", act, hit, f"x{x:.1f} calls", "the processors are full")


def unexplained(scene: Scene) -> Event:
    """Some statements take longer, and nothing that the server shows says why."""
    found = scene.candidates("point", "list", "join", "aggregate", "update", "insert", least_calls=6)
    group, x = scene.pick(_by_role(scene, found, 3), 3, 40, scene.share)
    share = float(scene.rng.uniform(0.6, 1.0))

    def act(e: Effects, _: float) -> None:
        e.waiting_share[group] = share
        e.wait_ms[group] = scene.ms[group] * (x - 1) / share

    return _fault(scene, "unexplained", act, group, f"x{x:.1f}", "slower for no reason that shows")


def plan_flip_in_memory(scene: Scene) -> Event:
    """The planner errs, and the worse plan looks at the same blocks again and again without asking for them anew."""
    found = scene.candidates("join", "list", "aggregate", "report", least_calls=4)
    group, x = scene.pick(_by_role(scene, found, 2), 2.5, 60)
    touches = float(scene.rng.uniform(0.0, 0.3))

    def act(e: Effects, _: float) -> None:
        e.work[group] *= x**touches
        e.pace[group] *= x ** (1 - touches)

    return _fault(scene, "plan_flip", act, group, f"x{x:.1f} time", "a worse plan is taken, at the expense of the CPU")


def data_skew_in_blocks(scene: Scene) -> Event:
    """One owner has far more rows than others, side by side in few blocks, and they are counted, not returned."""
    found = scene.candidates("point", "aggregate", "join", least_calls=10)
    group, x = scene.pick(_by_table(scene, found, 3), 4, 60)
    dense = float(scene.rng.uniform(0.2, 0.6))
    returned = float(scene.rng.choice([0.0, 0.0, 0.3]))

    def act(e: Effects, _: float) -> None:
        e.work[group] *= x**dense
        e.rows[group] *= x**returned
        e.pace[group] *= x ** (1 - dense)

    return _fault(scene, "data_skew", act, group, f"x{x:.1f} time", "one owner with very many rows, in few blocks")


def missing_index_scanned(scene: Scene) -> Event:
    """An index is gone: whoever needs it reads the whole table, one call like the other."""
    w, rng = scene.workload, scene.rng
    found = scene.candidates("point", "list", "update", "delete", least_calls=4)
    size = np.array([w.table_blocks[s.tables[0]] if s.tables else 0.0 for s in w.statements])
    x = np.maximum(size * rng.uniform(0.7, 1.1) / np.maximum(w.column("blocks"), 1), 1)
    lost = scene.share * scene.block_share * (x - 1)
    groups = [g[x[g] > 3] for g in _by_table(scene, found, 4)]
    fit = [g for g in groups if len(g) and 0.008 <= float(lost[g].sum()) <= 2.0]
    if not fit:
        raise NoTargetError
    group = fit[int(rng.integers(0, len(fit)))]
    pace, alike, misses = (float(rng.uniform(*between)) for between in ((0.7, 2), (0.15, 0.6), (1, 3)))

    def act(e: Effects, _: float) -> None:
        e.work[group] *= x[group]
        e.pace[group] *= pace
        e.cv[group] *= alike
        e.misses[group] *= misses

    return _fault(scene, "missing_index", act, group, f"x{x[group].max():.0f}", "an index is dropped: scans")


def plan_flip_join(scene: Scene) -> Event:
    """One kind of join is no longer to be had: what it joins is gone through as a whole, and perhaps hashed."""
    found = scene.candidates("join", "report", "aggregate", least_calls=4)
    group, x = scene.pick(_by_role(scene, found, 3), 2, 25)
    own = np.exp(scene.rng.normal(0, 0.5, len(group)))
    spills = np.where(scene.rng.random(len(group)) < 0.2, scene.log_uniform(20, 300), 0.0)
    pace = float(scene.rng.uniform(0.6, 2.5))

    def act(e: Effects, _: float) -> None:
        e.work[group] *= 1 + (x - 1) * own
        e.pace[group] *= pace
        e.temp[group] += spills
        e.cv[group] *= 0.5

    return _fault(scene, "plan_flip", act, group, f"x{x:.1f}", "another join is taken")


def heavy_bloat(scene: Scene) -> Event:
    """Rows of a small table that change all the time pile up: who goes through it meets nothing but dead ones."""
    found = scene.candidates("list", "aggregate", "join", "update", "point", least_calls=4)
    group, x = scene.pick(_by_table(scene, _changed(scene, found), 12), 8, 80)
    kind = [scene.workload.statements[int(i)].kind for i in group]
    own = np.array([1.0 if k in ("list", "aggregate", "join") else scene.rng.uniform(0.1, 0.6) for k in kind])
    fast = float(scene.rng.uniform(2, 12))

    def act(e: Effects, progress: float) -> None:
        e.work[group] *= 1 + (x - 1) * own * min(1.0, 0.15 + fast * progress)

    return _fault(scene, "bloat", act, group, f"x{x:.1f}", "dead rows pile up in a small table")


def _changed(scene: Scene, found: I8) -> I8:
    """Return those of the statements whose table is updated or deleted from all the time."""
    w = scene.workload
    changing = [
        i for i in w.of_kind("update", "delete") if scene.calls[i] * scene.windows * w.profile.real_window_s > 5
    ]
    tables = {t for i in changing for t in w.statements[int(i)].tables}
    return np.array([i for i in found if set(w.statements[int(i)].tables[:1]) & tables], dtype=np.int64)


def data_skew_of_one(scene: Scene) -> Event:
    """One owner has very many rows: calls for it need far more, all others what they always did."""
    found = scene.candidates("point", "list", "join", "aggregate", least_calls=12)
    group, x = scene.pick(_by_table(scene, found, 3), 2, 50)
    share = scene.log_uniform(max(0.02, (x - 1) / 500), 0.6)
    heavy = 1 + (x - 1) / share
    dense, returned = float(scene.rng.choice([1.0, scene.rng.uniform(0.3, 1)])), scene.rng.choice([0.0, 0.0, 0.5, 1.0])

    def act(e: Effects, _: float) -> None:
        e.owner_share[group] = share
        e.owner_work[group] = heavy**dense
        e.owner_rows[group] = heavy ** float(returned)
        e.owner_pace[group] = heavy ** (1 - dense)

    return _fault(scene, "data_skew", act, group, f"x{x:.1f}", f"{share:.0%} of the calls ask for one owner")


def page_surge(scene: Scene) -> Event:
    """Somebody scrapes a page: all that it asks for is asked for more often."""
    w = scene.workload
    seconds = scene.windows * w.profile.real_window_s
    pages = [f for f in w.flows_of_kind("page") if w.flows[f].rate * seconds >= 15]
    words = ("begin", "commit", "rollback")
    own = [np.unique([s for s, _ in w.flows[f].steps if w.statements[s].kind not in words]) for f in pages]
    group, x = scene.pick(own, 6, 60, _calls_weight(scene))
    page = next(f for f, statements in zip(pages, own, strict=True) if statements is group)

    def act(e: Effects, _: float) -> None:
        e.flows[page] *= x

    return _fault(scene, "traffic_surge", act, group, f"x{x:.1f} calls", "somebody scrapes a page")


def retry_storm_of_transactions(scene: Scene) -> Event:
    """A transaction fails and is begun again at once: what comes before the failure, and nothing but ROLLBACK after."""
    w, rng = scene.workload, scene.rng
    seconds = scene.windows * w.profile.real_window_s
    fit = [f for f in w.flows_of_kind("failure") if w.flows[w.flows[f].phase].rate * seconds >= 15]
    before = {f: np.array([s for s, _ in w.flows[f].steps[1:-1]]) for f in fit}
    group, x = scene.pick(list(before.values()), 4, 40, _calls_weight(scene))
    flow = next(f for f in fit if before[f] is group)
    page = w.flows[flow].phase
    share = float(rng.uniform(0.4, 1.0))

    def act(e: Effects, _: float) -> None:
        e.flows[page] *= 1 - share
        e.started[flow] = w.flows[page].rate * share * x

    after = [s for s, _ in w.flows[page].steps if w.statements[s].kind not in ("begin", "commit", "rollback")]
    note = "a transaction fails and is tried again"
    return _fault(scene, "retry_storm", act, np.unique([*group, *after]), f"x{x:.1f} calls", note)


def cpu_taken(scene: Scene) -> Event:
    """Another program computes: a scheduler puts off who computes long, again and again, and lets short calls pass."""
    slice_ms = scene.log_uniform(0.3, 6)
    long = scene.share[scene.ms > slice_ms].sum()
    if long < 0.2:
        raise NoTargetError
    x, uneven = float(scene.rng.uniform(1.0, 5.0)), float(scene.rng.uniform(1.0, 2.0))

    def act(e: Effects, _: float) -> None:
        e.crowding, e.slice_ms = x, slice_ms
        e.cv *= uneven

    nobody = np.empty(0, np.int64)
    return _fault(scene, "host_slowdown", act, nobody, f"x{1 + x:.1f}", f"processors taken every {slice_ms:.1f} ms")


def drop_amid_rise(scene: Scene) -> Event:
    """A page is taken away, and its visitors go to others."""
    w = scene.workload
    seconds = scene.windows * w.profile.real_window_s
    pages = [f for f in w.flows_of_kind("page") if w.flows[f].rate * seconds >= 15 * scene.windows]
    shared = np.bincount(w.edge_statement, minlength=len(w.statements)) > 1
    own = {f: [s for s, _ in w.flows[f].steps if not shared[s]] for f in pages}
    fit = [f for f in pages if own[f] and any(w.flows[o].role == w.flows[f].role and o != f for o in pages)]
    if not fit:
        raise NoTargetError
    gone = int(scene.rng.choice(fit))
    others = [f for f in pages if f != gone and w.flows[f].role == w.flows[gone].role]
    some = scene.rng.choice(others, min(len(others), int(scene.rng.integers(1, 4))), replace=False)
    x, to = scene.log_uniform(1.5, 5), float(scene.rng.choice([0.0, 0.1]))

    def act(e: Effects, _: float) -> None:
        e.flows[gone] *= to
        e.flows[some] *= x

    hit = np.array(sorted(own[gone]))
    return _fault(scene, "traffic_drop", act, hit, f"to {to:.0%}", f"a page stops, others are asked x{x:.1f}")


MORE_FAULTS: tuple[Callable[[Scene], Event], ...] = (
    more_io, saturation, unexplained, plan_flip_in_memory, data_skew_in_blocks, missing_index_scanned, plan_flip_join,
    heavy_bloat, data_skew_of_one, retry_storm_of_transactions, page_surge,
    cpu_taken, drop_amid_rise,
)  # fmt: skip
"""What recordings for grading do not have: for learning to tell causes apart."""
