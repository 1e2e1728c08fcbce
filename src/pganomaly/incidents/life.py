"""
The life of an incident: opened, joined, followed window by window, closed or taken for the new normal.

in    the Desk before a window, and the window's Scores
out   the Desk after it, what changed, and whose newest level is the new normal

Statements that begin to misbehave together are one incident. Python loops go over what is an alarm or open: a handful,
never all statements.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from pganomaly.incidents import host
from pganomaly.incidents.desk import Desk, Told
from pganomaly.incidents.looks import Look, alarms, looks_at
from pganomaly.incidents.rules import (
    CALM_WINDOWS,
    JOINED_BY_KIN_WITHIN,
    JOINED_WITHIN,
    MOST_MEMBERS,
    STABLE_WINDOWS,
    STRONG,
    AlertSettings,
)
from pganomaly.incidents.ties import tied
from pganomaly.records import (
    Change,
    ChangeKind,
    Incident,
    IncidentKind,
    Key,
    KeyArray,
    Member,
    Scores,
    Shapes,
    Window,
    keys_of,
)

_DAY = timedelta(days=1)
_ID_DIGITS = 16
_SCORE_GAIN = 1 / 3
_NOBODY = Shapes()
_AT_ONCE = (IncidentKind.NEW_HEAVY, IncidentKind.WAITING, IncidentKind.HOST)
_HOLDS_UP = (IncidentKind.WAITING, IncidentKind.LATENCY, IncidentKind.HOST)


class Advance(NamedTuple):
    """
    What one window changed.

    accepted  statements whose newest level is the new normal: their baselines move there
    """

    desk: Desk
    changes: tuple[Change, ...]
    accepted: KeyArray


def advance(desk: Desk, scores: Scores, *, instance: int, rules: AlertSettings, shapes: Shapes = _NOBODY) -> Advance:
    """
    Return what a window changes; nothing, where nothing may be judged.

    instance  the watched server's number: incident ids derive from (instance, onset, lead statement)
    shapes    of texts: statements on one table have a tie
    """
    window = scores.window
    if window.quality.silent:
        return Advance(desk, (), keys_of(()))
    followed = [_follow(incident, scores) for incident in desk.open]
    accepted = [m.key for incident, looks in followed for m in incident.members if _is_normal_now(m, looks, window)]
    incidents = [_without(incident, accepted) for incident, _ in followed]

    incidents, rest = _joined(incidents, _news(scores, incidents), window, shapes)
    opened = _opened(rest, scores, incidents, instance)

    told = [t for t in desk.told if window.end - t.at < _DAY]
    changes: list[Change] = []
    kept: list[Incident] = []
    before = {i.incident_id: i for i in desk.open}
    strength = {look.key: look.strength for look in alarms(scores)}
    for incident in [*incidents, *opened]:
        now, weak = _told(incident, strength, len(told) < rules.weak_per_day, window.end)
        if weak:
            told.append(Told(now.incident_id, window.end))
        change = _change(before.get(now.incident_id), now, window.end)
        if change is not None:
            changes.append(change)
        if now.closed_at is None:
            kept.append(now)
    return Advance(Desk(tuple(kept), tuple(told)), tuple(changes), keys_of(accepted))


def _follow(incident: Incident, scores: Scores) -> tuple[Incident, dict[Key, Look]]:
    """Return an open incident after a window, and what the window says of its members."""
    keys = [m.key for m in incident.members]
    looks = {key: look for key, look in zip(keys, looks_at(keys_of(keys), scores), strict=True) if look is not None}
    shared = host.stands_for_all(incident) and scores.host > 0
    members = tuple(_followed(m, looks.get(m.key), scores.window.end, shared=shared) for m in incident.members)
    still = any(m.still for m in members)
    lead = looks.get(incident.key)
    worse = lead is not None and lead.still and lead.surprise > incident.peak
    at = scores.window.end
    after = replace(
        incident,
        members=members,
        windows_odd=incident.windows_odd + still,
        calm_windows=0 if still else incident.calm_windows + 1,
        absent_windows=0 if lead is not None else incident.absent_windows + 1,
        last_odd_at=at if still else incident.last_odd_at,
        peak=lead.surprise if lead is not None and worse else incident.peak,
        impact=max([incident.impact, *(look.share for look in looks.values() if look.still)]),
        reasons=lead.reasons() if lead is not None and worse else incident.reasons,
    )
    return (replace(after, closed_at=at) if after.calm_windows >= CALM_WINDOWS else after), looks


def _followed(member: Member, look: Look | None, at: datetime, *, shared: bool) -> Member:
    if look is None:
        return replace(member, still=shared)
    if not look.still:
        return replace(member, still=shared, seen_at=at if shared else member.seen_at)
    if not look.shows:
        return replace(member, still=True)
    return replace(member, still=True, seen_at=at, score=member.score + _SCORE_GAIN * (look.demand - member.score))


def _is_normal_now(member: Member, looks: dict[Key, Look], window: Window) -> bool:
    """Return whether a statement has stayed at its new level for so long that this is its normal."""
    look = looks.get(member.key)
    if look is None or not look.still or _windows_since(member.joined_at, window) < STABLE_WINDOWS:
        return False
    return member.kind is IncidentKind.SILENCE or look.steady >= STABLE_WINDOWS


def _without(incident: Incident, accepted: list[Key]) -> Incident:
    """Return an incident whose *accepted* members misbehave no more; it is closed when there are no others."""
    members = tuple(replace(m, still=m.still and m.key not in accepted) for m in incident.members)
    over = any(m.key in accepted for m in members) and not any(m.still for m in members)
    return replace(incident, members=members, closed_at=incident.last_odd_at if over else incident.closed_at)


def _news(scores: Scores, incidents: Iterable[Incident]) -> list[Look]:
    """Return who begins to misbehave, and who suffers where the whole server begins to be slow."""
    known = {m.key for incident in incidents for m in incident.members}
    news = [look for look in alarms(scores) if look.key not in known]
    if scores.host > 0 and not any(host.stands_for_all(i) for i in incidents):
        news += [look for look in host.victims(scores, {look.key for look in news}) if look.key not in known]
    return news


def _joined(
    incidents: list[Incident], news: list[Look], window: Window, shapes: Shapes
) -> tuple[list[Incident], list[Look]]:
    """Return the incidents with who joins them, and who is left."""
    rest: list[Look] = []
    for look in news:
        place = next((n for n, i in enumerate(incidents) if _takes(i, look, window, shapes)), None)
        if place is None:
            rest.append(look)
        else:
            incident = incidents[place]
            members = (*incident.members, _member(look, window.end))[:MOST_MEMBERS]
            incidents[place] = replace(incident, members=members, calm_windows=0)
    return incidents, rest


def _takes(incident: Incident, look: Look, window: Window, shapes: Shapes) -> bool:
    """Return whether a statement that begins to misbehave now belongs to *incident*."""
    if incident.closed_at is not None:
        return False
    if host.stands_for_all(incident) and look.kind is IncidentKind.LATENCY:
        return True
    if look.kind is IncidentKind.SILENCE and _held_up(incident, look.key):
        return True
    # Those that join in this very window do not move its end: all of them are compared with what was before.
    since = min(_windows_since(m.joined_at, window) for m in incident.members if m.joined_at < window.end)
    if since <= JOINED_WITHIN or look.kind is IncidentKind.HOST:
        return since <= JOINED_WITHIN
    return since <= JOINED_BY_KIN_WITHIN and tied(look.key, (m.key for m in incident.members), shapes)


def _held_up(incident: Incident, key: Key) -> bool:
    """Return whether a statement's role is held up in *incident*: a session that waits asks for nothing else."""
    return any(
        m.still and m.kind in _HOLDS_UP and (m.key.dbid, m.key.userid) == (key.dbid, key.userid)
        for m in incident.members
    )


