"""Whether a trained model takes the place of the one in force."""

from collections.abc import Sequence
from dataclasses import dataclass

from pganomaly.messages import _
from pganomaly.records import Incident
from pganomaly.training.contest import Contest
from pganomaly.training.sample import NotEnough, TrainingSet, inside
from pganomaly.training.sentences import Part, describe
from pganomaly.training.settings import ModelSettings


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a trained model may be used, and why (not)."""

    accepted: bool
    why: tuple[Part, ...]


def judge(training: TrainingSet, settings: ModelSettings, incidents: Sequence[Incident]) -> Verdict:
    """
    Return whether a model of *training* may be used, given the *incidents* that are known now that it is trained.

    It may where it was trained on enough rows and none of them lies inside an open incident: one may have opened while
    the child was at work, with an onset before it.
    """
    missing = NotEnough(len(training), len(training), training.statements, settings)
    if missing.rows < settings.min_rows or missing.statements < settings.min_queryids:
        return Verdict(accepted=False, why=describe(missing))
    still_open = [i for i in incidents if i.closed_at is None]
    learned = int(inside(training.keys, training.window_end_us, still_open).sum())
    if learned:
        says = _("The new model is kept out: it would learn an open incident ({rows} of its rows lie inside).")
        return Verdict(accepted=False, why=(Part(says, {"rows": learned}),))
    return Verdict(accepted=True, why=describe(training))


def compare(found: Contest) -> Verdict:
    """Return whether a challenger that did as *found* takes the champion's place."""
    facts = {
        "rows": found.rows,
        "tried": found.tried,
        "alerts": found.alerts.of_challenger,
        "alerts_before": found.alerts.of_champion,
        "catches": found.catches.of_challenger,
        "catches_before": found.catches.of_champion,
    }
    if found.alerts_more:
        says = _(
            "The new model is kept out, the one in force stays: on {rows} recent rows it alerts {alerts} times, the one"
            " in force {alerts_before} times."
        )
        return Verdict(accepted=False, why=(Part(says, facts),))
    if found.catches_less:
        says = _(
            "The new model is kept out, the one in force stays: of {tried} slowdowns put into recent rows it catches"
            " {catches}, the one in force {catches_before}."
        )
        return Verdict(accepted=False, why=(Part(says, facts),))
    says = _(
        "Against the model before it, on {rows} recent rows: alerts {alerts}, before {alerts_before}; of {tried}"
        " slowdowns put into them caught {catches}, before {catches_before}."
    )
    return Verdict(accepted=True, why=(Part(says, facts),))
