"""
The contest between the model in force and a new one, on the last day's stored windows.

in    a store, two forests
out   a training.Verdict
not   no model is stored or activated: stages.train does that
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pganomaly import features, selftest, training
from pganomaly.detectors import Forest
from pganomaly.records import Incident, Matrix, Quality, Window
from pganomaly.service import restore
from pganomaly.storage import Store
from pganomaly.training import Verdict

RECENT = timedelta(days=1)
MOST_WINDOWS, MOST_ROWS = 96, 10_000
"""Windows that are shown, evenly over the last day; fewer where more statements run than come to so many rows."""
SIZES = (3.0, 10.0)
"""Times slower that calls are made."""


def compare(
    store: Store, instance_id: int, champion: Forest, challenger: Forest, *, at: datetime, incidents: Sequence[Incident]
) -> Verdict:
    """Return whether *challenger* may take the place of *champion*; rows of *incidents* count for neither."""
    known = restore.texts(store, instance_id)

    def shown() -> Iterator[tuple[Matrix, Sequence[Matrix]]]:
        for window in _recent(store, instance_id, at):
            plain = features.build(window, known.shapes, known.outsiders)
            left_out = plain.system | _inside(window, incidents)
            slowed = (
                features.build(selftest.slower(window, np.full(len(window), size)), known.shapes, known.outsiders)
                for size in SIZES
            )
            yield replace(plain, system=left_out), [replace(m, system=left_out) for m in slowed]

    return training.compare(training.contest(champion, challenger, shown()))


def _recent(store: Store, instance_id: int, at: datetime) -> Iterator[Window]:
    """Yield windows evenly spread over the last day."""
    stored = [
        header
        for header in store.snapshots_after(instance_id, at - RECENT)
        if header.quality is Quality.OK and header.deltas_at is not None and header.statements
    ]
    rows = sum(header.statements or 0 for header in stored) / max(len(stored), 1)
    most = int(max(min(MOST_WINDOWS, MOST_ROWS / max(rows, 1.0)), 1))
    for place in np.unique(np.linspace(0, len(stored) - 1, most).round().astype(int)) if stored else ():
        yield from store.windows(instance_id, stored[place].window_start, stored[place].snapshot_ts)


def _inside(window: Window, incidents: Sequence[Incident]) -> NDArray[np.bool_]:
    ends = np.full(len(window), round(window.end.timestamp() * 1e6))
    return training.inside(window.keys, ends, incidents)
