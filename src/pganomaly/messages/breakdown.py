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


def table(speaker: Speaker, explanation: Explanation) -> str:
    """Return the table; nothing where no factor is known."""
    factors = [f for f in explanation.factors if f.value is not None]
    if not factors:
        return ""
    parts = [p for p in explanation.parts if p.value and (p.factor is None or not 1 / CHANGED < p.factor < CHANGED)]
    rows = [_row(speaker, f, explanation.total) for f in (explanation.total, *factors, *parts)]
    heads = ("", speaker.say("usually"), speaker.say("now"), "", speaker.say("share"))
    return _aligned([heads, *rows])


def _row(speaker: Speaker, factor: Factor, total: Factor) -> tuple[str, ...]:
    return (
        speaker.say(LABELS[factor.name]),
        _amount(speaker, factor, factor.usual),
        _amount(speaker, factor, factor.value),
        speaker.factor(factor.factor),
        _share(speaker, factor, total) if factor.name in ("calls", "work", "pace") else "",
    )


def _amount(speaker: Speaker, factor: Factor, value: float | None) -> str:
    if value is None:
        return "–"
    if factor.unit == "blocks":
        return speaker.quantity(value * BLOCK_BYTES, "bytes")
    return speaker.quantity(value, factor.unit)


def _share(speaker: Speaker, factor: Factor, total: Factor) -> str:
    """Return the part of a factor in the whole: of logarithms, because factors multiply."""
    if not factor.factor or not total.factor or abs(log(total.factor)) < TELLING:
        return ""
    return speaker.quantity(log(factor.factor) / log(total.factor), "share")


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    kept = [n for n, width in enumerate(widths) if width]
    return "\n".join(
        "  ".join(row[n].ljust(widths[n]) if n == 0 else row[n].rjust(widths[n]) for n in kept).rstrip() for row in rows
    )
