"""What was remembered, out of the store: after a restart, and for scripts that begin with nothing."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from pganomaly import errors
from pganomaly.collect import KnownTexts
from pganomaly.collect.names import outsiders
from pganomaly.pipeline import Judgement, Memory, Rules
from pganomaly.records import Outsiders, Shapes, TextState, keys_of
from pganomaly.service import detecting
from pganomaly.storage import Known, Store

log: Any = structlog.get_logger()

RELEARN = timedelta(days=1)
"""Without a checkpoint, so much of the stored past is learned again."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """What is known of texts and names: shapes for judging, and what need not be read again."""

    shapes: Shapes
    outsiders: Outsiders
    known: Known

    def read_before(self) -> KnownTexts:
        """Return what a session need not ask for."""
        return KnownTexts(keys_of(key for key, state in self.known.states.items() if state is TextState.READ))


def texts(store: Store, instance_id: int) -> Texts:
    """Return what the store knows of texts."""
    known = store.known(instance_id)
    names = known.names
    return Texts(Shapes() | known.shapes, outsiders(names.databases, names.roles), known)


def memory(store: Store, instance_id: int, rules: Rules) -> tuple[Memory, Texts]:
    """Return what the service remembered when it last wrote, its numbers exactly; empty for a new server."""
    known = texts(store, instance_id)
    latest = store.latest(instance_id)
    return (
        Memory(
            judgement=judgement(store, instance_id, rules, known),
            snapshot=latest.newest if latest else None,
            reference=latest.reference if latest else None,
            shapes=known.shapes,
            databases=known.known.names.databases,
            roles=known.known.names.roles,
            outsiders=known.outsiders,
        ),
        known,
    )


def judgement(store: Store, instance_id: int, rules: Rules, known: Texts) -> Judgement:
    """
    Return what was learned up to the watermark: the last checkpoint, and the windows since.

    Incidents are read from their table, as people have left them, never replayed.
    """
    state = store.state(instance_id)
    if state is None or state.last_window_end is None:
        return Judgement.empty(rules)
    open_now = store.open_incidents(instance_id)
    start, after = _checkpoint(store, instance_id, rules)
    since = max(after, state.last_window_end - RELEARN) if after else state.last_window_end - RELEARN
    learned = detecting.learn(
        start,
        store.windows(instance_id, since, state.last_window_end),
        shapes=known.shapes,
        outsiders=known.outsiders,
        rules=rules,
    )
    streak = replace(learned.streak, bad_runs=state.streak)
    return replace(learned, desk=learned.desk.with_open(open_now), streak=streak)


def _checkpoint(store: Store, instance_id: int, rules: Rules) -> tuple[Judgement, Any]:
    saved = store.checkpoint(instance_id)
    if saved is None:
        return Judgement.empty(rules), None
    try:
        return Judgement.loads(saved.payload, store.open_incidents(instance_id)), saved.window_end
    except (errors.ModelFileError, KeyError, ValueError, TypeError) as error:
        # Another version wrote it. What it knew is learned again from the stored windows.
        log.warning("checkpoint.unusable", reason=str(error))
        return Judgement.empty(rules), None
