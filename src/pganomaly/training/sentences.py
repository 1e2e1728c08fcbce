"""What people are told about a training: sentences and their facts, for a speaker of whatever language."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pganomaly.detectors import Forest
from pganomaly.messages import _
from pganomaly.training.sample import NotEnough, TrainingSet


class Part(NamedTuple):
    """One sentence: what it says in English, which is the key of its translation, and the facts in it."""

    says: str
    facts: Mapping[str, object]

    def __str__(self) -> str:
        """Return it in English."""
        return self.says.format(**self.facts)


def describe(result: TrainingSet | NotEnough | Forest) -> tuple[Part, ...]:
    """Return what a model is, or was, trained on, or exactly what is missing."""
    if isinstance(result, NotEnough):
        return _missing(result)
    if isinstance(result, TrainingSet):
        return (_trained_on(len(result), result.statements, result.since, result.until),)
    facts = result.facts
    if facts is None:
        return (Part(_("There is no model yet."), {}),)
    says = _("Model {model_version}: anomalous at or below {threshold:.4f}.")
    since, until = datetime.fromisoformat(facts.since), datetime.fromisoformat(facts.until)
    return (
        Part(says, {"model_version": facts.model_version, "threshold": result.threshold}),
        _trained_on(facts.rows, facts.statements, since, until),
    )


def _trained_on(rows: int, statements: int, since: datetime, until: datetime) -> Part:
    says = _("Trained on {rows} rows of {statements} statements, {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC.")
    return Part(says, {"rows": rows, "statements": statements, "since": since, "until": until})


def _missing(short: NotEnough) -> tuple[Part, ...]:
    settings = short.settings
    parts = []
    if short.statements < settings.min_queryids:
        says = _("Not enough different statements to train: {have} of {need} (MODEL_MIN_QUERYIDS).")
        parts.append(Part(says, {"have": short.statements, "need": settings.min_queryids}))
    if short.rows < settings.min_rows:
        says = _("Not enough rows to train: {have} of {need} (MODEL_MIN_ROWS).")
        parts.append(Part(says, {"have": short.rows, "need": settings.min_rows}))
    if short.rows < settings.min_rows <= short.found:
        says = _("There are {found} rows, and a statement contributes {most} at most (MODEL_MAX_SAMPLES_PER_QUERYID).")
        parts.append(Part(says, {"found": short.found, "most": settings.max_samples_per_queryid}))
    return tuple(parts)
