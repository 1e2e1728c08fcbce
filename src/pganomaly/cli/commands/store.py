"""The store: what is in it, how large it is, whether the service is alive."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from pganomaly import errors, settings
from pganomaly.cli.context import App, AsJson
from pganomaly.clock import SystemClock
from pganomaly.messages import _, sentences
from pganomaly.service import orders, overview
from pganomaly.service.overview import Status
from pganomaly.service.plan import SILENT_INTERVALS
from pganomaly.settings.variables import asked_duration
from pganomaly.storage import Store, forecast

CLOCK = SystemClock()
_STATUS = (
    _("server"), _("last window"), _("statements"), _("quality"), _("incidents open"), _("model"), _("collected by"),
)  # fmt: skip


@contextmanager
def opened_store(run: App) -> Iterator[Store]:
    """Open a store to look into, which must have the schema of this version: looking changes nothing."""
    with Store(settings.store(run.settings)) as store:
        if store.pending_migrations():
            raise errors.SchemaBehind
        yield store


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("status")(status)
    app.command("health")(health)
    db = typer.Typer(help="Look after the store: its size, its schema, what it keeps.", no_args_is_help=True)
    db.command("size")(size)
    db.command("migrate")(migrate)
    db.command("prune")(prune)
    app.add_typer(db, name="db")


def status(as_json: AsJson = False) -> int:
    """Show every watched server: last window, open incidents, model, who collects. Example: pganomaly status"""
    run = App(as_json)
    with opened_store(run) as store:
        found = overview.servers(store, CLOCK.now())
    if as_json:
        run.answer(found)
        return 0
    if not found:
        run.say("Nothing is stored yet. Begin with: pganomaly run")
    rows = [_row(run, s) for s in found]
    run.table(_STATUS, rows)
    return 0


def _row(run: App, s: Status) -> tuple[str, ...]:
    now = CLOCK.now()
    return (
        s.name,
        run.speaker.when(s.last_window_end, now) if s.last_window_end else "–",
        str(s.statements or 0),
        s.quality or "–",
        str(s.incidents_open),
        s.model or "–",
        s.holder or "–",
    )


def health(as_json: AsJson = False) -> int:
    """Exit 0 while windows are completed, else 1: for containers and monitors. Example: pganomaly health"""
    run = App(as_json)
    with opened_store(run) as store:
        found = overview.servers(store, CLOCK.now())
    wanted = {t.name for t in settings.targets(run.settings)}
    limit_s = SILENT_INTERVALS * max(run.settings.collect_interval, run.settings.train_collect_sleep)
    ages = {s.name: s.age_s for s in found if s.name in wanted}
    late = [name for name in sorted(wanted) if ages.get(name) is None or (ages[name] or 0.0) > limit_s]
    if as_json:
        run.answer({"healthy": not late, "late": late, "age_s": ages})
    elif late:
        run.say(
            "No snapshot for {limit}: {servers}.", limit=run.speaker.quantity(limit_s, "s"), servers=", ".join(late)
        )
    else:
        run.say("Healthy.")
    return int(bool(late))


def size(as_json: AsJson = False) -> int:
    """Show how large the store is and what it comes to. Example: pganomaly db size"""
    run = App(as_json)
    keep = orders.retention(run.settings)
    with opened_store(run) as store:
        sizes = store.sizes()
        per_window = overview.statements_per_window(store)
    comes_to = forecast(per_window, run.settings.collect_interval, keep)
    if as_json:
        run.answer(
            {"tables": sizes, "bytes": sum(sizes.values()), "forecast_bytes": comes_to, "limit_bytes": keep.max_bytes}
        )
        return 0
    written = [
        (name, run.speaker.quantity(count, "bytes")) for name, count in sorted(sizes.items(), key=lambda e: -e[1])
    ]
    run.table((_("table"), _("size")), written)
    run.say(
        "{now} now; at {statements} statements a window it comes to {then}, the limit is {limit} (STORE_MAX_GB).",
        now=run.speaker.quantity(sum(sizes.values()), "bytes"),
        statements=round(per_window),
        then=run.speaker.quantity(comes_to, "bytes"),
        limit=run.speaker.quantity(keep.max_bytes, "bytes"),
    )
    return 0


def migrate(as_json: AsJson = False) -> int:
    """Bring the schema monitoring to this version. Example: pganomaly db migrate"""
    run = App(as_json)
    with Store(settings.store(run.settings)) as store:
        applied = store.migrate()
    if as_json:
        run.answer({"applied": applied})
    elif applied:
        run.say("The schema monitoring is at this version: {names}.", names=", ".join(applied))
    else:
        run.say("The schema monitoring is up-to-date.")
    return 0


def prune(
    keep: Annotated[
        str | None, typer.Option("--keep", help="Keep so much of snapshots, deltas and features: 7d.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Drop what is older than it has to be, whole days at a time. Example: pganomaly db prune --keep 7d"""
    run = App(as_json)
    retention = orders.retention(run.settings)
    if keep is not None:
        retention = overview.shorter(retention, asked_duration("--keep", keep))
    with opened_store(run) as store:
        done = store.upkeep(CLOCK.now(), retention)
    if as_json:
        run.answer(done)
    else:
        run.count(
            "{n} partition dropped, the store has {size} now.", "{n} partitions dropped, the store has {size} now.",
            len(done.dropped), size=run.speaker.quantity(done.size_bytes, "bytes"),
        )  # fmt: skip
        if done.too_large:
            run.say(sentences.STORE_TOO_LARGE, size=run.speaker.quantity(done.size_bytes, "bytes"))
    return 0
