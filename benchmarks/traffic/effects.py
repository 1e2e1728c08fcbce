"""What happens to a window: by how much each statement's calls, work and time differ from the server's own life."""

from dataclasses import dataclass, field

import numpy as np

from benchmarks.traffic.workload import F8


@dataclass(frozen=True, slots=True)
class Wait:
    """Sessions that wait for a lock: for a *relation* nothing of it shows in the counters."""

    statement: int
    sessions: float
    relation: bool
    seconds: float


@dataclass(slots=True, eq=False)
class Effects:
    """
    Factors per statement (per flow where it says so), 1 where nothing happens; amounts are 0 where nothing happens.

    flows    of a flow's executions          started  rate a second of flows that do not run by themselves
    calls    of a statement's calls          kept     share of its calls that succeed: failed ones are counted nowhere
    work     of blocks touched per call      rows     of rows per call
    misses   of the share of blocks read     temp     temporary blocks added per call
    wal      of WAL and dirtied per call     wait_ms  waiting per call of the waiting_share of calls that wait
    pace     of the time of its work         jobs     executions a window of flows out of their hours
    cv       of how much its calls differ    host     of all time
    added    calls a second besides those of the flows
    owner_share  of its calls that ask for one owner; owner_work, owner_rows, owner_pace: factors of these calls alone
    crowding how much longer a call takes that is put off whenever it has computed for slice_ms; shorter ones hardly are
    """

    flows: F8
    started: F8
    jobs: F8
    calls: F8
    kept: F8
    work: F8
    rows: F8
    misses: F8
    temp: F8
    wal: F8
    wait_ms: F8
    waiting_share: F8
    pace: F8
    cv: F8
    owner_share: F8
    owner_work: F8
    owner_rows: F8
    owner_pace: F8
    added: F8
    host: float = 1.0
    crowding: float = 0.0
    slice_ms: float = 1.0
    waits: list[Wait] = field(default_factory=list)
    adhoc: int = 0

    @classmethod
    def none(cls, statements: int, flows: int) -> "Effects":
        """Return a window in which nothing happens."""

        def ones() -> F8:
            return np.ones(statements)

        def zeros() -> F8:
            return np.zeros(statements)

        return cls(
            flows=np.ones(flows), started=np.zeros(flows), jobs=np.zeros(flows), calls=ones(), kept=ones(),
            work=ones(), rows=ones(), misses=ones(), temp=zeros(), wal=ones(), wait_ms=zeros(), waiting_share=zeros(),
            pace=ones(), cv=ones(), owner_share=zeros(), owner_work=ones(), owner_rows=ones(), owner_pace=ones(),
            added=zeros(),
        )  # fmt: skip
