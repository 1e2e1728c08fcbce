"""What people are told of a self-test: sentences and their facts, for a speaker of whatever language."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pganomaly.messages import _
from pganomaly.selftest.result import SHARES, Cell, NotEnough, SelfTest

TELLING_SIZE = 3.0
TELLING_SHARE = 0.01
ENOUGH = 20
"""Changes that a share must have been tried with before it is spoken of."""


class Part(NamedTuple):
    """One sentence: what it says in English, which is the key of its translation, and the facts in it."""

    says: str
    facts: Mapping[str, object]

    def __str__(self) -> str:
        """Return it in English."""
        return self.says.format(**self.facts)


def describe(result: SelfTest | NotEnough, past: Sequence[SelfTest] = ()) -> tuple[Part, ...]:
    """Return what a self-test found; false alarms are those of it and of *past* ones together."""
    if isinstance(result, NotEnough):
        return _missing(result)
    cell = telling(result)
    if cell is None:
        return (Part(_("Nothing could be tried on your traffic."), {}),)
    every = (result, *past)
    facts = {
        "times": f"{cell.size:g}",
        "minutes": _minutes(cell, result),
        "of_100": round(100 * cell.power),
        "alarms": f"{sum(t.alarms for t in every) / sum(t.days for t in every):.1f}",
    }
    if not cell.found:
        says = _("On your traffic a query that becomes {times}x slower is not found within {minutes} minutes.")
        return (Part(says, {**facts, "minutes": f"{result.patience * result.window_s / 60:.0f}"}),)
    if cell.share is None:
        says = _(
            "On your traffic a query that becomes {times}x slower is found in {minutes} minutes, {of_100} of 100 times,"
            " at {alarms} false alarms a day."
        )
        return (Part(says, facts),)
    says = _(
        "On your traffic a query with {percent} % of DB time that becomes {times}x slower is found in {minutes}"
        " minutes, {of_100} of 100 times, at {alarms} false alarms a day."
    )
    return (Part(says, {"percent": f"{100 * cell.share:g}", **facts}),)


def telling(result: SelfTest) -> Cell | None:
    """Return the cell that is spoken of: 1 % of DB time where there is such a query, else the next larger, else all."""
    for share in (s for s in SHARES if s >= TELLING_SHARE):
        cell = result.cell(TELLING_SIZE, share)
        if cell is not None and cell.tried >= ENOUGH:
            return cell
    return result.cell(TELLING_SIZE)


def _minutes(cell: Cell, result: SelfTest) -> str:
    minutes = (cell.delay or 0.0) * result.window_s / 60
    return f"{minutes:.0f}" if minutes >= 2 else f"{minutes:.1f}"  # noqa: PLR2004 - "1.0 minutes", but "4 minutes"


def _missing(short: NotEnough) -> tuple[Part, ...]:
    if not short.statements:
        return (Part(_("Nothing to try: no query of yours runs most of the time."), {}),)
    says = _("Too little is stored to try anything: {windows} of {needed} windows.")
    return (Part(says, {"windows": short.windows, "needed": short.needed}),)
