"""Scores said in few words: against whom there is evidence in a window, how much, and what that costs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from pganomaly.catalog import DELTAS
from pganomaly.detectors.supports import Suspicion
from pganomaly.records import KINDS, Counters, Deltas, IncidentKind, Key, Quality, Scores, Window, keys_of
from tests.builders import NOON

CHANNELS = ("exec_time_per_call_ms",)


class Seen(NamedTuple):
    """One statement in one window. By default it is well."""

    surprise: float = 0.5
    share: float = 0.0
    kind: IncidentKind = IncidentKind.LATENCY
    strength: float = 0.0
    alarm: bool = False
    still: bool = False
    steady: float = 0.0


WELL = Seen()
ODD = Seen(9.0, 0.1, strength=1.05, alarm=True, still=True)
STRONG = ODD._replace(strength=1.6)
NEW = ODD._replace(kind=IncidentKind.NEW_HEAVY)


def end_of(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def scores(
    minute: float,
    ran: Mapping[Key, Seen],
    *,
    silent: Mapping[Key, Seen] | None = None,
    quality: Quality = Quality.OK,
    host: float = 0.0,
) -> Scores:
    """What the engine says of the window that ends *minute* minutes after noon."""
    n = len(ran)
    window = Window(
        start=end_of(minute - 1),
        end=end_of(minute),
        length_s=60.0,
        quality=quality,
        keys=keys_of(ran),
        deltas=Deltas(DELTAS, np.ones((len(DELTAS), n))),
        before=Counters(("calls",), np.zeros((1, n))),
        doubtful=np.zeros(n, dtype=np.bool_),
    )
    told = replace(_of(window, ran), host=host)
    return replace(told, silent=_of(window, silent)) if silent else told


def _of(window: Window, seen: Mapping[Key, Seen]) -> Scores:
    surprise = np.array([s.surprise for s in seen.values()])
    kind = np.array([KINDS.index(s.kind) for s in seen.values()], dtype=np.int8)
    row = surprise[None]
    return Scores(
        window=window,
        channels=CHANNELS,
        keys=keys_of(seen),
        value=row,
        usual=np.ones_like(row),
        residual=row,
        spread=np.ones_like(row),
        z=row,
        surprise=surprise,
        kind=kind,
        odd=surprise > 6,
        calm=surprise < 4,
        newcomer=np.zeros(len(seen), dtype=np.bool_),
        excess_ms=np.zeros(len(seen)),
        excess_share=np.array([s.share for s in seen.values()]),
        steady=np.array([s.steady for s in seen.values()]),
        strength=np.array([s.strength for s in seen.values()]),
        family=kind,
        alarm=np.array([s.alarm for s in seen.values()], dtype=np.bool_),
        still=np.array([s.still for s in seen.values()], dtype=np.bool_),
        shows=np.array([s.still and s.surprise > 6 for s in seen.values()], dtype=np.bool_),
        demand=np.array([s.share for s in seen.values()]),
        impact=np.ones(len(seen)),
        suspicion=np.zeros((Suspicion.rows(), len(seen))),
        untimely=np.zeros(len(seen), dtype=np.bool_),
        regular=np.ones(len(seen)),
    )
