"""How often things are done, and how much at once: the numbers of the user that concern the service."""

from dataclasses import dataclass

UNREACHABLE_INTERVALS = 2.0
"""A server that misses its second reading in a row is news; one lost packet is not."""
SILENT_INTERVALS = 5.0
"""Without a window for so many intervals, people are told that we are blind."""
BACKLOG_TICKS = 60
"""Ticks that wait in memory while the store is down; then we stop reading, and the next window is a long one."""
CHECKPOINT_S = 900.0
"""Seconds between two checkpoints; the windows since are replayed after a restart."""
UPKEEP_S = 600.0
"""Seconds between two rounds of partitions, retention and sums per hour."""
HOURLY_S = 3600.0
"""Seconds until training is tried again, once it has been tried often enough in a row."""
SAMPLE_S = 10.0
"""Seconds between two looks at who is at work: waits for locks show nowhere else while they last."""
SAMPLES = 3
"""At least so many parts has an interval, with a look between each two."""
LEASE_INTERVALS = 3.0
LEASE_AT_LEAST_S = 30.0


def sample_every_s(interval_s: float) -> float:
    """Return the seconds between two looks at who is at work, however short the interval of the ticks is."""
    return min(SAMPLE_S, interval_s / SAMPLES)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The user's rhythm.

    baseline_windows, baseline_interval_s  snapshots before the first model, and the seconds between them
    retry_limit                            trainings tried in a row before trying hourly only
    batch_limit                            rows that one run of the detector scores at most
    """

    interval_s: float = 60.0
    baseline_windows: int = 40
    baseline_interval_s: float = 10.0
    retrain_interval_s: float = 86_400.0
    retry_limit: int = 10
    batch_limit: int = 2000

    @property
    def lease_s(self) -> float:
        """Seconds that a lease lasts without being renewed by a tick."""
        slowest = max(self.interval_s, self.baseline_interval_s)
        return max(LEASE_INTERVALS * slowest, LEASE_AT_LEAST_S)
