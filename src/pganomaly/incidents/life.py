"""
The life of an incident: suspected, opened, followed window by window, closed or taken for the new normal.

in    the Desk before a window, and the window's Scores
out   the Desk after it, what changed, and whose newest level is the new normal

One statement is one incident. Python loops go over what is odd or open: a handful, never all statements.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from pganomaly.incidents.desk import Desk, Suspect, Told
from pganomaly.incidents.looks import Look, looks_at, odd_ones
from pganomaly.incidents.rules import (
    ABSENT_WINDOWS,
    CALM_WINDOWS,
    ODD_OF_LAST,
    STABLE_WINDOWS,
    SUSPECT_WINDOWS,
    AlertSettings,
)
from pganomaly.records import Change, ChangeKind, Incident, IncidentKind, Key, KeyArray, Scores, keys_of

_DAY = timedelta(days=1)
_ID_DIGITS = 16


class Advance(NamedTuple):
    """
    What one window changed.

    accepted  statements whose newest level is the new normal: their baselines move there
    """

    desk: Desk
    changes: tuple[Change, ...]
    accepted: KeyArray


def advance(desk: Desk, scores: Scores, *, instance: int, rules: AlertSettings) -> Advance:
    """
    Return what a window changes; nothing, where nothing may be judged.

    instance  the watched server's number: incident ids derive from (instance, onset, lead statement)
    """
    window = scores.window
    if window.quality.silent:
        return Advance(desk, (), keys_of(()))
    odd = {look.key: look for look in odd_ones(scores)}
    followed = tuple(_follow(i, look, at=window.end) for i, look in _looks(desk.open, scores))
    accepted = tuple(i.key for i, look in _looks(followed, scores) if _is_normal_now(i, look))
    ended = {
        i.incident_id: replace(i, closed_at=window.end) for i in followed if i.key in accepted or _is_over(i, scores)
    }

    still_open = {i.key for i in desk.open}
    suspects = _suspected(desk.suspects, {k: v for k, v in odd.items() if k not in still_open}, scores, rules)
    news = [s for s in suspects if odd.get(s.key) and (odd[s.key].newcomer or _is_proven(s))]
    news.sort(key=lambda s: -odd[s.key].ms_per_s)
    told = tuple(t for t in desk.told if window.end - t.at < _DAY)
    opened = tuple(
        _open(s, odd[s.key], instance, at=window.end, told=len(told) + n < rules.told_per_day)
        for n, s in enumerate(news)
    )
    told += tuple(Told(i.incident_id, window.end) for i in opened if i.told)
    changes = (
        *(Change(ChangeKind.RESOLVED, i, window.end) for i in ended.values()),
        *(
            Change(ChangeKind.UPDATED, i, window.end)
            for i, before in zip(followed, desk.open, strict=True)
            if i.incident_id not in ended and i != before
        ),
        *(Change(ChangeKind.OPENED, i, window.end) for i in opened),
    )
    kept = (*(i for i in followed if i.incident_id not in ended), *opened)
    return Advance(Desk(kept, tuple(s for s in suspects if s not in news), told), changes, keys_of(accepted))


def _looks(incidents: tuple[Incident, ...], scores: Scores) -> Iterator[tuple[Incident, Look | None]]:
    yield from zip(incidents, looks_at(keys_of(i.key for i in incidents), scores), strict=True)


def _follow(incident: Incident, look: Look | None, *, at: datetime) -> Incident:
    """Return an open incident after a window."""
    if look is None:
        return replace(incident, absent_windows=incident.absent_windows + 1)
    if not look.odd:
        calm = incident.calm_windows + 1 if look.calm else incident.calm_windows
        return replace(incident, calm_windows=calm, absent_windows=0)
    worse = look.surprise > incident.peak
    return replace(
        incident,
        windows_odd=incident.windows_odd + 1,
        calm_windows=0,
        absent_windows=0,
        last_odd_at=at,
        peak=max(incident.peak, look.surprise),
        impact=max(incident.impact, look.share),
        reasons=look.reasons() if worse else incident.reasons,
    )


def _is_normal_now(incident: Incident, look: Look | None) -> bool:
    """Return whether a statement has stayed at its new level for so long that this is its normal."""
    if look is None or incident.windows_odd < STABLE_WINDOWS:
        return False
    return incident.kind is IncidentKind.SILENCE or look.steady >= STABLE_WINDOWS


def _is_over(incident: Incident, scores: Scores) -> bool:
    """Return whether nobody suffers any more. Whoever runs seldom is waited for as long as it took to be found."""
    length = (scores.window.end - scores.window.start) / timedelta(seconds=1)
    needed = (incident.opened_at - incident.onset) / timedelta(seconds=1) / length if length > 0 else 0.0
    return incident.calm_windows >= CALM_WINDOWS or incident.absent_windows >= max(ABSENT_WINDOWS, 3 * needed)


def _suspected(
    suspects: tuple[Suspect, ...], odd: dict[Key, Look], scores: Scores, rules: AlertSettings
) -> list[Suspect]:
    """Return who is suspected after a window: whoever was odd in one of its last windows, and it mattered."""
    hits = {key: look for key, look in odd.items() if look.newcomer or look.matters(rules)}
    looks = dict(zip((s.key for s in suspects), looks_at(keys_of(s.key for s in suspects), scores), strict=True))
    kept = []
    for suspect in suspects:
        ran = looks[suspect.key] is not None
        last = (*suspect.odd, suspect.key in hits)[-ODD_OF_LAST[1] :] if ran else suspect.odd
        if any(last) and suspect.age < SUSPECT_WINDOWS:
            kept.append(suspect._replace(odd=last, age=suspect.age + 1))
    known = {s.key for s in kept}
    start = scores.window.start
    return kept + [Suspect(key, look.kind, start, (True,), 0) for key, look in hits.items() if key not in known]


def _is_proven(suspect: Suspect) -> bool:
    return suspect.odd[-1] and sum(suspect.odd) >= ODD_OF_LAST[0]


def _open(suspect: Suspect, look: Look, instance: int, *, at: datetime, told: bool) -> Incident:
    named = f"{instance} {suspect.onset.isoformat()} {'/'.join(str(int(part)) for part in suspect.key)}"
    return Incident(
        incident_id=sha256(named.encode()).hexdigest()[:_ID_DIGITS],
        key=suspect.key,
        kind=look.kind,
        onset=suspect.onset,
        opened_at=at,
        told=told,
        peak=look.surprise,
        impact=look.share,
        reasons=look.reasons(),
        last_odd_at=at,
        windows_odd=sum(suspect.odd),
    )
