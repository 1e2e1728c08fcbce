"""
Pictures of what the judge makes of a recording.

history   the recording through the judge: what it saw of every statement and expected of it, window by window
examples  which faults and statements show a step best, by rules
drawings  the pictures, one function each
svg       axes, lines, bands, marks
"""

from pathlib import Path

from benchmarks.pictures import drawings
from benchmarks.pictures import examples as choice
from benchmarks.pictures.history import History


def drawn(folder: Path, history: History, *, day_windows: float) -> dict[str, str]:
    """Return the pictures that this recording can show, by name; *folder* has its labels.csv."""
    faults, quiet = choice.labelled(folder, history)
    found: dict[str, str | None] = {"slow-host": drawings.slow_host(history, faults)}
    slower = choice.slower(history, faults)
    if slower:
        found["time-per-call"] = drawings.time_per_call(history, slower[0], faults)
        found["evidence"] = drawings.evidence(history, slower[0], faults)
        pair = choice.pair(history, slower, quiet)
        found["few-and-many"] = drawings.few_and_many(history, pair, faults) if pair is not None else None
    busier = choice.busier(history, faults)
    if busier is not None:
        found["calls"] = drawings.rhythm(history, busier, day_windows)
    return {name: picture for name, picture in sorted(found.items()) if picture is not None}
