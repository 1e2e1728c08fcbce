"""
Who did not run in a window but should have, or of whom something is still suspected.

in    the scene of the window
out   their Scores, None where nobody is missed
"""

import numpy as np

from pganomaly.detectors import evidence, gates, releases, spells, verdicts, waits
from pganomaly.detectors.channels import CALLS, COSTS, EXEC, ROWS
from pganomaly.detectors.evidence import Increments
from pganomaly.detectors.normals import Costs, Life, Traffic
from pganomaly.detectors.scene import Known, Scene, either, often, waiting_of
from pganomaly.detectors.supports import Suspicion
from pganomaly.records import Scores
from pganomaly.records.grid import F8

ABSENT_FADES = -0.3
"""Evidence that a window takes off which shows nothing of a statement that always runs; of others by how often they do:
evidence against them comes by the call, and is as old as the last of their calls."""
ABSENT_GAPS, MOST_ABSENT_WINDOWS = 3.0, 60.0
"""Whoever runs now and then is waited for, as long as three of its usual gaps take and no longer than so many windows;
after that it is well again, or gone."""


def score(scene: Scene) -> Scores | None:
    """Return the figures of statements that did not run but should have, or of which something is still suspected."""
    known, window, given, everyone = scene.known, scene.window, scene.given, scene.expected
    normals = known.normals
    waiting = waiting_of(given.seen, normals.keys, window.length_s)
    suspicion = Suspicion.of(normals.suspicion)
    late = _late(known, Traffic(*normals.traffic).regular, everyone.pace)
    absent = np.ones(len(normals), dtype=np.bool_)
    absent[scene.place[scene.place >= 0]] = False
    absent &= everyone.fewer | (everyone.down > 0) | (late > 0) | (suspicion.support > 0).any(axis=0) | (waiting > 0)
    if not absent.any() or window.quality.silent:
        return None
    what = everyone.at(absent.nonzero()[0])
    nobody, costs = np.zeros(len(what.calls)), Costs(*normals.costs[:, :, absent])
    life, traffic = Life(*normals.life[:, absent]), Traffic(*normals.traffic[:, absent])
    waiting = waiting[absent]
    trouble = verdicts.of_calls(what, nobody, costs.usual[EXEC])

    increments = Increments.nothing(len(nobody))
    taken = releases.calls_of_new(window, scene.life, known.windows + 1, normals.keys[absent], life.last_seen)
    increments.of_ratio(verdicts.TRAFFIC, np.where(np.isfinite(what.up), what.up, ABSENT_FADES))
    fewer = either(what.down, late[absent])
    increments.of_ratio(verdicts.SILENCE, releases.excused(fewer, what.calls, taken))
    before = Suspicion.of(normals.suspicion[:, absent])
    increments.of_distance(verdicts.WAITING, waits.distance(waiting, before.waits))
    _fading(increments, traffic.regular, known.windows - life.last_seen)
    missing = gates.of_calls(
        what.calls, costs.usual[EXEC], costs.usual[ROWS], window.length_s, scene.server, given.gate,
        missing=np.ones(len(nobody), dtype=np.bool_),
    )  # fmt: skip
    outcome = evidence.weighed(
        before._replace(waits=waits.learned(before.waits, waiting)),
        increments,
        np.where(waiting > 0, waiting / waits.MATERIAL_MS_PER_S, np.nan),
        missing.calls,
        height=given.height,
        early=given.early,
        weight=(life.windows, known.windows - life.since),
        often=often(traffic, life, window.length_s),
        judged=np.ones(len(nobody), dtype=np.bool_),
        cold=np.zeros(len(nobody), dtype=np.bool_),
    )
    blank = np.full((len(COSTS), len(nobody)), np.nan)
    return Scores(
        window=window,
        channels=(*COSTS, CALLS),
        keys=normals.keys[absent],
        value=np.vstack([blank, nobody]),
        usual=np.vstack([blank, what.calls / window.length_s]),
        residual=np.vstack([blank, what.residual]),
        spread=np.vstack([blank, what.spread]),
        z=np.vstack([blank, what.z]),
        surprise=trouble.surprise,
        kind=trouble.kind,
        odd=trouble.surprise > verdicts.BAR,
        calm=trouble.surprise < verdicts.CALM,
        newcomer=np.zeros(len(nobody), dtype=np.bool_),
        excess_ms=trouble.excess_ms,
        excess_share=gates.share_of(trouble.excess_ms, scene.server.exec_ms + float(trouble.excess_ms.sum())),
        steady=life.steady,
        strength=outcome.strength,
        family=outcome.family,
        alarm=outcome.alarm,
        still=outcome.still,
        shows=outcome.shows,
        demand=missing.demand + waiting / 1e3,
        impact=missing.calls,
        suspicion=outcome.suspicion.block(),
        untimely=np.zeros(len(nobody), dtype=np.bool_),
        regular=traffic.regular,
        passed=outcome.passed,
    )


def _fading(increments: Increments, regular: F8, away: F8) -> None:
    """Let what is suspected of the cost of calls fade, in place, of who has been *away* for so many windows."""
    gaps = ABSENT_GAPS / np.maximum(regular, ABSENT_GAPS / MOST_ABSENT_WINDOWS)
    for family in (verdicts.LATENCY, verdicts.WORKING, verdicts.NEW_HEAVY):
        increments.calm[family] = (away >= gaps) | (family == verdicts.NEW_HEAVY)
        increments.g[family] = ABSENT_FADES * (1.0 if family == verdicts.NEW_HEAVY else regular)


def _late(known: Known, regular: F8, pace: F8) -> F8:
    """Return the evidence that statements stay away longer than ever; NaN in the first day of each."""
    life = Life(*known.normals.life)
    whole_day = known.windows - life.since >= known.day_windows
    return np.where(whole_day, spells.missed(life.spells, regular, pace), np.nan)
