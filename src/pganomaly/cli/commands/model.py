"""The model in force, those before it, and what would be caught."""

from contextlib import nullcontext
from typing import Annotated

import typer
from rich.progress import Progress

from pganomaly import errors, selftest
from pganomaly.cli.commands.stages import CLOCK, Stage, opened
from pganomaly.cli.context import App, AsJson
from pganomaly.messages import _
from pganomaly.selftest import SIZES, NotEnough, SelfTest
from pganomaly.selftest.result import SHARES
from pganomaly.service import orders, selftests, stages
from pganomaly.service.export import path_for
from pganomaly.storage.models import Kept

_LIST = (
    _("server"), _("number"), _("in force"), _("model"), _("trained"), _("rows"), _("statements"), _("threshold"),
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add these commands."""
    model = typer.Typer(help="Look after the model: which one speaks, and what would be caught.", no_args_is_help=True)
    model.command("list")(list_)
    model.command("show")(show)
    model.command("rollback")(rollback)
    model.command("evaluate")(evaluate)
    app.add_typer(model, name="model")


def list_(as_json: AsJson = False) -> int:
    """List every model that is kept, newest first. Example: pganomaly model list"""
    run = App(as_json)
    with opened(run) as every:
        found = [(stage.target.name, kept) for stage in every for kept in stage.store.models(stage.instance_id)]
    if as_json:
        run.answer([{"server": server, **_facts(kept)} for server, kept in found])
    elif not found:
        run.say("There is no model yet.")
    else:
        run.table(_LIST, [_row(run, server, kept) for server, kept in found])
    return 0


def show(as_json: AsJson = False) -> int:
    """Show the model in force, which one was last kept out, and the last self-test. Example: pganomaly model show"""
    run = App(as_json)
    with opened(run) as every:
        done = [_shown(run, stage) for stage in every]
    if as_json:
        run.answer(done)
    return 0


def rollback(
    number: Annotated[int | None, typer.Argument(help="Number of the model; the one before by default.")] = None,
    as_json: AsJson = False,
) -> int:
    """Have an earlier model speak again, also in a running service. Example: pganomaly model rollback"""
    run = App(as_json)
    done = []
    with opened(run) as every:
        for stage in every:
            before = stage.store.model_number(stage.instance_id)
            chosen = number if number is not None else _earlier(stage, before)
            stage.store.activate_model(stage.instance_id, chosen)
            run.say(
                "{server}: model {number} speaks instead of {before}; a running service notices at its next tick.",
                server=stage.target.name, number=chosen, before=before,
            )  # fmt: skip
            _export(run, stage)
            done.append({"server": stage.target.name, "number": chosen, "before": before})
    if as_json:
        run.answer(done)
    return 0


def evaluate(
    seed: Annotated[int, typer.Option("--seed", help="Of the moments and statements that are tried.")] = 1,
    as_json: AsJson = False,
) -> int:
    """Make copies of your queries slower: how many are found, how soon? Example: pganomaly model evaluate --json"""
    run = App(as_json)
    with opened(run) as every:
        done = [_evaluated(run, stage, seed) for stage in every]
    if as_json:
        run.answer(done)
    return 0


def _facts(kept: Kept) -> dict[str, object]:
    return {name: getattr(kept, name) for name in Kept.__dataclass_fields__}


def _row(run: App, server: str, kept: Kept) -> tuple[str, ...]:
    return (
        server,
        str(kept.number),
        "*" if kept.active else "",
        kept.model_version,
        run.speaker.when(kept.trained_at, CLOCK.now()),
        str(kept.n_rows),
        str(kept.n_statements),
        f"{kept.threshold:.4f}",
    )


def _earlier(stage: Stage, before: int) -> int:
    earlier = [kept.number for kept in stage.store.models(stage.instance_id) if kept.number < before]
    if not earlier:
        raise errors.NoEarlierModel
    return max(earlier)


def _export(run: App, stage: Stage) -> None:
    model = stage.store.active_model(stage.instance_id)
    if model is not None:
        file = path_for(run.settings.model_file, stage.instance_id)
        for part in stages.exported(model.payload, file, CLOCK.now()):
            run.say(part.says, **part.facts)


def _shown(run: App, stage: Stage) -> dict[str, object]:
    active = next((kept for kept in stage.store.models(stage.instance_id) if kept.active), None)
    refused = next(iter(stage.store.refusals(stage.instance_id)), None)
    nights = stage.store.selftests(stage.instance_id, selftests.NIGHTS)
    if active is None:
        run.say("{server}: there is no model yet; the per-statement engine judges alone.", server=stage.target.name)
    else:
        run.say(
            "{server}: model {version}, trained {when} on {rows} rows of {statements} statements.",
            server=stage.target.name, version=active.model_version, when=run.speaker.when(active.trained_at),
            rows=active.n_rows, statements=active.n_statements,
        )  # fmt: skip
    if refused is not None:
        run.say("Last model that was kept out, {when}:", when=run.speaker.when(refused.refused_at))
        for part in refused.why:
            run.say(part.says, **part.facts)
    said = _said(run, nights[0].result, [night.result for night in nights[1:]]) if nights else []
    for sentence in said:
        run.print(sentence)
    return {
        "server": stage.target.name,
        "model": _facts(active) if active else None,
        "kept_out": {
            "at": refused.refused_at,
            "model_version": refused.model_version,
            "why": [run.speaker.say(part.says, **part.facts) for part in refused.why],
        }
        if refused
        else None,
        "self_test": {"at": nights[0].tested_at, "says": said, **_measured(nights[0].result)} if nights else None,
    }


def _evaluated(run: App, stage: Stage, seed: int) -> dict[str, object]:
    rules = orders.rules(run.settings)(stage.instance_id)
    shown = not run.as_json and run.console.is_terminal
    with Progress(console=run.console) if shown else nullcontext() as bar:
        task = bar.add_task(stage.target.name, total=1.0) if bar is not None else None
        result = selftests.evaluate(
            stage.store, stage.instance_id, rules, CLOCK, seed=seed,
            progress=None if bar is None or task is None else lambda done: bar.update(task, completed=done),
        )  # fmt: skip
    if isinstance(result, NotEnough):
        said = _said(run, result)
        for sentence in said:
            run.print(f"{stage.target.name}: {sentence}")
        return {"server": stage.target.name, "tested": False, "says": said}
    past = [night.result for night in stage.store.selftests(stage.instance_id, selftests.NIGHTS)][1:]
    said = _said(run, result, past)
    if not run.as_json:
        run.say("{server}: slowdowns found of 100, and how soon half of them were:", server=stage.target.name)
        run.table((_("share of DB time"), _("tried"), *(f"×{size:g}" for size in SIZES)), _power(run, result))
    for sentence in said:
        run.print(f"{stage.target.name}: {sentence}")
    return {"server": stage.target.name, "tested": True, "says": said, **_measured(result)}


def _said(run: App, result: SelfTest | NotEnough, past: list[SelfTest] | None = None) -> list[str]:
    return [run.speaker.say(part.says, **part.facts) for part in selftest.describe(result, past or [])]


def _power(run: App, result: SelfTest) -> list[tuple[str, ...]]:
    """Return how many of 100 changes were found and how soon, a row per share of DB time, a column per size."""
    rows = []
    for share in (None, *SHARES):
        cells = [result.cell(size, share) for size in SIZES]
        if any(cells):
            name = run.speaker.say("all statements") if share is None else f"{100 * share:g} %"
            tried = max(cell.tried for cell in cells if cell)
            rows.append((name, str(tried), *(_cell(run, result, size, share) for size in SIZES)))
    return rows


def _cell(run: App, result: SelfTest, size: float, share: float | None) -> str:
    cell = result.cell(size, share)
    if cell is None or not cell.tried:
        return "–"
    if cell.delay is None:
        return "0"
    return f"{round(100 * cell.power)} · {run.speaker.quantity(cell.delay * result.window_s, 's')}"


def _measured(result: SelfTest) -> dict[str, object]:
    cells = [
        {
            "slower": cell.size,
            "share": cell.share,
            "tried": cell.tried,
            "statements": cell.statements,
            "found": cell.found,
            "power": cell.power,
            "delay_windows": cell.delay,
            "late_delay_windows": cell.late_delay,
        }
        for cell in result.cells
    ]
    whole = ("since", "upto", "windows", "window_s", "statements", "other_statements", "patience", "alarms", "days")
    return {**{name: getattr(result, name) for name in whole}, "cells": cells}
