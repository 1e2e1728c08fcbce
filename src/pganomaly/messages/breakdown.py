"""
The arithmetic of an incident as a table: usually, now, how many times, and the share of each factor in the whole.

in    an Explanation
out   lines of equal columns, narrow enough for a telephone
"""

from math import log

from pganomaly.messages.marker import marked as _
from pganomaly.messages.quantity import BLOCK_BYTES
from pganomaly.messages.speaker import Speaker
from pganomaly.records import Explanation, Factor

LABELS = {
    "time": _("time"),
    "calls": _("calls"),
    "work": _("work a call"),
    "pace": _("time per block"),
    "rows": _("rows a call"),
    "hits": _("cached"),
    "reads": _("not cached"),
    "temp": _("spilled"),
    "wal": _("logged"),
}
TELLING = 0.2
"""How far, as a logarithm, the whole must be from the usual before shares of it mean anything."""
CHANGED = 1.3
"""A part of the work is worth a line from so many times the usual on, or below its inverse."""
LEAST: dict[str, float] = {"wal": 1024.0, "reads": 1.0, "temp": 1.0, "hits": 1.0, "rows": 1.0}
"""What a call must come to, in the unit of the part: bytes of log, blocks, rows."""
LEAST_SHARE = 0.01


def table(speaker: Speaker, explanation: Explanation) -> str:
    """Return the table; nothing where there is nothing to compare with, as of a new statement."""
    factors = [f for f in explanation.factors if f.value is not None]
    if not any(f.factor for f in factors):
        return ""
    total = [explanation.total] if explanation.total.value is not None else []
    parts = [p for p in explanation.parts if _changed(p)]
    shares = _shares(explanation)
    rows = [_row(speaker, f, shares.get(f.name, 0.0)) for f in (*total, *factors, *parts)]
    return _aligned(("", speaker.say("usually"), speaker.say("now"), "", speaker.say("share")), rows)


def _changed(part: Factor) -> bool:
    """Return whether a part of the work is worth a line: it is there, it is some, and it is not as ever."""
    if not part.value or max(part.value, part.usual or 0.0) < LEAST.get(part.name, 0.0):
        return False
    return part.factor is None or not 1 / CHANGED < part.factor < CHANGED


def _row(speaker: Speaker, factor: Factor, share: float) -> tuple[str, ...]:
    return (
        speaker.say(LABELS[factor.name]),
        _amount(speaker, factor, factor.usual),
        _amount(speaker, factor, factor.value),
        speaker.factor(factor.factor),
        speaker.quantity(round(share, 2), "share") if share >= LEAST_SHARE else "",
    )


def _amount(speaker: Speaker, factor: Factor, value: float | None) -> str:
    if value is None:
        return ""
    if factor.unit == "blocks":
        return speaker.quantity(value * BLOCK_BYTES, "bytes")
    return speaker.quantity(value, factor.unit)


def _shares(explanation: Explanation) -> dict[str, float]:
    """Return the part of each factor in the change, as logarithms: factors multiply. What opposes it has none."""
    whole = log(explanation.total.factor) if explanation.total.factor else 0.0
    if abs(whole) < TELLING:
        return {}
    pushes = {f.name: log(f.factor) / whole for f in explanation.factors if f.factor}
    all_of_them = sum(push for push in pushes.values() if push > 0)
    return {name: push / all_of_them for name, push in pushes.items() if push > 0}


def _aligned(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return equal columns; those without an entry are left out."""
    kept = [n for n in range(len(heads)) if any(row[n] for row in rows)]
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    return "\n".join(
        "  ".join(row[n].ljust(widths[n]) if n == 0 else row[n].rjust(widths[n]) for n in kept).rstrip()
        for row in (heads, *rows)
    )
