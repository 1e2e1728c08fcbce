"""The order of the steps: live in one go, or table by table, a window means the same."""

from dataclasses import replace

from pganomaly import deltas, features, pipeline
from pganomaly.detectors import Forest
from pganomaly.messages import speaker
from pganomaly.pipeline import Judgement, Memory, Rules
from pganomaly.records import (
    Change,
    ChangeKind,
    Evidence,
    IncidentKind,
    Key,
    Member,
    Message,
    Reading,
    Text,
    TextState,
)
from pganomaly.records.evidence import Backend, Chain, Setting
from tests.builders import at, key, reset, snapshot

RULES = Rules(baseline_windows=5, day_windows=1440.0)
SLOW, QUICK, NEW = key(1), key(2), key(3)
NOTHING = Forest.untrained()


def counted(calls: float, ms: float) -> dict[str, float]:
    """Counters after so many calls of so many milliseconds."""
    return {
        "calls": calls, "total_exec_time": calls * ms, "min_exec_time": ms / 2,
        "max_exec_time": ms * 2, "stddev_exec_time": ms / 5, "rows": calls, "shared_blks_hit": 3 * calls,
    }  # fmt: skip


NEWCOMER = {SLOW: counted(600 * 8, 1.0), QUICK: counted(9000 * 8, 0.01), NEW: counted(2, 5000.0)}


def reading(number: int, entries: dict[Key, dict[str, float]], *texts: Text) -> Reading:
    """A reading *number* minutes after noon, of an extension that dates its entries."""
    taken = snapshot(60.0 * number, entries, since=dict.fromkeys(entries, -3600.0))
    return Reading(taken, texts, (), {5: "shop"}, {10: "app"})


def history(windows: int) -> list[Reading]:
    """Two statements at their usual pace; from the first reading on their texts are known."""
    texts = (
        Text(SLOW, TextState.READ, "SELECT * FROM goods WHERE id = 7"),
        Text(QUICK, TextState.READ, "COMMIT"),
    )
    return [
        reading(
            n,
            {SLOW: counted(600 * n, 1.0), QUICK: counted(9000 * n, 0.01)},
            *(texts if n == 1 else ()),
        )
        for n in range(1, windows + 1)
    ]


def judged(readings: list[Reading], memory: Memory | None = None) -> tuple[Memory, list[pipeline.Verdict]]:
    memory = memory or Memory(Judgement.empty(RULES))
    verdicts = []
    for each in readings:
        verdict = pipeline.judge(memory, each, NOTHING, RULES)
        memory = verdict.memory
        verdicts.append(verdict)
    return memory, verdicts


def test_the_first_snapshot_makes_no_window():
    memory, (verdict,) = judged(history(1))

    assert (verdict.window, verdict.matrix, verdict.scores) == (None, None, None)
    assert memory.snapshot is not None
    assert verdict.moved.all()


def test_live_and_table_by_table_mean_the_same():
    """What judge does in one go is deltas.between, features.build and decide, one after the other."""
    readings = history(8)
    memory, verdicts = judged(readings)

    judgement, reference = Judgement.empty(RULES), readings[0].snapshot
    for older, newer, verdict in zip(readings, readings[1:], verdicts[1:], strict=False):
        assert older.snapshot.taken_at < newer.snapshot.taken_at
        window = deltas.between(reference, newer.snapshot)
        reference = deltas.reference(reference, newer.snapshot)
        decision = pipeline.decide(judgement, features.build(window, memory.shapes, memory.outsiders), NOTHING, RULES)
        judgement = decision.judgement
        assert decision.findings == verdict.findings
        assert window.length_s == 60.0
    assert judgement.windows == memory.judgement.windows == 7
    assert judgement.baseline.dumps() == memory.judgement.baseline.dumps()


def test_a_slow_newcomer_is_told_in_its_first_window():
    """One call of five seconds on a server whose calls take a millisecond: a finding, an incident, a message."""
    readings = history(9)
    last = {SLOW: counted(6000, 1.0), QUICK: counted(90_000, 0.01), NEW: counted(1, 5000.0)}
    stranger = snapshot(600.0, last, since={SLOW: -3600.0, QUICK: -3600.0, NEW: 550.0})
    readings.append(Reading(stranger, (Text(NEW, TextState.READ, "SELECT pg_sleep(5)"),), (), {5: "shop"}, {10: "app"}))
    memory, verdicts = judged(readings)
    verdict = verdicts[-1]

    assert [f.key for f in verdict.findings] == [NEW]
    (message,) = pipeline.account(
        memory, verdict.changes, verdict.drift, server="shop", speaker=speaker("en"), now=at(600), matrix=verdict.matrix
    )
    assert "pg_sleep" in message.headline
    assert all(not v.changes for v in verdicts[:-1])


def test_whatever_is_told_has_a_finding_in_every_window_that_shows_it():
    """A new statement that is heavy by its share alone, no single call being too slow: evidence opens the incident."""
    readings = history(9)
    for n in range(1, 7):
        usual = {SLOW: counted(600 * (9 + n), 1.0), QUICK: counted(9000 * (9 + n), 0.01)}
        since = {SLOW: -3600.0, QUICK: -3600.0, NEW: 545.0}
        taken = snapshot(540 + 60.0 * n, {**usual, NEW: counted(20 * n, 100.0)}, since=since)
        readings.append(Reading(taken, (), (), {5: "shop"}, {10: "app"}))
    _, verdicts = judged(readings)

    opened_at = next(n for n, v in enumerate(verdicts) if v.changes)
    assert opened_at >= 9
    for verdict in verdicts[opened_at:]:
        (finding,) = verdict.findings
        assert (finding.key, finding.detector) == (NEW, "new_heavy")
        assert finding.reasons
    assert [f for v in verdicts[:opened_at] for f in v.findings] == []


