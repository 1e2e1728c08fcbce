"""
Stored windows, scored: what the detection script does, and the service after a reset or a restart.

in    a Judgement, windows out of the store, a model
out   findings and changes of one run, and the Judgement after it
not   no reading of the watched server
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from pganomaly import features, pipeline
from pganomaly.detectors import Forest
from pganomaly.drift import Outcome
from pganomaly.pipeline import Judgement, Rules
from pganomaly.records import Change, Finding, Incident, Outsiders, Shapes, Window


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """
    What one run of the detector found.

    rows  scored; 0 where no window was waiting
    upto  end of the last window, None where none was waiting
    """

    judgement: Judgement
    outcome: Outcome
    windows: int = 0
    rows: int = 0
    upto: datetime | None = None
    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()


def run(
    judgement: Judgement,
    windows: Iterable[Window],
    *,
    shapes: Shapes,
    outsiders: Outsiders,
    model: Forest,
    rules: Rules,
    told_after: datetime | None = None,
) -> Run:
    """
    Score *windows*, oldest first, as one run.

    Incidents that opened at or before *told_after* are nobody's news any more: they are left out of the changes.
    """
    findings: list[Finding] = []
    changes: list[Change] = []
    significant: list[Incident] = []
    count = rows = 0
    upto: datetime | None = None
    for window in windows:
        matrix = features.build(window, shapes, outsiders)
        decision = pipeline.decide(judgement, matrix, model, rules, shapes=shapes)
        judgement = decision.judgement
        findings += decision.findings
        changes += [c for c in decision.changes if told_after is None or c.incident.opened_at > told_after]
        significant += [i for i in decision.significant if told_after is None or i.opened_at > told_after]
        count, rows, upto = count + 1, rows + len(window), window.end
    if upto is None:
        return Run(judgement, Outcome(judgement.streak, bad=False, bad_runs=judgement.streak.bad_runs))
    outcome, judgement = pipeline.conclude(judgement, significant, at=upto, rules=rules)
    return Run(judgement, outcome, count, rows, upto, tuple(findings), tuple(changes))


def learn(
    judgement: Judgement, windows: Iterable[Window], *, shapes: Shapes, outsiders: Outsiders, rules: Rules
) -> Judgement:
    """Return what was learned from *windows* that were judged before, telling nobody: the numbers after a restart."""
    streak = judgement.streak
    learned = run(
        judgement, windows, shapes=shapes, outsiders=outsiders, model=Forest.untrained(), rules=rules
    ).judgement
    return replace(learned, streak=streak)
