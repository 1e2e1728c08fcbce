"""What people do not want to hear of: releases, gradual growth, improvements, maintenance, and trouble of counting."""

from collections.abc import Callable

import numpy as np

from benchmarks.traffic.effects import Effects
from benchmarks.traffic.events import Act, Event, Kind, Scene, Special


def _benign(
    scene: Scene, cls: str, act: Act, note: str, *, stays: bool = False, special: Special | None = None
) -> Event:
    return Event(Kind.BENIGN, cls, scene.first, scene.last, act, "benign", note, stays=stays, special=special)


def _nothing(_: Effects, __: float) -> None:
    return


def deploy_new_queries(scene: Scene) -> Event:
    """A release brings cheap statements that stay."""
    w = scene.workload
    free = [int(f) for f in w.flows_of_kind("cheap") if int(f) not in scene.used]
    flows = free[: int(scene.rng.integers(3, 7))]
    scene.used.update(flows)
    load_ms = float((scene.calls * scene.ms).sum())
    rates = {f: scene.log_uniform(0.0005, 0.012) * load_ms / scene.ms[w.flows[f].steps[0][0]] for f in flows}
    most = 0.05 * float(scene.calls.sum())

    def act(e: Effects, _: float) -> None:
        for flow, rate in rates.items():
            e.started[flow] = min(rate, most)

    return _benign(scene, "deploy_new_queries", act, f"a release adds {len(flows)} cheap statements", stays=True)


def deploy_replaced(scene: Scene) -> Event:
    """A release writes a page's statements anew: the old texts stop, others of the same cost come in their place."""
    w = scene.workload
    twins = [int(f) for f in w.flows_of_kind("twin") if int(f) not in scene.used]
    if not twins:
        return deploy_new_queries(scene)
    twin = twins[0]
    scene.used.add(twin)
    old = w.flows[twin].phase

    def act(e: Effects, _: float) -> None:
        e.flows[old] = 0.0
        e.started[twin] = w.flows[old].rate

    return _benign(scene, "deploy_new_queries", act, "a release writes a page's statements anew", stays=True)


def traffic_rise(scene: Scene) -> Event:
    """All traffic rises, slowly, and comes back."""
    to = float(scene.rng.uniform(0.3, 0.7))

    def act(e: Effects, progress: float) -> None:
        e.flows *= 1 + to * float(np.sin(np.pi * progress))

    return _benign(scene, "traffic_rise", act, f"all traffic rises slowly to x{1 + to:.1f} and comes back")


def improvement(scene: Scene) -> Event:
    """Somebody creates an index: some statements are much cheaper from now on."""
    found = scene.candidates("list", "join", "aggregate", least_calls=20)
    group = scene.rng.choice(found, min(3, len(found)), replace=False)

    def act(e: Effects, _: float) -> None:
        e.work[group] *= 0.2

    return _benign(scene, "improvement", act, "an index makes some statements cheaper", stays=True)


def manual_maintenance(scene: Scene) -> Event:
    """VACUUM and ANALYZE by hand: a statement never seen, long, and reads beside it."""
    w = scene.workload
    free = [int(f) for f in w.flows_of_kind("maintenance") if int(f) not in scene.used]
    flows = free[:2]
    scene.used.update(flows)

    def act(e: Effects, _: float) -> None:
        e.jobs[flows] = 1
        e.misses *= 1.5

    return _benign(scene, "manual_maintenance", act, "VACUUM and ANALYZE by hand")


def stats_reset(scene: Scene) -> Event:
    """Somebody resets the statistics."""
    return _benign(scene, "stats_reset", _nothing, "pg_stat_statements_reset()", special=Special.RESET)


def missed_snapshot(scene: Scene) -> Event:
    """The collector misses a beat."""
    return _benign(scene, "missed_snapshot", _nothing, "a snapshot is missing", special=Special.MISSED)


def entry_eviction(scene: Scene) -> Event:
    """A tool sends texts that all differ and pushes others out."""
    p = scene.workload.profile
    a_window = int(np.ceil((p.entries_max - p.statements * 0.8) * 1.15 / scene.windows))

    def act(e: Effects, _: float) -> None:
        e.adhoc += a_window

    return _benign(scene, "entry_eviction", act, f"{a_window * scene.windows} distinct statements from a tool")


def restart(scene: Scene) -> Event:
    """The server is restarted, cleanly: counters are kept, the cache is cold. Graded neither way."""

    def act(e: Effects, progress: float) -> None:
        e.misses *= 1 + 40 * (1 - progress)

    return Event(Kind.DONT_CARE, "restart", scene.first, scene.last, act, "benign", "clean restart, counters kept")


BENIGN: tuple[tuple[Callable[[Scene], Event], int], ...] = (
    (deploy_new_queries, 20), (deploy_replaced, 20), (traffic_rise, 100), (improvement, 20), (manual_maintenance, 1),
    (stats_reset, 1), (missed_snapshot, 2), (entry_eviction, 8), (restart, 4), (deploy_replaced, 20),
)  # fmt: skip
"""Each with the windows that it lasts."""
