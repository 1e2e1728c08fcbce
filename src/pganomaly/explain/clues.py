"""
The clues by which causes are told apart: one number each, about 1 where it is plain to see, 0 where there is nothing.

What concerns statements is averaged over the members of an incident, each counted by what it wants beyond the usual.
NaN is "cannot say": such a clue speaks neither for nor against any cause.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from math import isfinite, log, nan

import numpy as np

from pganomaly.explain.cases import LEAST_WEIGHT, Case
from pganomaly.explain.sums import BLOCKS, CALLS, DIRTIED, EXEC, PACE, PLAN, READS, ROWS, TEMP, WAL, Tally
from pganomaly.records import IncidentKind, Shape, Shapes

PLAIN = log(8.0)
"""A residual of eight times the usual is plain to see."""
FAR_MORE = log(12.0)
MOST = 1.5
SEEN = log(2.0)
"""A statement's calls are more, or fewer, from twice the usual on."""
SOME = 0.2
"""A share of others that is some."""
ONE_ROW = 1.05
ALIKE = 0.3
"""Deviation of logarithms that is hardly one."""
PLAINLY = log(1.4)
"""Beyond what all statements share, from which on those that take as long have something of their own in common."""
TREND_WINDOWS = 6
"""Windows that it takes to see a trend."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What clues are looked for in: a case, and what is known of texts."""

    case: Case
    shapes: Shapes

    def mean(self, of: Callable[[Tally], float]) -> float:
        """Return a figure of the members, averaged by what they want beyond the usual; NaN where none has it."""
        found = [(of(m), m.score + LEAST_WEIGHT) for m in self.case.members]
        known = [(figure, weight) for figure, weight in found if isfinite(figure)]
        total = sum(weight for _, weight in known)
        return sum(figure * weight for figure, weight in known) / total if total else nan

    def around(self, name: str, scale: float = 1.0) -> float:
        """Return a figure of the surroundings, NaN where no window told it."""
        mean = self.case.around.get(name)
        return float(np.clip(mean.value / scale, -0.5, MOST)) if mean is not None else nan

    def shape(self, tally: Tally) -> Shape | None:
        """Return what is known of a member's text."""
        return self.shapes.by_key.get(tally.key)


@dataclass(frozen=True, slots=True)
class Telling:
    """A clue: its name, how it is seen, and what it is, for whoever reads the table of weights."""

    name: str
    seen: Callable[[Sight], float]
    says: str


def seen(case: Case, shapes: Shapes) -> dict[str, float]:
    """Return every clue of a case."""
    sight = Sight(case, shapes)
    return {clue.name: clue.seen(sight) for clue in CLUES}


def plain(residual: float) -> float:
    """Return how plain a residual is to see."""
    return float(np.clip(residual / PLAIN, 0.0, MOST))


def _up(channel: str) -> Callable[[Sight], float]:
    return lambda s: s.mean(lambda t: plain(t.r(channel)))


def _beyond(channel: str, other: str) -> Callable[[Sight], float]:
    """Return a clue that is plain where a channel rose, and rose more than another one did."""
    return lambda s: s.mean(lambda t: plain(t.r(channel) - max(t.r(other), 0.0)))


def _share(of: Callable[[Tally], bool]) -> Callable[[Sight], float]:
    return lambda s: s.mean(lambda t: float(of(t)))


def _kind(kind: IncidentKind) -> Callable[[Sight], float]:
    return _share(lambda t: t.kind is kind)


def _text(of: Callable[[Shape], bool]) -> Callable[[Sight], float]:
    def known(s: Sight, tally: Tally) -> float:
        shape = s.shape(tally)
        return nan if shape is None else float(of(shape))

    return lambda s: s.mean(lambda t: known(s, t))


def _around(name: str, scale: float = 1.0) -> Callable[[Sight], float]:
    return lambda s: s.around(name, scale)


def _far_more(tally: Tally) -> float:
    return float(np.clip(tally.r(BLOCKS) / FAR_MORE - 1.0, 0.0, MOST))


def _shared(s: Sight) -> float:
    """Return by how much a piece of work takes longer for all, or plainly longer for those that take as long."""
    of_all, of_fellows = (mean.value if mean else nan for mean in map(s.case.around.get, ("pace", "fellows")))
    return of_fellows if isfinite(of_fellows) and not of_fellows < of_all + PLAINLY else of_all


