"""
The servers, one line of character each. Everything that is not said here is drawn from the seed.

No number here or elsewhere in this package is taken from a recording: servers differ from each other in everything,
and what they have in common is how PostgreSQL counts.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Profile:
    """
    What kind of server this is.

    statements       in use, transactions and nested ones included
    calls_per_s      of all together at an average hour
    load             sessions that work at the same time on average; cores is what they have for it
    day_windows      windows of one cycle of the day; weekly says whether weekends differ
    train_windows    windows before anything is injected
    extension        of pg_stat_statements: 1.9 and 1.10 do not date their entries
    spread           how widely rates are spread (deviation of the logarithm)
    wander           how far flows wander from their rhythm (deviation of the logarithm, autocorrelated)
    bursty           share of flows that come in bursts
    modal            share of statements that change between two plans by themselves
    tail             how heavy the times of single calls are (coefficient of variation of a typical statement)
    stall_windows    windows between two short stalls of everything
    checkpoint       windows between two checkpoints
    memory           how far the cache's misses wander (deviation of the logarithm, autocorrelated)
    jobs             batch jobs on schedules
    adhoc            statements a window that are never seen again
    growth           growth of traffic and data per day of the rhythm
    entries_max      pg_stat_statements.max
    track_all        nested statements are counted, too
    style            how its application writes SQL
    """

    name: str
    domain: str
    statements: int
    calls_per_s: float
    load: float
    cores: int = 8
    tables: int = 24
    roles: int = 5
    databases: int = 1
    windows: int = 1900
    train_windows: int = 640
    day_windows: int = 400
    weekly: bool = False
    real_window_s: float = 1.0
    extension: str = "1.12"
    spread: float = 1.8
    wander: float = 0.15
    bursty: float = 0.1
    modal: float = 0.03
    tail: float = 0.8
    stall_windows: float = 90
    checkpoint: int = 45
    memory: float = 0.25
    jobs: int = 5
    adhoc: float = 0.0
    growth: float = 0.0
    entries_max: int = 5000
    track_all: bool = False
    style: str = "plain"

    @property
    def dated(self) -> bool:
        """Whether its extension says when each entry began."""
        return self.extension not in ("1.9", "1.10")

    @property
    def major(self) -> int:
        """The PostgreSQL that ships its extension."""
        return {"1.9": 14, "1.10": 16, "1.11": 17, "1.12": 18}[self.extension]


_SERVERS = (
    Profile("tune-clinic", "clinic", 90, 140, 0.6, cores=4, tables=16, roles=4, day_windows=300, wander=0.2),
    Profile(
        "tune-freight", "freight", 420, 700, 2.4, tables=40, roles=7, databases=2, windows=2100, train_windows=720,
        day_windows=720, extension="1.11", spread=2.4, bursty=0.2, jobs=9, style="orm", track_all=True,
    ),
    Profile(
        "tune-arcade", "arcade", 160, 2600, 3.0, cores=16, tables=14, roles=3, day_windows=240, weekly=True,
        wander=0.3, bursty=0.3, tail=1.5, stall_windows=45, memory=0.1, jobs=3,
    ),
    Profile(
        "tune-school", "school", 60, 25, 0.25, cores=2, tables=20, roles=4, windows=1800, train_windows=600,
        day_windows=480, extension="1.10", spread=2.2, wander=0.35, checkpoint=20, memory=0.5, jobs=4, style="orm",
    ),
    Profile(
        "tune-press", "press", 1100, 420, 1.8, tables=60, roles=8, databases=3, windows=2000, day_windows=1000,
        real_window_s=60.0, spread=2.6, modal=0.06, tail=1.2, adhoc=0.4, growth=0.05, jobs=12, style="mixed",
    ),
    Profile(
        "tune-sensors", "sensors", 45, 900, 1.4, cores=4, tables=10, roles=3, windows=2200, train_windows=800,
        day_windows=1440, real_window_s=60.0, extension="1.9", wander=0.08, bursty=0.05, growth=0.1, checkpoint=5,
        jobs=6,
    ),
    Profile(
        "tune-forum", "forum", 240, 260, 1.1, tables=30, roles=4, windows=1900, day_windows=360, extension="1.11",
        spread=2.0, wander=0.25, modal=0.08, tail=2.0, memory=0.6, stall_windows=30, adhoc=1.5, entries_max=1200,
        style="orm",
    ),
    Profile(
        "tune-metro", "freight", 900, 1500, 3.5, cores=24, tables=70, roles=10, databases=3, windows=1500,
        train_windows=520, day_windows=560, real_window_s=60.0, spread=2.9, adhoc=1.0, jobs=24, growth=0.03,
        tail=1.6, bursty=0.25, modal=0.05, stall_windows=70, style="mixed",
    ),
    Profile(
        "tune-pulse", "sensors", 140, 300, 1.6, cores=8, tables=22, roles=5, windows=1700, train_windows=560,
        day_windows=180, weekly=True, spread=2.5, wander=0.3, bursty=0.35, tail=2.2, modal=0.08, stall_windows=40,
        memory=0.5, checkpoint=12, jobs=9, adhoc=0.3,
    ),
    Profile(
        "hold-bank", "bank", 650, 1200, 4.0, cores=16, tables=48, roles=9, databases=2, windows=2000, day_windows=500,
        extension="1.11", spread=2.3, jobs=14, track_all=True, wander=0.12, style="mixed",
    ),
    Profile(
        "hold-tickets", "tickets", 130, 480, 1.2, tables=18, roles=5, windows=1900, day_windows=320, wander=0.4,
        bursty=0.45, tail=1.4, stall_windows=60, weekly=True, style="orm",
    ),
    Profile(
        "hold-telecom", "telecom", 1900, 3200, 6.0, cores=32, tables=110, roles=12, databases=4, windows=1600,
        train_windows=560, day_windows=640, real_window_s=60.0, extension="1.11", spread=2.8, adhoc=0.8, jobs=25,
        growth=0.04,
    ),
    Profile(
        "hold-library", "library", 42, 12, 0.12, cores=2, tables=12, roles=3, windows=2000, day_windows=260,
        extension="1.10", spread=1.6, wander=0.45, memory=0.7, checkpoint=15, jobs=3,
    ),
    Profile(
        "hold-farm", "farm", 75, 75, 0.5, cores=2, tables=15, roles=4, windows=2200, train_windows=800,
        day_windows=1440, real_window_s=60.0, spread=2.0, tail=2.4, modal=0.1, stall_windows=25, checkpoint=10,
        style="mixed",
    ),
    Profile(
        "hold-hotel", "hotel", 310, 340, 1.6, tables=34, roles=6, windows=1950, day_windows=200, weekly=True,
        extension="1.12", spread=2.1, memory=0.4, modal=0.05, adhoc=2.0, entries_max=1500, growth=0.01, jobs=8,
        style="orm", track_all=True,
    ),
)  # fmt: skip

_QUIET = (
    Profile("quiet-depot", "freight", 320, 500, 2.0, tables=36, roles=6, jobs=10, weekly=True, tail=1.0),
    Profile(
        "quiet-studio", "press", 620, 900, 2.6, tables=50, roles=9, databases=2, jobs=14, wander=0.3, bursty=0.25,
        modal=0.06, adhoc=0.3, growth=0.01, extension="1.11", spread=2.4, style="orm", weekly=True,
    ),
    Profile(
        "quiet-exchange", "bank", 1000, 2500, 5.0, cores=32, tables=80, roles=12, databases=3, jobs=20, wander=0.2,
        bursty=0.3, modal=0.05, tail=1.5, stall_windows=120, memory=0.4, adhoc=0.5, growth=0.01, spread=2.6,
        style="mixed", weekly=True, track_all=True,
    ),
    Profile("quiet-giant", "telecom", 5000, 9000, 12.0, cores=64, tables=200, roles=20, databases=4, jobs=40,
            wander=0.2, bursty=0.2, modal=0.04, tail=1.2, adhoc=0.5, growth=0.01, spread=2.8, entries_max=10000,
            style="mixed", weekly=True),
)  # fmt: skip

_QUIET_LENGTH = {"windows": 14 * 1440, "train_windows": 14 * 1440, "day_windows": 1440, "real_window_s": 60.0}

PROFILES = {p.name: p for p in _SERVERS} | {
    p.name: replace(p, **_QUIET_LENGTH)  # type: ignore[arg-type]  # numbers where numbers belong
    for p in _QUIET
}
"""Every server by its name: tune-* to develop on, hold-* to measure on, quiet-* where nothing goes wrong for weeks."""
