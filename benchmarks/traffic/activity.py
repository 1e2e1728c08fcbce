"""What samples of pg_stat_activity show: sessions at work, by how long statements take, and those that wait."""

from typing import Any

from numpy.random import Generator

from benchmarks.traffic.simulation import Simulation, Step
from benchmarks.traffic.workload import FIRST_DATABASE, FIRST_ROLE, ROLES

SAMPLES = 5
BLOCKER_PID = 31_337
COLUMNS = (
    "sample_ts", "window", "pid", "datname", "usename", "state", "wait_event_type", "wait_event", "query_id",
    "query_age_s", "xact_age_s", "blocked_by",
)  # fmt: skip

Row = dict[str, Any]


def database_name(simulation: Simulation, oid: int) -> str:
    """Return the name of a database."""
    number = oid - FIRST_DATABASE
    return simulation.profile.domain + (f"_{number}" if number else "")


def samples(simulation: Simulation, step: Step, rng: Generator) -> list[Row]:
    """Return the sessions that five samples in the window of *step* see."""
    if step.work is None:
        return []
    rows = _working(simulation, step, rng)
    for nth in range(SAMPLES):
        rows += _waiting(simulation, step, nth, rng)
    rows.sort(key=lambda row: int(row["sample_ts"]))
    return rows


def _moment(step: Step, nth: int) -> int:
    return step.taken_us - 60_000_000 + int((nth + 0.5) * 60_000_000 / SAMPLES)


def _row(simulation: Simulation, step: Step, nth: int, statement: int, age_s: float, rng: Generator) -> Row:
    key = simulation.keys[statement]
    role = int(key["userid"]) - FIRST_ROLE
    return {
        "sample_ts": _moment(step, nth), "window": step.window, "pid": 2000 + int(rng.integers(0, 60)) + 100 * role,
        "datname": database_name(simulation, int(key["dbid"])), "usename": role_name(role), "state": "active",
        "wait_event_type": None, "wait_event": None, "query_id": int(key["queryid"]), "query_age_s": age_s,
        "xact_age_s": age_s * float(1 + rng.exponential(0.5)), "blocked_by": None,
    }  # fmt: skip


def role_name(role: int) -> str:
    """Return the name of a role by its number; -1 is the watcher."""
    return "monitor" if role < 0 else ROLES[role % len(ROLES)] + ("" if role < len(ROLES) else str(role // len(ROLES)))


def _working(simulation: Simulation, step: Step, rng: Generator) -> list[Row]:
    work = step.work
    assert work is not None
    took_ms = work.sums["total_ms"]
    load = float(took_ms.sum()) / 1000 / simulation.profile.real_window_s
    seen = int(rng.poisson(min(load, 200.0) * SAMPLES))
    if not seen:
        return []
    which = rng.choice(len(took_ms), seen, p=took_ms / took_ms.sum())
    rows = []
    for place in which:
        a_call_s = took_ms[place] / work.sums["calls"][place] / 1000
        row = _row(simulation, step, int(rng.integers(0, SAMPLES)), int(work.at[place]), a_call_s * rng.random(), rng)
        if rng.random() < work.sums["io_read_ms"][place] / max(took_ms[place], 1e-9):
            row |= {"wait_event_type": "IO", "wait_event": "DataFileRead"}
        rows.append(row)
    return rows


def _waiting(simulation: Simulation, step: Step, nth: int, rng: Generator) -> list[Row]:
    rows: list[Row] = []
    for wait in step.waits:
        for _ in range(int(rng.poisson(min(wait.sessions, 30.0)))):
            row = _row(simulation, step, nth, wait.statement, wait.seconds * float(rng.random()), rng)
            row["pid"] = 9000 + len(rows)
            row |= {
                "wait_event_type": "Lock",
                "wait_event": "relation" if wait.relation else "transactionid",
                "blocked_by": f"{{{BLOCKER_PID}}}",
            }
            rows.append(row)
    if rows:
        holder = dict(rows[0])
        holder |= {
            "pid": BLOCKER_PID, "state": "idle in transaction", "wait_event_type": "Client",
            "wait_event": "ClientRead", "blocked_by": None, "query_id": int(simulation.keys[0]["queryid"]),
        }  # fmt: skip
        rows.append(holder)
    return rows
