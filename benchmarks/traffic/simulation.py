"""A server's life, window by window: what ran, what the view shows of it, what was injected. Deterministic by seed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.traffic import execution, timetable
from benchmarks.traffic.effects import Effects, Wait
from benchmarks.traffic.events import Event, Special
from benchmarks.traffic.execution import SUMMED, Needs, Streams, Work
from benchmarks.traffic.ledger import Ledger
from benchmarks.traffic.life import Mood, rhythm
from benchmarks.traffic.profile import Profile
from benchmarks.traffic.texts import Writer
from benchmarks.traffic.workload import FIRST_DATABASE, FIRST_ROLE, I8, Builder
from pganomaly.records import KEY, KeyArray

T0_US = int(datetime(2031, 5, 5, tzinfo=UTC).timestamp()) * 1_000_000
WINDOW_US = 60_000_000
HISTORY_WINDOWS = 500
WHOLE_EVERY = 480
ADHOC_MS = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """
    One window and the snapshot at its end.

    work    what ran in it (None for the first snapshot: what ran before is in the counters)
    stored  entries that the snapshot brings: those that changed, or, where it is *whole*, all
    missed  nobody took the snapshot
    """

    window: int
    taken_us: int
    work: Work | None
    stored: I8
    whole: bool
    reset: bool
    missed: bool
    dealloc: int
    reset_us: int
    entries: int
    waits: tuple[Wait, ...]


class Simulation:
    """A server drawn from a profile and a seed; *more* are faults beside those that every recording has."""

    def __init__(
        self,
        profile: Profile,
        seed: int,
        *,
        faults: bool = True,
        benign: bool = False,
        more: tuple[timetable.Make, ...] = (),
    ) -> None:
        own = int.from_bytes(hashlib.sha256(profile.name.encode()).digest()[:6])
        make, live, inject, self._texts = (np.random.default_rng([own, seed, part]) for part in range(4))
        self.profile = profile
        self.workload = Builder(profile, make).build()
        self.needs = Needs.of(self.workload, make)
        self.rhythm = rhythm(profile, profile.roles, make)
        self.events: tuple[Event, ...] = ()
        if faults:
            self.events = timetable.plan(self.workload, self.rhythm, inject, more=more)
        elif benign:
            self.events = timetable.calm(self.workload, self.rhythm, inject)
        self.core = len(self.workload.statements)
        burst = sum(self.effects_of(e).adhoc * (e.last - e.first + 1) for e in self.events)
        self.adhoc = int(profile.adhoc * profile.windows * 1.2 + 50 * (profile.adhoc > 0)) + burst
        self.keys = self._keys()
        self.ledger = Ledger(self.core + self.adhoc, profile.entries_max)
        self.mood = Mood.of(self.workload, live)
        self._streams = Streams.of(self.workload)
        self._next_adhoc = self.core
        self._reset_us = T0_US - 3 * 86_400_000_000

    def text(self, entry: int) -> str:
        """Return the text of an entry."""
        if entry < self.core:
            return self.workload.statements[entry].text
        names = self.workload.table_names
        return Writer("plain", np.random.default_rng([7, entry])).write("adhoc", [names[entry % len(names)]])

    def steps(self) -> Iterator[Step]:
        """Yield window after window; can be asked once."""
        p = self.profile
        before = self._window(-1, p.real_window_s * HISTORY_WINDOWS, self._effects(-1))
        self.ledger.add(before, T0_US - 2 * 86_400_000_000, T0_US - WINDOW_US, self.mood.rng)
        yield self._step(0, None, whole=True, effects=self._effects(0))
        for window in range(1, p.windows + 1):
            self.mood.step()
            effects = self._effects(window)
            special = {e.special for e in self.events if e.special and e.first == window}
            start_us = T0_US + (window - 1) * WINDOW_US
            if Special.RESET in special:
                self._reset_us = start_us + int(self.mood.rng.integers(1_000_000, 50_000_000))
                self.ledger.reset(self._reset_us)
                start_us = self._reset_us
            work = self._window(window, p.real_window_s, effects)
            dealloc = self.ledger.dealloc
            self.ledger.add(work, start_us, T0_US + window * WINDOW_US, self.mood.rng)
            unseen = self.ledger.dealloc != dealloc and not p.dated
            yield self._step(
                window, work, effects=effects, reset=Special.RESET in special, missed=Special.MISSED in special,
                whole=Special.RESET in special or unseen or window % WHOLE_EVERY == 0,
            )  # fmt: skip

    def _step(
        self,
        window: int,
        work: Work | None,
        *,
        whole: bool,
        effects: Effects,
        reset: bool = False,
        missed: bool = False,
    ) -> Step:
        stored = np.empty(0, np.int64)
        if not missed:
            changed = self.ledger.take()
            stored = np.flatnonzero(self.ledger.there) if whole else changed
        return Step(
            window, T0_US + window * WINDOW_US, work, stored, whole, reset, missed, self.ledger.dealloc,
            self._reset_us, int(self.ledger.there.sum()), tuple(effects.waits),
        )  # fmt: skip

    def effects_of(self, event: Event) -> Effects:
        """Return what one event does by itself, half-way through."""
        effects = Effects.none(self.core, len(self.workload.flows))
        event.act(effects, 0.5)
        return effects

    def _effects(self, window: int) -> Effects:
        effects = Effects.none(self.core, len(self.workload.flows))
        for event in self.events:
            progress = event.on(window)
            if progress is not None:
                event.act(effects, progress)
        return effects

    def _window(self, window: int, seconds: float, effects: Effects) -> Work:
        level = np.ones(self.profile.roles) if window < 0 else self.rhythm[:, window]
        calls = execution.counts(self._streams, self.mood, effects, level, window, seconds)
        work = execution.perform(calls, self.needs, self.mood, effects, self.profile.cores, seconds)
        some = effects.adhoc + (int(self.mood.rng.poisson(self.profile.adhoc)) if window > 0 else 0)
        some = min(some, self.core + self.adhoc - self._next_adhoc)
        return self._with_adhoc(work, some) if some else work

    def _with_adhoc(self, work: Work, some: int) -> Work:
        rng = self.mood.rng
        at = np.arange(self._next_adhoc, self._next_adhoc + some)
        self._next_adhoc += some
        took = ADHOC_MS * rng.lognormal(0, 0.8, some)
        zero = np.zeros(some)
        mine = dict.fromkeys(SUMMED, zero) | {
            "calls": np.ones(some), "total_ms": took, "rows": rng.integers(0, 20, some).astype(np.float64),
            "hit": rng.integers(3, 60, some).astype(np.float64),
        }  # fmt: skip
        return Work(
            np.concatenate([work.at, at]),
            {name: np.concatenate([work.sums[name], mine[name]]) for name in SUMMED},
            np.concatenate([work.fastest, took]),
            np.concatenate([work.slowest, took]),
        )

    def _keys(self) -> KeyArray:
        keys = np.empty(self.core + self.adhoc, KEY)
        keys[: self.core] = self.workload.keys
        keys["queryid"][self.core :] = self._texts.integers(-(2**62), 2**62, self.adhoc) * 2
        keys["dbid"][self.core :] = FIRST_DATABASE
        keys["userid"][self.core :] = FIRST_ROLE + self.profile.roles - 1
        keys["toplevel"][self.core :] = True
        return keys
