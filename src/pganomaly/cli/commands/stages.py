"""The stages of the pipeline, one at a time: what the scripts run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import typer

from pganomaly import errors, settings
from pganomaly.cli.context import App, AsJson
from pganomaly.cli.told import hint
from pganomaly.clock import SystemClock
from pganomaly.collect import Target
from pganomaly.messages import sentences
from pganomaly.notify import channels
from pganomaly.service import courier, orders, stages
from pganomaly.storage import Lease, Store

CLOCK = SystemClock()


@dataclass(frozen=True)
class Stage:
    """One target in the store, ready for a stage."""

    store: Store
    target: Target
    instance_id: int


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("collect")(collect)
    app.command("rebuild")(rebuild)
    app.command("train")(train)
    app.command("detect")(detect)
    app.command("reset")(reset)


@contextmanager
def opened(run: App) -> Iterator[Iterator[Stage]]:
    """Open the store, bring its schema to this version, and give every target with its number."""
    targets = settings.targets(run.settings)
    with Store(settings.store(run.settings)) as store:
        store.migrate()
        yield (Stage(store, t, stages.instance_of(store, t)) for t in targets)


@contextmanager
def held(run: App, stage: Stage, name: str) -> Iterator[Lease | None]:
    """Hold the target's lease, or say who does and give None: then there is nothing to do."""
    with ExitStack() as stack:
        try:
            lease = stack.enter_context(stages.hold(stage.store, stage.instance_id, f"pganomaly {name}"))
        except errors.LeaseHeld as error:
            run.print(run.speaker.error(error))
            lease = None
        yield lease


def collect(as_json: AsJson = False) -> int:
    """Take one snapshot and store what moved. Example: pganomaly collect"""
    run = App(as_json)
    done = []
    with opened(run) as every:
        for stage in every:
            with held(run, stage, "collect") as lease:
                if lease is None:
                    continue
                stored, snapshot = stages.collect(
                    stage.store, lease, stage.target, CLOCK, interval_s=run.settings.collect_interval
                )
                done.append({"server": stage.target.name, "rows": stored.rows, "snapshot_ts": snapshot.taken_at})
                run.say(
                    "{server}: snapshot {number} stored, rows: {rows}.",
                    server=stage.target.name, number=stored.snapshot_id, rows=stored.rows,
                )  # fmt: skip
                hint(run, stage.target.name, snapshot)
    return _answered(run, done)


def rebuild(
    what: Annotated[Literal["deltas", "features", "lexical", "all"], typer.Argument(help="The stage to do.")] = "all",
    as_json: AsJson = False,
) -> int:
    """Compute what is stored but not yet computed: deltas, features, lexical. Example: pganomaly rebuild deltas"""
    run = App(as_json)
    steps = {"deltas": (_deltas,), "features": (_features,), "lexical": (_lexical,)}
    todo = steps.get(what, (_deltas, _features, _lexical))
    done = []
    with opened(run) as every:
        for stage in every:
            with held(run, stage, f"rebuild {what}") as lease:
                if lease is not None:
                    done += [{"server": stage.target.name, **step(run, stage, lease)} for step in todo]
    return _answered(run, done)


def _deltas(run: App, stage: Stage, lease: Lease) -> dict[str, object]:
    windows = stages.build_deltas(stage.store, lease)
    if windows is None:
        run.say(sentences.NOT_ENOUGH_SNAPSHOTS)
    elif windows == 0:
        run.say("{server}: deltas are up-to-date.", server=stage.target.name)
    else:
        run.count(
            "{server}: deltas of {n} window stored.", "{server}: deltas of {n} windows stored.",
            windows, server=stage.target.name,
        )  # fmt: skip
    return {"stage": "deltas", "windows": windows}


def _features(run: App, stage: Stage, lease: Lease) -> dict[str, object]:
    windows, rows = stages.build_features(stage.store, lease)
    if windows == 0:
        run.say("{server}: features are up-to-date.", server=stage.target.name)
    else:
        run.say(
            "{server}: features stored, windows: {windows}, rows: {rows}.",
            server=stage.target.name, windows=windows, rows=rows,
        )  # fmt: skip
    return {"stage": "features", "windows": windows, "rows": rows}