def test_what_people_know_of_already_raises_no_bar():
    """A fault of a few minutes that is told and passes by itself is no false alarm: the bar counts quiet time only."""
    readings, calls, busy_ms = history(60), 600.0 * 60, 600.0 * 60
    for n in range(61, 101):
        calls, busy_ms = calls + 600, busy_ms + 600 * (40.0 if n <= 64 else 1.0)
        counters = counted(calls, 1.0) | {"total_exec_time": busy_ms}
        readings.append(reading(n, {SLOW: counters, QUICK: counted(9000 * n, 0.01)}))
    memory, verdicts = judged(readings)
    kinds = [c.kind for v in verdicts for c in v.changes if c.incident.told and c.kind is not ChangeKind.UPDATED]
    (day,) = memory.judgement.calibration.days

    assert kinds == [ChangeKind.OPENED, ChangeKind.RESOLVED]
    assert max(day.peaks) == 0
    assert day.windows < memory.judgement.windows - 4, "nor does the time count in which they knew"


def test_nothing_is_judged_where_statistics_were_lost():
    """After a reset of everything the window is silent, and the one after it is judged again."""
    readings = history(8)
    lost = snapshot(
        540.0,
        {SLOW: counted(10, 50.0), QUICK: counted(10, 5.0)},
        since={SLOW: 500.0, QUICK: 500.0},
        epoch=reset(readings[-1].snapshot.epoch, 500.0),
    )
    _, verdicts = judged([*readings, Reading(lost, (), (), {}, {})])

    window = verdicts[-1].window
    assert window is not None
    assert window.quality.silent
    assert verdicts[-1].findings == ()
    assert verdicts[-1].changes == ()


def test_what_is_told_grows_with_who_joins_and_keeps_what_the_server_showed():
    """An update reads as the first message did, with the new member in it; a change without news is not told."""
    _memory, verdicts = judged([*history(7), reading(8, NEWCOMER, Text(NEW, TextState.READ, "SELECT pg_sleep(5)"))])
    (opened,) = verdicts[-1].changes
    server = Evidence(at(480), "shop", settings=(Setting("work_mem", "64MB", "4MB"),))
    seen = pipeline.enlightened(verdicts[-1], {opened.incident.incident_id: server})

    def told(members: tuple[Member, ...]) -> list[Message]:
        incident = replace(seen.memory.judgement.desk.open[0], members=members)
        change = Change(ChangeKind.UPDATED, incident, at(540))
        return list(
            pipeline.account(seen.memory, (change,), seen.drift, server="shop", speaker=speaker("en"), now=at(540))
        )

    first = opened.incident.members
    assert told(first) == []
    (message,) = told((*first, Member(SLOW, IncidentKind.LATENCY, at(540))))
    assert message.kind == "incident.updated"
    assert message.about == opened.incident.incident_id
    said = "\n".join(block.text for block in message.blocks)
    assert "Also affected: SELECT * FROM goods WHERE id = $1." in said
    assert "work_mem is 4MB, it was 64MB" in said


def test_what_to_paste_names_the_schema_of_the_extension():
    texts = Text(NEW, TextState.READ, "SELECT pg_sleep(5)")
    _memory, verdicts = judged([*history(7), replace(reading(8, NEWCOMER, texts), extension_schema='"Odd"')])
    last = verdicts[-1]
    (message,) = pipeline.account(
        last.memory, last.changes, last.drift, server="shop", speaker=speaker("en"), now=at(480)
    )  # fmt: skip
    assert any('FROM "Odd".pg_stat_statements' in block.text for block in message.blocks)


def test_who_holds_a_lock_is_known_by_what_he_said_last():
    """By the number of his statement, or by its text where the server does not number them."""
    _memory, verdicts = judged([*history(7), reading(8, NEWCOMER, Text(NEW, TextState.READ, "SELECT pg_sleep(5)"))])
    (opened,) = verdicts[-1].changes

    def blocked_by(query_id: int | None, query: str | None, role: str = "app") -> tuple[tuple[Key, int], ...]:
        waits = Backend(1, "shop", "app", None, "active", NEW.queryid, None, "Lock", "relation", 1.0, 1.0, 1.0)
        holds = Backend(2, "shop", role, None, "idle in transaction", query_id, query, None, None, 9.0, 9.0, 9.0)
        seen = Evidence(at(480), "shop", blockers=(Chain(waits, holds, holds, 3, 1.0, "relation", None, None),))
        verdict = pipeline.enlightened(verdicts[-1], {opened.incident.incident_id: seen})
        (case,) = verdict.memory.judgement.cases
        return case.blockers

    assert blocked_by(SLOW.queryid, None) == ((SLOW, 3),)
    assert blocked_by(None, "SELECT * FROM goods WHERE id = $1") == ((SLOW, 3),)
    assert blocked_by(None, "SELECT * FROM goods WHERE id = $1", role="somebody else") == ()
    assert blocked_by(4711, None) == ()
    assert blocked_by(None, None) == ()
