"""What the user has set, as the service and the stages need it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pganomaly import settings
from pganomaly.collect import Target
from pganomaly.notify import NotifySettings
from pganomaly.pipeline import Rules
from pganomaly.service.plan import Plan
from pganomaly.settings import Settings
from pganomaly.storage import Retention
from pganomaly.training import ModelSettings

DAY_S = 86_400.0
GB = 1 << 30


@dataclass(frozen=True, slots=True)
class Orders:
    """
    Everything that a service is told.

    rules      of an instance, by its number
    threshold  the user's own for the forest; None leaves it to the model
    read_plans whether plans are read as evidence
    """

    targets: Sequence[Target]
    plan: Plan
    rules: Callable[[int], Rules]
    model: ModelSettings
    model_file: Path
    threshold: float | None
    retention: Retention
    notify: NotifySettings
    read_plans: bool = False


def of(chosen: Settings) -> Orders:
    """Return the orders that the settings are."""
    return Orders(
        targets=settings.targets(chosen),
        plan=plan(chosen),
        rules=rules(chosen),
        model=settings.model(chosen),
        model_file=chosen.model_file,
        threshold=chosen.alert_score_threshold,
        retention=retention(chosen),
        notify=settings.notify(chosen),
        read_plans=chosen.read_plans,
    )


def plan(chosen: Settings) -> Plan:
    """Return the rhythm."""
    return Plan(
        interval_s=chosen.collect_interval,
        baseline_windows=chosen.train_collect_iterations,
        baseline_interval_s=chosen.train_collect_sleep,
        retrain_interval_s=chosen.retrain_interval,
        retry_limit=chosen.train_retry_limit,
        batch_limit=chosen.detect_batch_limit,
    )


def rules(chosen: Settings) -> Callable[[int], Rules]:
    """Return what makes the rules of an instance."""
    return lambda instance_id: Rules(
        alerts=settings.alerts(chosen),
        drift=settings.drift(chosen),
        instance=instance_id,
        day_windows=DAY_S / chosen.collect_interval,
        baseline_windows=chosen.train_collect_iterations,
    )


def retention(chosen: Settings) -> Retention:
    """Return how long what is kept."""
    return Retention(
        raw=chosen.retain_raw,
        deltas=chosen.retain_deltas,
        features=chosen.retain_features,
        rollups=chosen.retain_rollups,
        scores=chosen.retain_scores,
        max_bytes=int(chosen.store_max_gb * GB),
    )
