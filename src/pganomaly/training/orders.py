"""The order to fit a forest."""

from datetime import UTC, datetime

from numpy.random import Generator

from pganomaly.detectors import Facts, forest_request
from pganomaly.training.sample import TrainingSet
from pganomaly.training.settings import ModelSettings


def order(
    training: TrainingSet, settings: ModelSettings, *, number: int, trained_at: datetime, rng: Generator
) -> bytes:
    """Return what the child process (forest_request.COMMAND) reads: fit training *number* to these rows."""
    facts = Facts(
        model_version=f"{settings.version}.{number}",
        trained_at=trained_at.astimezone(UTC).isoformat(),
        since=training.since.isoformat(),
        until=training.until.isoformat(),
        rows=len(training),
        statements=training.statements,
        contamination=settings.contamination,
        n_estimators=settings.n_estimators,
        alert_quantile=settings.alert_quantile,
        seed=int(rng.integers(2**31)),
    )
    return forest_request.request(training.X, facts)
