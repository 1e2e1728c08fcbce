"""Who is told of what, and when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pytest

from pganomaly import incidents
from pganomaly.incidents import AlertSettings, Desk
from pganomaly.records import Change, ChangeKind, Incident, IncidentKind, Key, Quality, Shapes, keys_of
from tests.builders import key
from tests.incidents.scores import NEW, ODD, STRONG, WELL, Seen, end_of, scores

A, B, C = key(1), key(2), key(3)
ELSEWHERE = key(4, userid=77)


@dataclass
class Watch:
    """A desk to which windows come, one a minute."""

    desk: Desk = field(default_factory=Desk)
    rules: AlertSettings = field(default_factory=AlertSettings)
    minute: int = 0
    changes: list[Change] = field(default_factory=list)
    accepted: list[Key] = field(default_factory=list)

    def see(self, *windows: Mapping[Key, Seen], quality: Quality = Quality.OK, **more: Any) -> Self:
        for window in windows:
            self.minute += 1
            seen = scores(self.minute, window, quality=quality, **more)
            self.desk, changes, accepted = incidents.advance(
                self.desk, seen, instance=1, rules=self.rules, shapes=Shapes()
            )
            self.changes += changes
            self.accepted += [Key(*k.item()) for k in accepted]
        return self

    def of(self, kind: ChangeKind) -> list[Incident]:
        return [c.incident for c in self.changes if c.kind is kind]

    @property
    def opened(self) -> list[Incident]:
        return self.of(ChangeKind.OPENED)

    @property
    def resolved(self) -> list[Incident]:
        return self.of(ChangeKind.RESOLVED)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def keys(incident: Incident) -> list[Key]:
    return [m.key for m in incident.members]


def test_evidence_enough_is_an_incident(watch):
    watch.see({A: WELL}, {A: ODD}, {A: ODD})

    (incident,) = watch.opened
    assert incident.key == A
    assert incident.onset == end_of(1)
    assert incident.opened_at == incident.told_at == end_of(2)
    assert watch.desk.open[0].windows_odd == 2


def test_what_is_merely_odd_is_nobodys_news(watch):
    watch.see(*[{A: ODD._replace(alarm=False)}] * 5)

    assert watch.opened == []


def test_what_begins_together_is_one_incident_led_by_the_likeliest_culprit(watch):
    watch.see({A: ODD, B: ODD._replace(share=0.4), ELSEWHERE: ODD})

    (incident,) = watch.opened
    assert incident.key == B
    assert keys(incident) == [B, A, ELSEWHERE]


def test_others_join_soon_after_kin_a_little_later_and_nobody_for_ever(watch):
    watch.see(*[{A: ODD}] * 4, {A: ODD, ELSEWHERE: ODD})
    assert len(watch.opened) == 1
    assert keys(watch.desk.open[0]) == [A, ELSEWHERE]

    watch.see(*[{A: ODD}] * 8, {A: ODD, B: ODD})
    assert keys(watch.desk.open[0]) == [A, ELSEWHERE, B], "the same role, nine windows later"

    watch.see(*[{A: ODD}] * 10, {A: ODD, C: ODD})
    assert len(watch.opened) == 2
    assert keys(watch.desk.open[1]) == [C]


def test_a_member_has_joined_when_it_began_to_misbehave(watch):
    watch.see({A: ODD}, {A: ODD}, {A: ODD, B: ODD})

    assert [m.joined_at for m in watch.desk.open[0].members] == [end_of(1), end_of(3)]


def test_it_is_over_after_five_windows_in_which_all_were_well(watch):
    watch.see({A: ODD, B: ODD}, {A: ODD, B: WELL}, *[{A: WELL, B: WELL}] * 4)
    assert watch.resolved == []

    watch.see({A: WELL, B: ODD._replace(alarm=False)}, *[{A: WELL}] * 5)
    (incident,) = watch.resolved
    assert incident.closed_at == end_of(watch.minute)
    assert incident.last_odd_at == end_of(7)
    assert watch.desk.open == ()


def test_whoever_runs_seldom_is_waited_for(watch):
    """Its evidence is still there, although it did not run: the incident stays, and no window is counted twice."""
    waiting = Seen(still=True, strength=1.0)
    watch.see({A: ODD}).see(*[{}] * 20, silent={A: waiting})

    (incident,) = watch.desk.open
    assert incident.members[0].still
    assert incident.members[0].seen_at == end_of(1)


def test_an_open_incident_is_not_opened_again(watch):
    watch.see(*[{A: ODD, B: ODD}] * 10)

    assert len(watch.opened) == 1


def test_sixty_windows_at_one_level_are_the_new_normal(watch):
    watch.see(*[{A: ODD}] * 60, {A: ODD._replace(steady=10)})
    assert watch.accepted == []

    watch.see({A: ODD._replace(steady=60)})
    assert watch.accepted == [A]
    assert len(watch.resolved) == 1
    assert watch.desk.open == ()


def test_silence_is_an_incident_and_over_when_the_statement_is_back(watch):
    watch.see({B: WELL}, silent={A: ODD._replace(kind=IncidentKind.SILENCE)})
    (incident,) = watch.opened
    assert incident.kind is IncidentKind.SILENCE
    assert watch.desk.held().calls.tolist() == keys_of([A]).tolist()
    assert not len(watch.desk.held().costs)
    assert watch.desk.open[0].members[0].seen_at == end_of(1)

    watch.see(*[{A: WELL}] * 5)
    assert len(watch.resolved) == 1


def test_a_slow_host_is_one_incident_and_its_victims_are_the_members(watch):
    watch.see({A: WELL, B: Seen(5.0), C: Seen(4.0)}, host=2.0)

    (incident,) = watch.opened
    assert incident.kind is IncidentKind.HOST
    assert sorted(keys(incident)) == [B, C]

    watch.see(*[{A: WELL, B: Seen(5.0), C: Seen(4.0)}] * 5, host=2.0)
    assert watch.resolved == []
    watch.see(*[{A: WELL, B: WELL}] * 5)
    assert len(watch.resolved) == 1


def test_what_slows_the_whole_server_a_moment_later_is_not_told_twice(watch):
    """An index is gone, its statement takes all processors, and three windows later everybody waits for one."""
    watch.see(*[{A: ODD, B: WELL, C: WELL}] * 3)
    watch.see(*[{A: ODD, B: Seen(5.0), C: Seen(4.0)}] * 20, host=2.0)

    (incident,) = watch.opened
    assert incident.kind is IncidentKind.LATENCY
    assert sorted(keys(watch.desk.open[0])) == [A, B, C]


def test_what_a_role_does_not_ask_for_while_it_waits_belongs_to_what_it_waits_for(watch):
    """Its sessions stand before a lock; that nobody calls its other statements is known for certain much later."""
    watch.see(*[{A: ODD._replace(kind=IncidentKind.WAITING), B: WELL, ELSEWHERE: WELL}] * 20)
    gone = ODD._replace(kind=IncidentKind.SILENCE)
    watch.see({A: ODD._replace(kind=IncidentKind.WAITING)}, silent={B: gone, ELSEWHERE: gone})

    first, second = watch.opened
    assert sorted(keys(watch.desk.open[0])) == [A, B]
    assert (first.kind, second.kind, keys(second)) == (IncidentKind.WAITING, IncidentKind.SILENCE, [ELSEWHERE])


def test_a_server_that_becomes_slow_long_after_something_else_is_news_of_its_own(watch):
    watch.see(*[{A: ODD, B: WELL, C: WELL}] * 12)
    watch.see(*[{A: ODD, B: Seen(5.0), C: Seen(4.0)}] * 3, host=2.0)

    assert [i.kind for i in watch.opened] == [IncidentKind.LATENCY, IncidentKind.HOST]
    assert sorted(keys(watch.opened[1])) == [B, C]


def test_a_new_heavy_statement_is_told_even_where_it_joins_what_was_not_worth_a_message(watch):
    for n in range(3):
        watch.see({key(10 + n): ODD}, *[{}] * 20)
    watch.see({A: ODD}, {A: ODD, B: NEW})

    (incident,) = watch.of(ChangeKind.TOLD)
    assert keys(incident) == [A, B]


def test_a_window_that_may_not_be_judged_changes_nothing(watch):
    watch.see({A: ODD})
    desk = watch.desk
    watch.see(*[{A: WELL}] * 10, quality=Quality.RESET)

    assert watch.desk is desk


def test_little_evidence_is_told_three_times_a_day_and_then_only_when_there_is_more(watch):
    for n in range(5):
        watch.see({key(10 + n): ODD}, *[{}] * 20)
    assert [i.told for i in watch.opened] == [True] * 3 + [False] * 2

    watch.see({A: ODD}, {A: ODD})
    assert not watch.desk.open[0].told
    watch.see({A: STRONG})
    (incident,) = watch.of(ChangeKind.TOLD)
    assert incident.told_at == end_of(watch.minute)

    watch.see(*[{}] * 1440).see({key(99): ODD})
    assert watch.opened[-1].told, "a day later there is room again"


@pytest.mark.parametrize("seen", [STRONG, NEW, ODD._replace(kind=IncidentKind.WAITING)])
def test_whatever_the_day_was_like_much_evidence_locks_and_new_heavy_statements_are_told(watch, seen):
    for n in range(5):
        watch.see({key(10 + n): seen}, *[{}] * 20)

    assert all(i.told for i in watch.opened)


def test_updates_follow_the_oddest_window_of_the_lead(watch):
    watch.see({A: ODD}, {A: ODD._replace(surprise=20.0, share=0.5)}, {A: ODD})

    worst = watch.of(ChangeKind.UPDATED)[-1]
    assert worst.peak == 20.0
    assert worst.impact == 0.5
    assert worst.reasons[0].value == 20.0


def test_the_same_incident_has_the_same_name_wherever_it_is_found(watch):
    again = Watch().see({A: ODD}, {A: ODD})
    other = Watch().see({}, {A: ODD}, {A: ODD})
    watch.see({A: ODD}, {A: ODD})

    assert watch.opened[0].incident_id == again.opened[0].incident_id != other.opened[0].incident_id


def test_a_desk_survives_saving_its_open_incidents_come_from_the_store(watch):
    watch.see({A: ODD, B: ODD})
    again = Desk.loads(watch.desk.dumps())

    assert again.open == ()
    assert again.with_open(watch.desk.open) == watch.desk
    announced = tuple(replace(i, drift_announced=True) for i in watch.desk.open)
    assert again.with_open(announced).open[0].drift_announced