def _lexical(run: App, stage: Stage, lease: Lease) -> dict[str, object]:
    rows = stages.build_lexical(stage.store, lease, CLOCK.now())
    if rows == 0:
        run.say(sentences.LEX_UP_TO_DATE)
    else:
        run.count(
            "{server}: lexical features of {n} text stored.", "{server}: lexical features of {n} texts stored.",
            rows, server=stage.target.name,
        )  # fmt: skip
    return {"stage": "lexical", "rows": rows}


def train(as_json: AsJson = False) -> int:
    """Train the model on the last seven days, or say what is missing. Example: pganomaly train"""
    run = App(as_json)
    done = []
    with opened(run) as every:
        for stage in every:
            trained = stages.train(
                stage.store, stage.instance_id, settings.model(run.settings), run.settings.model_file,
                at=CLOCK.now(), rng=np.random.default_rng(),
            )  # fmt: skip
            for part in trained.why:
                run.say(part.says, **part.facts)
            done.append({"server": stage.target.name, "trained": trained.model is not None})
    return _answered(run, done)


def detect(as_json: AsJson = False) -> int:
    """Score every window newer than the watermark and tell people. Example: pganomaly detect"""
    run = App(as_json)
    ways = channels(settings.notify(run.settings), run.speaker)
    done = []
    with opened(run) as every:
        for stage in every:
            with held(run, stage, "detect") as lease:
                if lease is not None:
                    done.append(_detected(run, stage, lease, [way.name for way in ways]))
            courier.deliver_once(stage.store, ways, CLOCK)
    return _answered(run, done)


def _detected(run: App, stage: Stage, lease: Lease, names: list[str]) -> dict[str, object]:
    chosen = run.settings
    rules = orders.rules(chosen)(stage.instance_id)
    model = stages.model_of(stage.store, stage.instance_id, chosen.alert_score_threshold)
    if model.facts is None:
        run.say("There is no model yet: the per-statement engine judges alone. To train one: pganomaly train")
    found, messages = stages.detect(
        stage.store, lease, rules, model,
        version=stages.version_of(model, chosen.model_version), server=stage.target.name, speaker=run.speaker,
        channels=names, at=CLOCK.now(), limit_rows=chosen.detect_batch_limit,
    )  # fmt: skip
    if found.windows == 0:
        run.say("{server}: no new window to score.", server=stage.target.name)
    else:
        run.say(
            "{server}: scored, windows: {windows}, rows: {rows}, anomalies: {anomalies}.",
            server=stage.target.name, windows=found.windows, rows=found.rows, anomalies=len(found.findings),
        )  # fmt: skip
    for message in messages:
        if message.kind.startswith("incident."):
            run.print(message.headline)
    if found.outcome.bad:
        run.print(sentences.streak(run.speaker, bad_runs=found.outcome.bad_runs, limit=rules.drift.consecutive_limit))
    if found.outcome.confirmed:
        run.print(sentences.drift(run.speaker, bad_runs=found.outcome.bad_runs))
    return {
        "server": stage.target.name,
        "windows": found.windows,
        "rows": found.rows,
        "anomalies": len(found.findings),
        "told": [message.headline for message in messages],
        "streak": found.outcome.streak.bad_runs,
        "drift_confirmed": bool(found.outcome.confirmed),
        "watermark": found.upto,
    }


def reset(as_json: AsJson = False) -> int:
    """Score stored windows again, from the first one, telling nobody; no data is lost. Example: pganomaly reset"""
    run = App(as_json)
    done = []
    with opened(run) as every:
        for stage in every:
            stage.store.reset(stage.instance_id)
            run.say("{server}: the detector is reset; stored windows are scored again.", server=stage.target.name)
            done.append({"server": stage.target.name, "reset": True})
    return _answered(run, done)


def _answered(run: App, done: list[dict[str, object]]) -> int:
    if run.as_json:
        run.answer(done)
    return 0
