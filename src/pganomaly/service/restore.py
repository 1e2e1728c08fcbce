"""What was remembered, out of the store: after a restart, and for scripts that begin with nothing."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import structlog
from pydantic import ConfigDict, TypeAdapter

from pganomaly import errors
from pganomaly.collect import KnownTexts
from pganomaly.collect.names import outsiders
from pganomaly.detectors import modelfile
from pganomaly.pipeline import Judgement, Memory, Rules
from pganomaly.records import Incident, Outsiders, Shapes, TextState, keys_of
from pganomaly.service import detecting
from pganomaly.storage import Known, Store

log: Any = structlog.get_logger()

RELEARN = timedelta(days=1)
"""Without a checkpoint, so much of the stored past is learned again."""


_INCIDENTS = TypeAdapter(tuple[Incident, ...], config=ConfigDict(ser_json_inf_nan="constants"))


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

    What people have done to incidents stands in their table: only those that are open there are open.
    """
    state = store.state(instance_id)
    if state is None or state.last_window_end is None:
        return Judgement.empty(rules)
    open_now = store.open_incidents(instance_id)
    start, after = _checkpoint(store, instance_id, rules)
    since = max(after, state.last_window_end - RELEARN) if after else state.last_window_end - RELEARN
    try:
        learned = detecting.learn(
            start,
            store.windows(instance_id, since, state.last_window_end),
            shapes=known.shapes,
            outsiders=known.outsiders,
            rules=rules,
        )
    except (errors.StoreError, errors.ConnectError):
        raise
    except Exception:
        # Whatever one old window does to the engine, it must not keep us from watching for ever.
        log.exception("replay.failed", then="going on from the checkpoint")
        learned = start
    streak = replace(learned.streak, bad_runs=state.streak)
    return replace(learned, desk=learned.desk.with_open(_as_left(open_now, learned.desk.open)), streak=streak)


def _as_left(in_table: tuple[Incident, ...], replayed: tuple[Incident, ...]) -> tuple[Incident, ...]:
    """Return the incidents that are open in their table, with what only the replay knows of them."""
    known = {i.incident_id: i for i in replayed}
    return tuple(
        replace(
            known.get(i.incident_id, i),
            told=i.told,
            drift_announced=i.drift_announced,
        )
        for i in in_table
    )


def saved(judgement: Judgement) -> bytes:
    """Return a checkpoint: all that is learned, and the incidents as they are now, so that windows can be replayed."""
    parts = {"judgement": judgement.dumps(), "open": _INCIDENTS.dump_json(judgement.desk.open)}
    return modelfile.pack("checkpoint", {}, {name: np.frombuffer(part, np.uint8) for name, part in parts.items()})


def _checkpoint(store: Store, instance_id: int, rules: Rules) -> tuple[Judgement, Any]:
    found = store.checkpoint(instance_id)
    if found is None:
        return Judgement.empty(rules), None
    try:
        _, arrays = modelfile.unpack(found.payload, "checkpoint")
        open_then = _INCIDENTS.validate_json(arrays["open"].tobytes())
        return Judgement.loads(arrays["judgement"].tobytes(), open_then), found.window_end
    except (errors.ModelFileError, KeyError, ValueError, TypeError) as error:
        # Another version wrote it. What it knew is learned again from the stored windows.
        log.warning("checkpoint.unusable", reason=str(error))
        return Judgement.empty(rules), None
