"""
What is remembered of an open incident while it lasts, so that its causes can be revised with every window.

in    the cases before a window, the incidents open after it, what the judge made of it, who was at work meanwhile
out   the cases after it, one per open incident
not   no opinion on causes: likelihood.py
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import nan

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from pganomaly.explain import following
from pganomaly.explain.confirmation import Shown
from pganomaly.explain.fellows import of_fellows
from pganomaly.explain.following import Trail
from pganomaly.explain.sums import BLOCKS, EXEC, ROWS, Looked, Tally, followed
from pganomaly.explain.surroundings import (
    Mean,
    added,
    looked_at,
    of_neighbours,
    of_server,
    of_tables,
    of_transactions,
)
from pganomaly.records import (
    Activity,
    Incident,
    Key,
    Matrix,
    Member,
    Scores,
    Shapes,
    keys_of,
    locate,
)

FOLLOWED = 12
"""Members that are followed, the likeliest culprits first: causes are judged by them."""
MOST_LEVELS = 40
"""Windows that a trend is looked for in."""
TABLES_WITHIN = 4
"""Windows in which others on the same tables are looked at: that goes through all statements."""
MOST_BLOCKERS = 5
LEAST_WEIGHT = 1e-3
"""What a member counts that wants no more than usual."""


@dataclass(frozen=True, slots=True)
class Case:
    """
    One open incident.

    windows   judged since it began
    around    what the rest of the server did meanwhile (surroundings.py)
    levels    how far its members were from the usual, window by window, the newest last
    blockers  statements of sessions that others wait for, with the samples that saw it
    signs     what the server showed when it was asked (confirmation.py)
    trail     whom the member follows that is called more often (following.py)
    """

    incident_id: str
    since: datetime
    windows: int = 0
    members: tuple[Tally, ...] = ()
    around: Mapping[str, Mean] = field(default_factory=dict)
    levels: tuple[float, ...] = ()
    blockers: tuple[tuple[Key, int], ...] = ()
    signs: tuple[Shown, ...] = ()
    trail: Trail | None = None

    @property
    def lead(self) -> Tally | None:
        """The likeliest culprit."""
        return self.members[0] if self.members else None


_CASES = TypeAdapter(tuple[Case, ...], config=ConfigDict(ser_json_inf_nan="constants"))


def dumps(cases: tuple[Case, ...]) -> str:
    """Return cases as JSON."""
    return _CASES.dump_json(cases).decode()


def loads(text: str) -> tuple[Case, ...]:
    """Return the cases that dumps() was called on."""
    return _CASES.validate_json(text)


def follow(
    cases: Iterable[Case],
    incidents: Iterable[Incident],
    scores: Scores,
    matrix: Matrix,
    *,
    activity: tuple[Activity, ...] = (),
    shapes: Shapes,
) -> tuple[Case, ...]:
    """Return a case per open incident after a window; nothing is added by one that shows nothing of it."""
    known = {case.incident_id: case for case in cases}
    opened = [(known.get(i.incident_id, Case(i.incident_id, i.onset)), i) for i in incidents]
    if not opened or scores.window.quality.silent:
        return tuple(case for case, _ in opened)
    seen = looked_at(activity)
    server = of_server(scores, matrix, activity, shapes)
    return tuple(
        _after(case, i.ranked[:FOLLOWED], scores, matrix, shapes, activity, server, seen) if _shows(i, scores) else case
        for case, i in opened
    )


def _shows(incident: Incident, scores: Scores) -> bool:
    """Return whether a window shows what an incident is about: calm ones say nothing of its causes."""
    return any(m.still and m.seen_at == scores.window.end for m in incident.members)


def _after(
    case: Case,
    members: tuple[Member, ...],
    scores: Scores,
    matrix: Matrix,
    shapes: Shapes,
    activity: tuple[Activity, ...],
    server: Mapping[str, float],
    seen: Mapping[Key, Looked],
) -> Case:
    known, keys = {t.key: t for t in case.members}, keys_of(m.key for m in members)
    ran = locate(keys, scores.keys)
    silent = locate(keys, scores.silent.keys) if scores.silent is not None else np.full(len(keys), -1)
    tallies = tuple(
        followed(
            known.get(m.key, Tally(m.key, m.kind, m.score)), m, scores, (int(r), int(s)), seen.get(m.key, Looked())
        )
        for m, r, s in zip(members, ran, silent, strict=True)
    )
    weighed = [(m.key, m.score + LEAST_WEIGHT) for m in members]
    around = {
        **server,
        **of_fellows(scores, matrix, weighed),
        **of_neighbours(scores, matrix, weighed),
        **of_transactions(scores, shapes, [m.key for m in members]),
    }
    if case.windows < TABLES_WITHIN:
        around |= of_tables(scores, shapes, [m.key for m in members])
    return replace(
        case,
        windows=case.windows + 1,
        members=tallies,
        around=added(case.around, around),
        trail=following.after(case.trail, scores, matrix, [m.key for m in members]),
        levels=(*case.levels, _level(tallies, scores, ran))[-MOST_LEVELS:],
        blockers=_blockers(case.blockers, [m.key for m in members], activity),
    )


def _level(members: tuple[Tally, ...], scores: Scores, columns: NDArray[np.intp]) -> float:
    """Return how far the calls of the members are from the usual in this window, the dearest first; NaN: none ran."""
    rows = [row for row, name in enumerate(scores.channels) if name in (EXEC, BLOCKS, ROWS)]
    ran = columns >= 0
    if not ran.any() or not rows:
        return nan
    far = np.fmax.reduce(scores.residual[rows][:, columns[ran]], axis=0)
    weight = np.where(np.isfinite(far), np.array([m.score for m in members])[ran] + LEAST_WEIGHT, 0.0)
    return float((np.nan_to_num(far) * weight).sum() / weight.sum()) if weight.any() else nan


def _blockers(
    before: tuple[tuple[Key, int], ...], members: list[Key], activity: tuple[Activity, ...]
) -> tuple[tuple[Key, int], ...]:
    """Return the statements of sessions that members wait for: those at the head of a queue, most often seen first."""
    found, queries = dict[Key, int](), {(key.dbid, key.queryid) for key in members}
    moments: dict[datetime, dict[int, Activity]] = {}
    for a in activity:
        moments.setdefault(a.sampled_at, {})[a.pid] = a
    for sessions in moments.values():
        waiting = [a.pid for a in sessions.values() if a.blocked_by and (a.dbid, a.query_id) in queries]
        for head in (sessions[pid] for pid in _heads(waiting, sessions)):
            if head.dbid is not None and head.userid is not None and head.query_id is not None:
                key = Key(head.dbid, head.userid, head.query_id)
                found[key] = found.get(key, 0) + 1
    return with_blockers(before, found)


def with_blockers(before: tuple[tuple[Key, int], ...], seen: Mapping[Key, int]) -> tuple[tuple[Key, int], ...]:
    """Return blockers and what was seen of them now, most often seen first."""
    found = Counter(dict(before))
    found.update(seen)
    return tuple(found.most_common(MOST_BLOCKERS))


def _heads(waiting: Iterable[int], sessions: Mapping[int, Activity]) -> set[int]:
    """Return the sessions that wait for nobody, and that the *waiting* ones wait for, directly or not."""
    queue, seen = list(waiting), set[int]()
    while queue:
        pid = queue.pop()
        if pid in sessions and pid not in seen:
            seen.add(pid)
            queue.extend(sessions[pid].blocked_by)
    return {pid for pid in seen if not sessions[pid].blocked_by}
