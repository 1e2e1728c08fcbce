"""
Each fault, done to a real server under a small lively workload, as people are told of it.

`make test` does every fault once, on the oldest and the newest PostgreSQL by turns; `make faults` does all on both, and
on those between where they differ.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.faults.cases import CASES, NOT_SURE, Case
from tests.faults.conftest import ROW, World
from tests.faults.run import Outcome
from tests.faults.watchman import Told

ENDS = (13, 18)
EVERYWHERE = os.environ.get("FAULTS") == "all"


def _plays() -> Iterator[object]:
    """Yield what is played where: all that is played on one server stands together, and is done by one worker."""
    once = {(case.name, ENDS[n % 2]) for n, case in enumerate(case for case in CASES if case.quick)}
    for major in sorted({major for case in CASES for major in case.majors}):
        for case in CASES:
            if (EVERYWHERE and major in case.majors) or (case.name, major) in once:
                yield pytest.param(
                    case, major, id=f"{case.name}-{major}", marks=pytest.mark.xdist_group(f"faults-{major}")
                )


@pytest.mark.parametrize(("case", "major"), [*_plays()])
def test_a_fault_is_one_message_about_the_right_statement(
    case: Case, major: int, world_of: Callable[[int], World], record_property: Callable[[str, object], None]
) -> None:
    outcome = world_of(major).play(case)
    record_property(ROW, _row(outcome))
    assert _headlines(outcome.before) == [], "told although all was quiet"
    assert outcome.opened, f"not told within {case.within} windows"
    assert len(outcome.opened) == 1, f"told more than once: {_headlines(outcome.opened)}"
    assert outcome.about in case.culprits, f"not about {case.culprits}: {_headlines(outcome.opened)}"
    assert outcome.strangers == [], "who has nothing to do with it stands in it"
    assert outcome.untold == [], f"does not stand in the message: {outcome.text}"
    if case.name not in NOT_SURE:
        assert outcome.right, f"why: {outcome.causes[:3]}"
        assert outcome.confirmed, f"the next step does not show {outcome.signs.row}: {outcome.shown}"
    assert len(outcome.resolved) == 1, f"not told once that it is over: {_headlines(outcome.resolved)}"


def _headlines(news: list[Told]) -> list[str]:
    return [told.message.headline for told in news]


def _row(outcome: Outcome) -> tuple[str, ...]:
    def windows(n: int | None) -> str:
        return "never" if n is None else str(n)

    return (
        outcome.case.name, str(outcome.major), windows(outcome.windows), windows(outcome.over),
        outcome.about or "–", _cause(outcome), " ".join(outcome.untold) or "all", _yes(outcome.confirmed),
        f"{outcome.evidence.cost_ms:.0f}" if outcome.evidence else "–",
        f"{outcome.starved:.0%}",
    )  # fmt: skip


def _cause(outcome: Outcome) -> str:
    """Return what people were told why, right or wrong."""
    if not outcome.causes:
        return "none"
    said = f"{outcome.causes[0].cause.value} {outcome.causes[0].probability:.0%}"
    return said if outcome.right else f"{said} (wrong)"


def _yes(true: bool) -> str:
    return "yes" if true else "no"
