"""Scores said in few words: who is odd in a window, how much, and what that costs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from pganomaly.catalog import DELTAS
from pganomaly.records import KINDS, Counters, Deltas, IncidentKind, Key, Quality, Scores, Window, keys_of
from tests.builders import NOON

CHANNELS = ("exec_time_per_call_ms",)


class Seen(NamedTuple):
    """One statement in one window. By default it is well."""

    surprise: float = 0.5
    ms_per_s: float = 0.0
    share: float = 0.0
    kind: IncidentKind = IncidentKind.LATENCY
    newcomer: bool = False
    steady: float = 0.0


WELL = Seen()
ODD = Seen(9.0, 50.0, 0.1)
NEW = Seen(5.0, 80.0, 0.4, IncidentKind.NEW_HEAVY, newcomer=True)


def end_of(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def scores(
    minute: float,
    ran: Mapping[Key, Seen],
    *,
    silent: Mapping[Key, Seen] | None = None,
    quality: Quality = Quality.OK,
) -> Scores:
    """What the engine says of the window that ends *minute* minutes after noon."""
    n = len(ran)
    window = Window(
        start=end_of(minute - 1),
        end=end_of(minute),
        length_s=60.0,
        quality=quality,
        keys=keys_of(ran),
        deltas=Deltas(DELTAS, np.zeros((len(DELTAS), n))),
        before=Counters(("calls",), np.zeros((1, n))),
        doubtful=np.zeros(n, dtype=np.bool_),
    )
    told = _of(window, ran)
    return replace(told, silent=_of(window, silent)) if silent else told


def _of(window: Window, seen: Mapping[Key, Seen]) -> Scores:
    surprise = np.array([s.surprise for s in seen.values()])
    newcomer = np.array([s.newcomer for s in seen.values()], dtype=np.bool_)
    odd = (surprise > 6) | newcomer
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
        kind=np.array([KINDS.index(s.kind) for s in seen.values()], dtype=np.int8),
        odd=odd,
        calm=(surprise < 4) & ~odd,
        newcomer=newcomer,
        excess_ms=np.array([s.ms_per_s for s in seen.values()]) * window.length_s,
        excess_share=np.array([s.share for s in seen.values()]),
        steady=np.array([s.steady for s in seen.values()]),
    )
