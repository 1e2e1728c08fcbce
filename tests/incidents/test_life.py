"""Who is told of what, and when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import pytest

from pganomaly import incidents
from pganomaly.incidents import AlertSettings, Desk
from pganomaly.records import Change, ChangeKind, Incident, IncidentKind, Key, Quality, keys_of
from tests.builders import key
from tests.incidents.scores import NEW, ODD, WELL, Seen, end_of, scores

A, B = key(1), key(2)


@dataclass
class Watch:
    """A desk to which windows come, one a minute."""

    desk: Desk = field(default_factory=Desk)
    rules: AlertSettings = field(default_factory=AlertSettings)
    minute: int = 0
    changes: list[Change] = field(default_factory=list)
    accepted: list[Key] = field(default_factory=list)

    def see(self, *windows: Mapping[Key, Seen], quality: Quality = Quality.OK, **more: Mapping[Key, Seen]) -> Self:
        for window in windows:
            self.minute += 1
            seen = scores(self.minute, window, quality=quality, **more)
            self.desk, changes, accepted = incidents.advance(self.desk, seen, instance=1, rules=self.rules)
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


def test_two_odd_windows_of_three_are_one_incident(watch):
    watch.see({A: ODD}, {A: WELL}, {A: ODD}, {A: ODD}, {A: ODD})

    (incident,) = watch.opened
    assert incident.key == A
    assert incident.onset == end_of(0), "the start of the first odd window"
    assert incident.opened_at == end_of(3)
    assert incident.told
    assert watch.desk.open[0].windows_odd == 4


@pytest.mark.parametrize("windows", [[ODD, WELL, WELL, ODD, WELL, WELL], [ODD]])
def test_an_odd_window_alone_is_nobodys_news(watch, windows):
    watch.see(*({A: seen} for seen in windows))

    assert watch.opened == []


@pytest.mark.parametrize("little", [ODD._replace(share=0.002), ODD._replace(ms_per_s=0.4)])
def test_what_costs_next_to_nothing_is_not_told(watch, little):
    assert watch.see(*[{A: little}] * 5).opened == []
    watch.rules = AlertSettings(min_share=0.001, min_ms_per_s=0.1)
    assert len(watch.see(*[{A: little}] * 5).opened) == 1


def test_windows_in_which_a_rare_statement_did_not_run_do_not_count(watch):
    watch.see({A: ODD}, {}, {}, {}, {}, {}, {}, {A: ODD})

    assert len(watch.opened) == 1


def test_odd_windows_an_hour_apart_have_nothing_to_do_with_each_other(watch):
    watch.see({A: ODD}, *[{}] * 70, {A: ODD})

    assert watch.opened == []
    assert watch.desk.suspects[0].onset == end_of(71)


def test_a_newcomer_too_slow_for_this_server_is_told_at_once(watch):
    watch.see({A: NEW})

    (incident,) = watch.opened
    assert incident.kind is IncidentKind.NEW_HEAVY
    assert incident.told


def test_it_is_over_after_five_windows_in_which_the_statement_was_well(watch):
    watch.see({A: ODD}, {A: ODD}, *[{A: WELL}] * 4)
    assert watch.resolved == []

    watch.see({A: ODD}, *[{A: WELL}] * 5)
    (incident,) = watch.resolved
    assert incident.closed_at == end_of(watch.minute)
    assert incident.last_odd_at == end_of(7)
    assert watch.desk.open == ()


def test_neither_odd_nor_well_keeps_it_open(watch):
    watch.see({A: ODD}, {A: ODD}, *[{A: Seen(surprise=5.0)}] * 30)

    assert watch.resolved == []


def test_it_is_over_when_the_statement_runs_no_more(watch):
    watch.see({A: NEW}, *[{}] * 14)
    assert watch.resolved == []

    watch.see({})
    assert len(watch.resolved) == 1


def test_a_rare_statement_is_waited_for_as_long_as_it_took_to_be_found(watch):
    """It ran every twentieth minute, so twenty minutes without it say nothing."""
    watch.see({A: ODD}, *[{}] * 19, {A: ODD}, *[{}] * 30)
    assert len(watch.desk.open) == 1

    watch.see(*[{}] * 40)
    assert len(watch.resolved) == 1


def test_a_repeated_heavy_query_keeps_its_incident_open(watch):
    watch.see(*[{A: NEW}] * 20)

    assert len(watch.opened) == 1
    assert watch.resolved == []
    assert [key(*k.item()[2:3]) for k in watch.desk.held().costs] == [A]


def test_sixty_windows_at_one_level_are_the_new_normal(watch):
    watch.see(*[{A: ODD}] * 59, {A: ODD._replace(steady=10)})
    assert watch.accepted == []

    watch.see({A: ODD._replace(steady=60)})
    assert watch.accepted == [A]
    assert len(watch.resolved) == 1
    assert watch.desk.open == ()


def test_silence_is_an_incident_and_over_when_the_statement_is_back(watch):
    missed = Seen(8.0, 20.0, 0.1, IncidentKind.SILENCE)
    watch.see({B: WELL}, {B: WELL}, silent={A: missed})
    (incident,) = watch.opened
    assert incident.kind is IncidentKind.SILENCE
    assert watch.desk.held().calls.tolist() == keys_of([A]).tolist()
    assert not len(watch.desk.held().costs)

    watch.see(*[{A: WELL}] * 5)
    assert len(watch.resolved) == 1


def test_a_window_that_may_not_be_judged_changes_nothing(watch):
    watch.see({A: ODD}, {A: ODD})
    desk = watch.desk
    watch.see(*[{A: WELL}] * 10, quality=Quality.RESET)

    assert watch.desk is desk


def test_at_most_ten_are_told_a_day_and_the_dearest_first(watch):
    crowd = {key(n): ODD._replace(ms_per_s=float(n)) for n in range(1, 16)}
    watch.see(crowd, crowd)

    assert [i.told for i in watch.opened] == [True] * 10 + [False] * 5
    assert [i.key.queryid for i in watch.opened] == list(range(15, 0, -1))

    watch.see(*[{}] * 1440).see({key(99): NEW})
    assert watch.opened[-1].told, "a day later there is room again"


def test_an_open_incident_is_not_opened_again(watch):
    watch.see(*[{A: ODD, B: ODD}] * 10)

    assert len(watch.opened) == 2
    assert len({i.incident_id for i in watch.opened}) == 2


def test_updates_follow_the_oddest_window(watch):
    watch.see({A: ODD}, {A: ODD}, {A: ODD._replace(surprise=20.0, share=0.5)}, {A: ODD})

    worst = watch.of(ChangeKind.UPDATED)[-1]
    assert worst.peak == 20.0
    assert worst.impact == 0.5
    assert worst.reasons[0].value == 20.0
    assert worst.windows_odd == 4


def test_the_same_incident_has_the_same_name_wherever_it_is_found(watch):
    again = Watch().see({A: ODD}, {A: ODD})
    other = Watch().see({}, {A: ODD}, {A: ODD})
    watch.see({A: ODD}, {A: ODD})

    assert watch.opened[0].incident_id == again.opened[0].incident_id != other.opened[0].incident_id


def test_a_desk_survives_saving_its_open_incidents_come_from_the_store(watch):
    watch.see({A: ODD, B: NEW}, {A: WELL})
    again = Desk.loads(watch.desk.dumps())

    assert again.open == ()
    assert again.with_open(watch.desk.open) == watch.desk
    announced = tuple(replace(i, drift_announced=True) for i in watch.desk.open)
    assert again.with_open(announced).open[0].drift_announced