def _crowd_slow(s: Sight) -> float:
    return float(np.clip(_shared(s) / log(2.0), -0.5, MOST))


def _pace(s: Sight) -> float:
    shared = _shared(s)
    return s.mean(lambda t: plain(t.r(PACE) - (shared if isfinite(shared) else 0.0)))


def _trend(s: Sight) -> float:
    known = [level for level in s.case.levels if isfinite(level)]
    if len(known) < TREND_WINDOWS:
        return nan
    third = len(known) // 3
    return float(np.clip((np.mean(known[-third:]) - np.mean(known[:third])) / log(4.0), -1.0, MOST))


def _spread(s: Sight) -> float:
    return s.mean(lambda t: float(np.clip(t.cv_rise / t.cv_weight / log(4.0), -1, 1)) if t.cv_weight else nan)


def _largest(things: Iterable[Iterable[Hashable]]) -> float:
    """Return the share of the members that have the commonest thing; NaN where fewer than two have any."""
    those = [set(some) for some in things]
    count = Counter(thing for some in those for thing in some)
    return max(count.values()) / len(those) if len(those) > 1 else nan


def _one_table(s: Sight) -> float:
    named = ((t.key.dbid, s.shape(t)) for t in s.case.members)
    return _largest({(dbid, table) for table in shape.tables} for dbid, shape in named if shape and shape.tables)


def _one_role(s: Sight) -> float:
    return _largest({(t.key.dbid, t.key.userid)} for t in s.case.members)


def _more(s: Sight) -> int:
    """Return how many statements are called more: members, or those that go with the one that rose most."""
    members = sum(t.calls_residual > SEEN for t in s.case.members)
    return max(members, s.case.trail.company if s.case.trail is not None else 0)


def _up_and_down(s: Sight) -> float:
    return float(_more(s) > 0 and any(t.calls_residual < -SEEN for t in s.case.members))


def _instead(s: Sight) -> float:
    return _kind(IncidentKind.SILENCE)(s) * s.around("others_up", SOME)


def _settled(s: Sight) -> float:
    return s.mean(lambda t: plain(t.r(CALLS))) * (1.0 - max(s.around("tried"), 0.0))


def _single(tally: Tally) -> float:
    return float(tally.sum(ROWS).value <= ONE_ROW) if tally.sum(ROWS).calls else nan


def _levelled(s: Sight) -> float:
    """Return 1 where members touch equally many blocks now that they did not before, -1 where all rose alike."""
    rose = [t for t in s.case.members if t.r(BLOCKS) > SEEN and t.sum(BLOCKS).value > 0]
    if not rose:
        return 0.0
    now, by = float(np.std([log(t.sum(BLOCKS).value) for t in rose])), float(np.std([t.r(BLOCKS) for t in rose]))
    return (by - now) / (by + now + ALIKE)


def _several(number: int, plenty: float) -> float:
    return min(log(max(number, 1)) / log(plenty), MOST)


def _one_by_one(s: Sight) -> float:
    return _text(_looks_up)(s) * float(_more(s) == 1)


def _follows(s: Sight) -> float:
    return s.case.trail.follows if s.case.trail is not None else nan


def _complex(shape: Shape) -> bool:
    words = shape.lexical
    return words.num_joins + words.num_group_by + words.num_subqueries > 0


def _looks_up(shape: Shape) -> bool:
    words = shape.lexical
    sought = shape.verb == "SELECT" and len(shape.tables) == 1 and words.num_where == 1
    return sought and not _complex(shape) and words.num_order_by == 0


