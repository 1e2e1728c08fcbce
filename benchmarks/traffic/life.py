"""A server's own life: rhythm, wandering traffic, bursts, stalls, cache, checkpoints, two-faced plans."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from benchmarks.traffic.profile import Profile
from benchmarks.traffic.workload import F8, I8, Flags, Workload

BURST_END = 0.45
STALL_END = 0.6
MODE_SWITCH = 0.08


def rhythm(profile: Profile, roles: int, rng: Generator) -> F8:
    """Return the traffic of each role by the window, 1 on average: [roles, windows]."""
    t = np.arange(profile.windows + 1)
    phase = 2 * np.pi * t / profile.day_windows
    noon = rng.uniform(0, 2 * np.pi)
    made = np.empty((roles, len(t)))
    weekend = np.isin((t // profile.day_windows) % 7, (5, 6)) if profile.weekly else np.zeros(len(t), np.bool_)
    for r in range(roles):
        swing, second = rng.uniform(0.05, 0.9), rng.uniform(0, 0.35)
        shift = noon + rng.normal(0, 0.4) + (np.pi if rng.random() < 0.15 else 0)
        shape = np.exp(swing * np.cos(phase - shift) + second * np.cos(2 * phase - shift))
        shape *= np.where(weekend, rng.uniform(0.3, 1.0), 1.0)
        made[r] = shape / shape[: profile.day_windows].mean()
    return made * (1 + profile.growth) ** (t / profile.day_windows)


@dataclass(slots=True, eq=False)
class Mood:
    """What wanders from window to window; `step` moves it on and returns nothing, so that a long history is cheap."""

    rng: Generator
    profile: Profile
    flow_wander: F8
    flow_sd: F8
    flow_bursty: Flags
    flow_burst: F8
    role_wander: F8
    statement_work: F8
    statement_time: F8
    work_sd: F8
    time_sd: F8
    modal: I8
    mode: Flags
    mode_factor: F8
    table_miss: F8
    table_dead: F8
    table_churn: F8
    host: float = 0.0
    stall: float = 1.0
    memory: float = 0.0
    since_checkpoint: int = 0

    @classmethod
    def of(cls, workload: Workload, rng: Generator) -> "Mood":
        """Return the mood of a server, different for each."""
        p, flows, statements = workload.profile, len(workload.flows), len(workload.statements)
        steady = np.array([f.kind in ("poll", "job", "heavy") for f in workload.flows])
        movable = workload.of_kind("list", "join", "aggregate", "report")
        modal = rng.choice(movable, max(1, int(p.modal * statements)), replace=False) if len(movable) else movable
        tables = len(workload.table_blocks)
        return cls(
            rng, p,
            flow_wander=np.zeros(flows),
            flow_sd=np.where(steady, 0.0, p.wander * rng.uniform(0.2, 1.6, flows)),
            flow_bursty=~steady & (rng.random(flows) < p.bursty),
            flow_burst=np.ones(flows),
            role_wander=np.zeros(p.roles + 1),
            statement_work=np.zeros(statements), statement_time=np.zeros(statements),
            work_sd=rng.lognormal(-3.2, 0.7, statements), time_sd=rng.lognormal(-2.9, 0.5, statements),
            modal=modal, mode=np.zeros(len(modal), np.bool_), mode_factor=rng.uniform(1.5, 4.5, len(modal)),
            table_miss=np.zeros(tables), table_dead=rng.uniform(0, 0.1, tables),
            table_churn=rng.lognormal(-6.5, 1.0, tables),
            since_checkpoint=int(rng.integers(0, p.checkpoint)),
        )  # fmt: skip

    def step(self) -> None:
        """Move on by one window."""
        rng, p = self.rng, self.profile
        self.flow_wander = _wander(self.flow_wander, 0.85, self.flow_sd, rng)
        self.role_wander = _wander(self.role_wander, 0.96, np.full(len(self.role_wander), p.wander * 0.7), rng)
        self.statement_work = _wander(self.statement_work, 0.7, self.work_sd, rng)
        self.statement_time = _wander(self.statement_time, 0.6, self.time_sd, rng)
        starts = self.flow_bursty & (self.flow_burst == 1) & (rng.random(len(self.flow_burst)) < 1 / 60)
        ends = (self.flow_burst > 1) & (rng.random(len(self.flow_burst)) < BURST_END)
        self.flow_burst = np.where(ends, 1.0, np.where(starts, rng.uniform(1.5, 5, len(starts)), self.flow_burst))
        switch = rng.random(len(self.mode)) < np.where(self.mode, MODE_SWITCH * 3, MODE_SWITCH)
        self.mode = self.mode ^ switch
        self.table_miss = _wander(self.table_miss, 0.9, np.full(len(self.table_miss), p.memory * 0.6), rng)
        self.memory = float(_wander(np.array([self.memory]), 0.93, np.array([p.memory]), rng)[0])
        self.host = float(_wander(np.array([self.host]), 0.9, np.array([0.05]), rng)[0])
        self._stalls()
        self._vacuums()

    def _stalls(self) -> None:
        rng, p = self.rng, self.profile
        self.since_checkpoint = (self.since_checkpoint + 1) % p.checkpoint
        if self.stall > 1 and rng.random() < STALL_END:
            self.stall = 1.0
        elif rng.random() < 1 / p.stall_windows:
            self.stall = float(1 + rng.gamma(1.2, 0.8))

    def _vacuums(self) -> None:
        self.table_dead = self.table_dead + self.table_churn
        self.table_dead = np.where(
            self.table_dead > self.rng.uniform(0.15, 0.25, len(self.table_dead)), 0.0, self.table_dead
        )

    @property
    def time(self) -> float:
        """The factor on all time: the host's own wandering, stalls, and a little at each checkpoint."""
        checkpoint = 1.15 if self.since_checkpoint < 2 else 1.0
        return float(np.exp(self.host)) * self.stall * checkpoint

    @property
    def page_images(self) -> float:
        """The chance that a changed block is logged whole: high after a checkpoint, then falling."""
        return 0.6 * float(np.exp(-8 * self.since_checkpoint / self.profile.checkpoint)) + 0.01


def _wander(x: F8, keeps: float, sd: F8, rng: Generator) -> F8:
    """Return the next value of an autocorrelated wandering whose deviation is *sd* in the long run."""
    return np.asarray(keeps * x + np.sqrt(1 - keeps**2) * sd * rng.standard_normal(len(x)))
