"""What one can see without a server of one's own: the demo, and a recording judged again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from pganomaly import errors, settings
from pganomaly.cli.context import App, AsJson
from pganomaly.messages import _
from pganomaly.pipeline import Rules
from pganomaly.replay import Recording
from pganomaly.replay import replay as replay_recording
from pganomaly.settings import Settings


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("demo")(demo)
    app.command("replay")(replay)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Unattended: exit 0 only if every fault was found.")] = False,
    as_json: AsJson = False,
) -> int:
    """Start a private PostgreSQL and a busy shop, do mischief, and show what is found. Example: pganomaly demo"""
    from pganomaly.demo import stage  # noqa: PLC0415 - the demo's server is an extra: only who shows it needs it

    run = App(as_json)
    return stage.play(run.console, run.speaker, once=once, as_json=as_json)


def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of the recording: meta.json and Parquet files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write detections, incidents, scores and summary to.")],
    given: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of a setting; may be repeated.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Begin at this moment (ISO 8601).")] = None,
    end: Annotated[str | None, typer.Option("--to", help="End at this moment (ISO 8601).")] = None,
    as_json: AsJson = False,
) -> int:
    """Send a recording through the judge. Example: pganomaly replay shop --out found --set ALERT_MIN_SHARE=0.01"""
    run = App(as_json)
    # A recording is judged by the defaults and by what --set says; this machine's environment has no part in it.
    chosen = settings.alone(_pairs(given or []))
    begin, stop = _moment("--from", start), _moment("--to", end)
    recording = Recording.open(folder)
    rules = Rules(
        alerts=settings.alerts(chosen), drift=settings.drift(chosen), day_windows=recording.day_windows,
        baseline_windows=chosen.train_collect_iterations,
    )  # fmt: skip
    with Progress(console=run.console, disable=as_json or not run.console.is_terminal) as bar:
        task = bar.add_task(folder.name, total=recording.meta.get("windows"))
        summary = replay_recording(
            recording, out, rules, run.speaker,
            start=begin, end=stop,
            progress=lambda windows, _: bar.update(task, completed=windows),
        )  # fmt: skip
    if as_json:
        run.answer(summary)
    else:
        run.say(
            "{windows} windows of {statements} statements in {seconds:.1f} s: {told} told, {digested} in the digest.",
            windows=summary.windows, statements=summary.statements, seconds=summary.seconds,
            told=summary.told, digested=summary.digested,
        )  # fmt: skip
    return 0


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = dict(entry.partition("=")[::2] for entry in given)
    unknown = [name for name in pairs if name.lower() not in Settings.model_fields]
    if unknown or any("=" not in entry for entry in given):
        raise _refused("--set", _("{given}: write NAME=VALUE, with the name of a variable"), unknown or given)
    return {name.lower(): value for name, value in pairs.items()}


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(option, _("{given} is no moment, write one like 2026-11-22T10:30"), [text]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refused(option: str, says: str, given: list[str]) -> errors.BadOption:
    complaint = errors.Complaint(option, says, {"given": ", ".join(given)})
    return errors.BadOption(complaints=errors.Complaints([complaint]))
