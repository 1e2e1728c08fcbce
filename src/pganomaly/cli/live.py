"""A server judged live from memory: a line per window, the news as it comes, and what takes the server's time."""

from collections.abc import Iterator
from threading import Event

import numpy as np
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pganomaly import errors
from pganomaly.cli.context import App
from pganomaly.cli.told import hint, latest, tell
from pganomaly.clock import Clock
from pganomaly.collect import Target
from pganomaly.messages.naming import name
from pganomaly.pipeline import Rules, Verdict
from pganomaly.records import Key, Message
from pganomaly.service import orders
from pganomaly.service.onlooker import Onlooker
from pganomaly.service.plan import sample_every_s
from pganomaly.service.schedule import Schedule, wait_looking

ROWS = 12
NEWS = 6
ODD = 6.0
"""From so many standard deviations on a statement stands out in the table."""


def show(app: App, target: Target, clock: Clock, *, interval_s: float, windows: int) -> None:
    """Watch until Ctrl-C, or for some *windows*; nothing is written anywhere."""
    rules = Rules(day_windows=orders.DAY_S / interval_s)
    onlooker = Onlooker(target, rules, app.speaker, clock, interval_s=interval_s, plans=app.settings.read_plans)
    try:
        stream = _verdicts(app, onlooker, clock, interval_s, windows)
        if app.as_json:
            for verdict in stream:
                app.line(_facts(onlooker, verdict))
        elif app.console.is_terminal:
            _table(app, onlooker, stream)
        else:
            said: dict[str | None, str] = {}
            for verdict in stream:
                _lines(app, onlooker, verdict, said)
    except KeyboardInterrupt:
        pass
    finally:
        onlooker.close()


def _verdicts(app: App, onlooker: Onlooker, clock: Clock, interval_s: float, windows: int) -> Iterator[Verdict]:
    """Yield a verdict per window; a reading that fails is said and tried again, but the first one must succeed."""
    schedule = Schedule(clock.monotonic_s(), interval_s)
    never = Event()
    done = 0
    while not windows or done < windows:
        try:
            verdict = onlooker.tick()
        except (errors.ConnectError, errors.TargetError) as error:
            if onlooker.memory.snapshot is None:
                raise
            app.print(app.speaker.error(error))
        else:
            if verdict.window is None:
                app.say("First snapshot: {entries} statements. A window follows every {interval}.",
                        entries=len(verdict.snapshot), interval=app.speaker.quantity(interval_s, "s"))  # fmt: skip
                hint(app, onlooker.target.name, verdict.snapshot)
            else:
                done += 1
                yield verdict
        due_s = schedule.next_after(clock.monotonic_s())
        wait_looking(clock, due_s, never, onlooker.sample, every_s=sample_every_s(interval_s))


def _lines(app: App, onlooker: Onlooker, verdict: Verdict, said: dict[str | None, str]) -> None:
    """Print a window and its news; *said* is the first line by incident, so that nothing is said twice."""
    app.print(_status(app, verdict))
    for message in onlooker.news(verdict):
        if said.get(message.about) != message.headline:
            tell(app, message)
        said[message.about] = message.headline


def _status(app: App, verdict: Verdict) -> str:
    window = verdict.window
    if window is None:
        return ""
    ms_per_s = float(window.deltas["total_exec_time"][window.keys["toplevel"]].sum()) / window.length_s
    return app.speaker.say(
        "{when}  {ran} statements ran, {load} of execution, {anomalies} anomalous, {incidents} incidents open",
        when=f"{window.end.astimezone(app.speaker.zone):%H:%M:%S}",
        ran=len(window),
        load=app.speaker.quantity(ms_per_s, "ms/s"),
        anomalies=len(verdict.findings),
        incidents=len(verdict.memory.judgement.desk.open),
    )


def _table(app: App, onlooker: Onlooker, stream: Iterator[Verdict]) -> None:
    news: list[Message] = []
    with Live(console=app.console, auto_refresh=False) as screen:
        for verdict in stream:
            news = latest(news, onlooker.news(verdict), NEWS)
            headlines = [Text(f"• {message.headline}") for message in news]
            screen.update(Group(Text(_status(app, verdict)), _busiest(app, verdict), *headlines), refresh=True)


def _busiest(app: App, verdict: Verdict) -> Table:
    """Return the statements that take the server's time or stand out, oddest first."""
    say, speaker = app.speaker.say, app.speaker
    table = Table(box=None, pad_edge=False, title=say("Oddest and busiest statements of this window"))
    for head in (say("query"), say("calls/s"), say("ms/call"), say("usually"), say("share"), say("surprise")):
        table.add_column(head, justify="left" if head == say("query") else "right", no_wrap=True)
    scores, matrix = verdict.scores, verdict.matrix
    if scores is None or matrix is None or not len(scores):
        return table
    share = matrix.features["db_time_share"]
    order = np.lexsort((-np.nan_to_num(share), -np.where(scores.surprise >= ODD, scores.surprise, 0.0)))
    exec_row = scores.channels.index("exec_time_per_call_ms")
    for column in order[~matrix.system[order]][:ROWS]:
        key = Key(*scores.keys[column].tolist())
        odd = bool(scores.odd[column])
        table.add_row(
            Text(name(speaker, verdict.memory.shapes.by_key.get(key), key), style="bold red" if odd else ""),
            speaker.number(float(matrix.features["calls_per_sec"][column])),
            speaker.number(float(matrix.features["exec_time_per_call_ms"][column])),
            speaker.quantity(float(scores.usual[exec_row, column]), "ms"),
            speaker.quantity(float(share[column]), "share"),
            speaker.number(float(scores.surprise[column])) if np.isfinite(scores.surprise[column]) else "–",
        )
    return table


def _facts(onlooker: Onlooker, verdict: Verdict) -> dict[str, object]:
    window = verdict.window
    return {
        "server": onlooker.target.name,
        "window_end": window.end if window else None,
        "quality": window.quality if window else None,
        "ran": len(window) if window else 0,
        "anomalies": verdict.findings,
        "incidents_open": [i.incident_id for i in verdict.memory.judgement.desk.open],
        "messages": [{"kind": m.kind, "text": [b.text for b in m.blocks]} for m in onlooker.news(verdict)],
    }
