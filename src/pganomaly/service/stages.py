"""
The stages of the pipeline one at a time: what the scripts do, and the service where it finds work left.

in    the store, the lease of one instance, what the user has set
out   rows, and how many
not   no loop and no waiting: each call does what there is to do and returns

Where another process holds the lease the caller never gets here: `hold` says who has it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from numpy.random import Generator

from pganomaly import deltas, errors, features, pipeline, training
from pganomaly.clock import Clock
from pganomaly.collect import KnownTexts, Session, Target
from pganomaly.detectors import Forest
from pganomaly.messages import Speaker
from pganomaly.pipeline import Rules
from pganomaly.records import Message, Shapes, Snapshot, TextState
from pganomaly.service import detecting, export, gate, restore, trainer
from pganomaly.service.detecting import Run
from pganomaly.service.learner import Trained
from pganomaly.storage import Holder, Lease, Store, Stored
from pganomaly.training import ModelSettings, NotEnough, Part

log: Any = structlog.get_logger()

SCRIPT_LEASE_S = 600.0
"""A script that dies on another host frees its instance after this; on the same host at once."""


@contextmanager
def hold(store: Store, instance_id: int, name: str) -> Iterator[Lease]:
    """Hold an instance for the time of a script; errors.LeaseHeld says who has it."""
    lease = store.acquire(instance_id, Holder.this(name), SCRIPT_LEASE_S)
    try:
        yield lease
    finally:
        store.release(lease)


def instance_of(store: Store, target: Target, system_identifier: int | None = None) -> int:
    """Return the number of a target in the store."""
    where = target.conninfo
    return store.instance(
        target.name, system_identifier=system_identifier, host=where.host, port=where.port, dbname=where.dbname
    )


def collect(store: Store, lease: Lease, target: Target, clock: Clock, *, interval_s: float) -> tuple[Stored, Snapshot]:
    """Take one snapshot and store what moved since the last one, with the texts that are new."""
    latest = store.latest(lease.instance_id)
    known = KnownTexts(store.read_texts(lease.instance_id))
    session = Session(target)
    try:
        reading = session.read(known, interval_s, clock.monotonic_s())
    finally:
        session.close()
    newest = latest.newest if latest else None
    snapshot = deltas.steady(newest, reading.snapshot)
    shapes = pipeline.describe(reading)
    with store.tick(lease) as work:
        stored = work.snapshot(
            snapshot,
            newest=newest,
            moved=deltas.moved(newest, snapshot),
            reference=deltas.reference(latest.reference if latest else None, snapshot),
            shapes=shapes,
        )
        work.queries(
            shapes,
            at=snapshot.taken_at,
            unread={t.key: t.state for t in reading.texts if t.state is not TextState.READ},
            databases=reading.databases,
            roles=reading.roles,
        )
    return stored, snapshot


def build_deltas(store: Store, lease: Lease) -> int | None:
    """Compute every window that is not computed yet and return how many; None while there are not two snapshots."""
    if len(store.newest_snapshots(lease.instance_id, 2)) < 2:  # noqa: PLR2004 - a window has two ends
        return None
    done = 0
    for pair in store.pending_deltas(lease.instance_id):
        window = deltas.between(pair.older, pair.newer, usual_s=pair.usual_s)
        with store.tick(lease) as work:
            work.window(window)
        done += 1
    return done


def build_features(store: Store, lease: Lease) -> tuple[int, int]:
    """Compute the features of every window that lacks them; return windows and rows."""
    windows = rows = 0
    for window in store.pending_features(lease.instance_id):
        with store.tick(lease) as work:
            work.features(features.build(window, Shapes()))
        windows, rows = windows + 1, rows + len(window)
    return windows, rows


def build_lexical(store: Store, lease: Lease, at: datetime) -> int:
    """Describe every text that is new or has changed; return how many rows that made or changed."""
    shapes = store.undescribed(lease.instance_id)
    if not shapes:
        return 0
    with store.tick(lease) as work:
        return work.lexical(shapes, at=at)


def detect(
    store: Store,
    lease: Lease,
    rules: Rules,
    model: Forest,
    *,
    version: str,
    server: str,
    speaker: Speaker,
    channels: Sequence[str],
    at: datetime,
    limit_rows: int,
) -> tuple[Run, tuple[Message, ...]]:
    """
    Score the windows after the watermark as one run, store what is anomalous, queue what people are told.

    One run scores at most *limit_rows* rows and never cuts a window in half; call again for what is left.
    """
    known = restore.texts(store, lease.instance_id)
    state = store.state(lease.instance_id)
    run = detecting.run(
        restore.judgement(store, lease.instance_id, rules, known),
        store.pending_detection(lease.instance_id, limit_rows=limit_rows),
        shapes=known.shapes,
        outsiders=known.outsiders,
        model=model,
        rules=rules,
        told_after=state.told_after if state else None,
    )
    if run.upto is None:
        return run, ()
    memory = pipeline.Memory(
        run.judgement, shapes=known.shapes, databases=known.known.names.databases, roles=known.known.names.roles
    )
    messages = pipeline.account(memory, run.changes, run.outcome, server=server, speaker=speaker, now=at)
    with store.tick(lease) as work:
        work.findings(version, run.findings)
        work.changes(run.changes)
        work.outbox(messages, channels, at=at)
        if work.state(run.upto, run.outcome.streak.bad_runs, seen=state):
            work.checkpoint(run.upto, restore.saved(run.judgement))
    return run, messages


def train(
    store: Store,
    instance_id: int,
    settings: ModelSettings,
    file: Path,
    *,
    at: datetime,
    rng: Generator,
    fit: Callable[[bytes], Forest] = trainer.fit,
) -> Trained:
    """
    Train on the last seven days; store, activate and export the model, or say exactly what is missing.

    A model that learned an open incident, or that does worse than the one in force, is kept out: that one stays.
    """
    since = at - training.PAST
    incidents = store.incidents_since(instance_id, since)
    sample = store.training_sample(
        instance_id, since=since, max_rows=training.MOST_ROWS, per_queryid=settings.max_samples_per_queryid, rng=rng
    )
    prepared = training.prepare(sample, settings, rng=rng, incidents=incidents)
    if isinstance(prepared, NotEnough):
        return Trained(None, training.describe(prepared), prepared)
    number = store.next_model_number(instance_id)
    model = fit(training.order(prepared, settings, number=number, trained_at=at, rng=rng))
    verdict = training.judge(prepared, settings, store.open_incidents(instance_id))
    champion = model_of(store, instance_id)
    against: tuple[Part, ...] = ()
    if verdict.accepted and champion.facts is not None:
        verdict = gate.compare(store, instance_id, champion, model, at=at, incidents=incidents)
        against = verdict.why
    if not verdict.accepted:
        store.put_refusal(instance_id, verdict.why, model_version=f"{settings.version}.{number}", at=at)
        return Trained(None, verdict.why, kept_out=bool(against))
    payload = model.dumps()
    store.put_model(
        instance_id,
        model_version=f"{settings.version}.{number}",
        trained_at=at,
        n_rows=len(prepared),
        n_statements=prepared.statements,
        threshold=model.threshold,
        manifest=asdict(model.facts) if model.facts else {},
        payload=payload,
    )
    said = exported(payload, export.path_for(file, instance_id), at)
    return Trained(model, (*training.describe(model), *against, *said))


def exported(payload: bytes, file: Path, at: datetime) -> tuple[Part, ...]:
    """Export a model that is stored and in force; return what people should know of that."""
    try:
        aside = export.set_aside(file, at)
        export.export(payload, file)
    except errors.ModelFileNotWritable as error:
        return (Part(error.template(), error.facts),)
    return (Part(export.SET_ASIDE, {"file": file, "aside": aside}),) if aside else ()


def model_of(store: Store, instance_id: int, threshold: float | None = None) -> Forest:
    """Return the model that speaks for an instance, with the user's own *threshold* if there is one."""
    stored = store.active_model(instance_id)
    if stored is None or not stored.intact:
        return Forest.untrained()
    try:
        model = Forest.loads(stored.payload)
    except errors.ModelFileError as error:
        # Another version made it. A new one is trained in its time; meanwhile the per-statement engine judges.
        log.warning("model.unusable", number=stored.number, reason=str(error))
        return Forest.untrained()
    return model if threshold is None else replace(model, threshold=threshold)


def version_of(model: Forest, version: str) -> str:
    """Return the name under which findings are stored: *version* and the training's number, 0 before the first."""
    return model.facts.model_version if model.facts else f"{version}.0"