CLUES: tuple[Telling, ...] = (
    Telling("calls_up", _up(CALLS), "more calls than expected"),
    Telling("calls_down", lambda s: s.mean(lambda t: plain(-t.r(CALLS))), "fewer calls than expected"),
    Telling("rows_up", _up(ROWS), "more rows per call"),
    Telling("blocks_up", _up(BLOCKS), "more blocks touched per call"),
    Telling("far_more_blocks", lambda s: s.mean(_far_more), "more than twelve times the blocks"),
    Telling("only_blocks", _beyond(BLOCKS, ROWS), "blocks touched rose more than rows did"),
    Telling("reads_up", _up(READS), "more blocks read from outside the cache per call"),
    Telling("only_reads", _beyond(READS, BLOCKS), "blocks read rose more than blocks touched did"),
    Telling("temp_up", _up(TEMP), "more temporary blocks per call"),
    Telling("wal_up", _up(WAL), "more write-ahead log per call"),
    Telling("dirtied_up", _up(DIRTIED), "more blocks changed per call"),
    Telling("pace_up", _pace, "a piece of work takes longer, beyond what others share"),
    Telling("plan_up", _up(PLAN), "planning takes longer"),
    Telling("exec_up", _up(EXEC), "a call takes longer"),
    Telling("new", _share(lambda t: t.new), "share without history"),
    Telling("untimely", _share(lambda t: t.untimely), "share that runs outside its hours"),
    Telling("seldom", lambda s: s.mean(lambda t: 1.0 - t.regular), "share of the last windows in which it did not run"),
    Telling("locked", lambda s: s.mean(lambda t: t.locked / t.seen if t.seen else nan), "at work, seen before a lock"),
    Telling("reading", lambda s: s.mean(lambda t: t.reading / t.seen if t.seen else nan), "at work, seen reading"),
    Telling("crowd_slow", _crowd_slow, "time per work of all statements rose, or of those that take as long"),
    Telling("load", _around("load", log(3.0)), "the server's time is more than its calls usually take"),
    Telling("crowd_reads", _around("reads", PLAIN), "the server reads more"),
    Telling("reads_breadth", _around("breadth"), "share of all statements that read twice as much"),
    Telling("commits", _around("commits", PLAIN), "commits take longer"),
    Telling("committing", _around("committing"), "share of working sessions that wait for the log or a standby"),
    Telling("others_up", _around("others_up"), "share of the same roles' other statements with twice the calls"),
    Telling("others_down", _around("others_down"), "share of the same roles' other statements with half the calls"),
    Telling("mates", _around("mates"), "share of other statements on the same tables that do more work, too"),
    Telling("changed", _around("changed"), "others update the same tables, or delete from them"),
    Telling("unfinished", _around("unfinished", log(4.0)), "the same roles' transactions are begun, and not committed"),
    Telling("begun", _around("begun", log(4.0)), "the same roles begin more transactions"),
    Telling("rolled_back", _around("rolled_back", log(4.0)), "the same roles' transactions are rolled back"),
    Telling("tried", _around("tried"), "share of its calls beyond the usual that are in transactions never committed"),
    Telling("settled", _settled, "called more, and no more transactions than usual remain without a commit"),
    Telling("instead", _instead, "it fell silent while others of the same roles are called more often"),
    Telling("single", lambda s: s.mean(_single), "share whose calls return one row or none"),
    Telling("levelled", _levelled, "its statements touch equally many blocks now; below 0: all rose alike"),
    Telling("members", lambda s: _several(len(s.case.members), 8.0), "number of statements in the incident"),
    Telling("one_table", _one_table, "share of its statements that name one table"),
    Telling("one_role", _one_role, "share of its statements that belong to one role"),
    Telling("up_and_down", _up_and_down, "some of its statements are called more, others less"),
    Telling(
        "many_up", lambda s: _several(_more(s), 4.0), "number of statements that are called more, as many go together"
    ),
    Telling("growth", lambda s: float(np.maximum(_trend(s), 0.0)), "it becomes worse with every window"),
    Telling("fade", lambda s: float(np.maximum(-_trend(s), 0.0)), "it passes away by itself, little by little"),
    Telling("cv_rise", _spread, "calls differ among themselves more than they did"),
    Telling("writes", _text(lambda shape: shape.lexical.has_write), "share that writes"),
    Telling("joins", _text(_complex), "share that joins or groups"),
    Telling("lookup", _text(_looks_up), "share that looks something up in one table, and does not sort"),
    Telling("one_by_one", _one_by_one, "a single statement is called more, and it looks something up"),
    Telling("follows", _follows, "the one called more is called so many times for each call, or row, of another one"),
    Telling("host", _kind(IncidentKind.HOST), "slow with the whole server"),
    Telling("silent", _kind(IncidentKind.SILENCE), "told by missing calls"),
    Telling("latency", _kind(IncidentKind.LATENCY), "told by its time"),
    Telling("working", _kind(IncidentKind.WORK), "told by its work"),
    Telling("traffic", _kind(IncidentKind.TRAFFIC), "told by its calls"),
    Telling("waiting", _kind(IncidentKind.WAITING), "told by waiting"),
    Telling("new_heavy", _kind(IncidentKind.NEW_HEAVY), "told by being new and heavy"),
)