def _opened(news: list[Look], scores: Scores, incidents: Iterable[Incident], instance: int) -> list[Incident]:
    """Return the incidents that a window opens: one, of all that begins in it, the host's where that is slow."""
    if not news:
        return []
    window = scores.window
    of_host = scores.host > 0 and not any(host.stands_for_all(i) for i in incidents)
    members = sorted((_member(look, window.end) for look in news), key=lambda m: -m.score)[:MOST_MEMBERS]
    lead = next(look for look in news if look.key == members[0].key)
    named = f"{instance} {window.start.isoformat()} {'/'.join(str(int(part)) for part in lead.key)}"
    return [
        Incident(
            incident_id=sha256(named.encode()).hexdigest()[:_ID_DIGITS],
            key=lead.key,
            kind=IncidentKind.HOST if of_host else lead.kind,
            onset=window.start,
            opened_at=window.end,
            told=False,
            peak=lead.surprise,
            impact=max(look.share for look in news),
            reasons=lead.reasons(),
            last_odd_at=window.end,
            members=tuple(members),
        )
    ]


def _member(look: Look, at: datetime) -> Member:
    return Member(look.key, look.kind, at, look.demand, seen_at=at)


def _told(incident: Incident, strength: dict[Key, float], room: bool, at: datetime) -> tuple[Incident, bool]:
    """Return an incident that is told where there is evidence or room enough, and whether it took some of the room."""
    if incident.told or incident.closed_at is not None:
        return incident, False
    kinds = {incident.kind, *(m.kind for m in incident.members)}
    strong = not kinds.isdisjoint(_AT_ONCE) or any(strength.get(m.key, 0.0) >= STRONG for m in incident.members)
    if not strong and not room:
        return incident, False
    return replace(incident, told=True, told_at=at), not strong


def _change(before: Incident | None, now: Incident, at: datetime) -> Change | None:
    if now.closed_at is not None:
        return Change(ChangeKind.RESOLVED, now, at)
    if before is None:
        return Change(ChangeKind.OPENED, now, at)
    if now.told and not before.told:
        return Change(ChangeKind.TOLD, now, at)
    return Change(ChangeKind.UPDATED, now, at) if now != before else None


def _windows_since(moment: datetime, window: Window) -> float:
    length = window.end - window.start
    return (window.end - moment) / length if length > timedelta() else 0.0
