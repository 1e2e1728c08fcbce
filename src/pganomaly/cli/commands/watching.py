"""Watching a server: the service, the look without a store, and what keeps either from working."""

from contextlib import ExitStack
from threading import Event, Thread
from typing import Annotated

import numpy as np
import typer

import pganomaly
from pganomaly import collect, errors, log, settings
from pganomaly.cli import live
from pganomaly.cli.context import App, AsJson
from pganomaly.clock import SystemClock
from pganomaly.collect import Check, CheckState, Target
from pganomaly.log import LogFormat
from pganomaly.messages import _, trouble
from pganomaly.pg import Conninfo
from pganomaly.service import baseline_load, orders, prepare
from pganomaly.service.fleet import Fleet
from pganomaly.service.orders import Orders
from pganomaly.settings import called
from pganomaly.storage import Store, forecast

CLOCK = SystemClock()
_SIGNS = {CheckState.OK: "✓", CheckState.WARNING: "!", CheckState.PROBLEM: "✗", CheckState.UNKNOWN: "?"}

EXAMINE_S = 2.0
"""Watching begins when the servers are examined, or after this."""

_NOT_YET = ("web_host", "web_port", "web_token", "notify_urls", "fleet_budget_per_day")
"""Settings whose features come later."""

Dsn = Annotated[str, typer.Argument(help="postgresql://user@host:5432/database; DB_* where it is left out.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("doctor")(doctor)
    app.command("grant-sql")(grant_sql)
    app.command("run")(run)
    app.command("watch")(watch)


def doctor(dsn: Dsn = "", as_json: AsJson = False) -> int:
    """Check a server and say what to mend, with the statement that mends it. Example: pganomaly doctor"""
    here = App(as_json)
    checked = {t.name: _examined(here, t) for t in _targets(here, dsn)}
    if as_json:
        here.answer({name: [_facts(here, check) for check in checks] for name, checks in checked.items()})
    else:
        for name, checks in checked.items():
            here.print(name)
            for check in checks:
                _print_check(here, check)
    return int(any(check.state is CheckState.PROBLEM for checks in checked.values() for check in checks))


def _examined(here: App, target: Target) -> list[Check]:
    """Return the checks of a server, and what storing its windows will come to."""
    checks = collect.doctor(target.conninfo, now=CLOCK.now())
    seen = next((check.values["entries"] for check in checks if check.name == "privileges"), None)
    if not isinstance(seen, int):
        return checks
    keep = orders.retention(here.settings)
    comes_to = forecast(seen, here.settings.collect_interval, keep)
    fact = _(
        "If all {entries} statements ran in every window, the store would come to {size};"
        " STORE_MAX_GB keeps it below {limit}."
    )
    size, limit = (here.speaker.quantity(count, "bytes") for count in (comes_to, keep.max_bytes))
    return [
        *checks,
        Check("PGA-012", "store", CheckState.OK, fact, values={"entries": seen, "size": size, "limit": limit}),
    ]


def grant_sql(
    role: Annotated[str, typer.Argument(help="The role that is to watch.")] = "pganomaly",
    no_store: Annotated[bool, typer.Option("--no-store", help="Results are kept in another database.")] = False,
    plans: Annotated[
        bool, typer.Option("--plans", help="Also let it run EXPLAIN: it can then read all tables.")
    ] = False,
) -> int:
    """Print the SQL that makes a role for watching. Example: pganomaly grant-sql | psql -d shop"""
    print(collect.grant_sql(role, store=not no_store, plans=plans))  # noqa: T201 - goes into psql as it is
    return 0


def run() -> int:
    """Watch for ever: wait for PostgreSQL, create what is missing, learn, then judge. Example: pganomaly run"""
    here = App()
    chosen = here.settings
    log.setup(LogFormat(chosen.log_format))
    told = orders.of(chosen)
    stop = Event()
    _say_first(here, told)
    with ExitStack() as stack:
        store = stack.enter_context(Store(settings.store(chosen)))
        fleet = Fleet(told, store, here.speaker, CLOCK, np.random.default_rng())
        fleet.obey_signals(stop)
        if not prepare.store_ready(store, here.speaker, CLOCK, stop, here.print):
            return 0
        _say_problems(here, told, store)
        if chosen.baseline_load == "pgbench" and store.model_number(1) == 0:
            stack.enter_context(baseline_load.pgbench(told.targets[0].conninfo, stop))
        fleet.run(stop)
    return 0


def _say_first(here: App, told: Orders) -> None:
    """Say what the user should know before anything is done."""
    servers, interval_s = [t.name for t in told.targets], told.plan.interval_s
    begun = trouble.started(
        here.speaker, version=pganomaly.__version__, servers=servers, interval_s=interval_s, now=CLOCK.now()
    )
    here.print(begun.headline)
    asked = [name for name in _NOT_YET if name in here.settings.model_fields_set]
    if asked:
        here.say("Read and checked, but not there yet: {names}.", names=", ".join(name.upper() for name in asked))
    if told.notify.half_set is not None:
        here.print(here.speaker.error(errors.TelegramHalfSet(missing=told.notify.half_set)))
    old = prepare.old_streak(told.model_file)
    if old is not None:
        here.say("{file} belongs to an older system and is ignored: the streak is in the store now.", file=old)


def _say_problems(here: App, told: Orders, store: Store) -> None:
    """
    Say what keeps a server from being read, and how to mend it; the service starts by itself once it is mended.

    One that does not answer at all takes its time to examine, and nobody waits for that.
    """

    def say(target: Target) -> None:
        for check in prepare.problems(target, CLOCK, may_create=target.conninfo == store.conninfo):
            here.print(f"{target.name}: {prepare.said(check, here.speaker)}")

    examiners = [Thread(target=say, args=(t,), name=f"examine {t.name}", daemon=True) for t in told.targets]
    for thread in examiners:
        thread.start()
    patience_s = CLOCK.monotonic_s() + EXAMINE_S
    for thread in examiners:
        thread.join(max(patience_s - CLOCK.monotonic_s(), 0.0))


def watch(
    dsn: Dsn = "",
    interval_s: Annotated[float, typer.Option("--interval", min=1.0, help="Seconds between two snapshots.")] = 10.0,
    windows: Annotated[int, typer.Option("--windows", min=0, help="Stop after so many windows; 0 goes on.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Judge a server live, writing nothing anywhere. Example: pganomaly watch postgresql://me@db1/shop"""
    here = App(as_json)
    (target, *others) = _targets(here, dsn)
    if others:
        here.say("Of all servers in TARGETS {server} is shown; another one: pganomaly watch URL", server=target.name)
    live.show(here, target, CLOCK, interval_s=interval_s, windows=windows)
    return 0


def _targets(here: App, dsn: str) -> tuple[Target, ...]:
    if not dsn:
        return settings.targets(here.settings)
    conninfo = Conninfo.parse(dsn)
    return (Target(called(conninfo), conninfo),)


def _print_check(here: App, check: Check) -> None:
    sign = _SIGNS[check.state]
    if check.state is CheckState.OK:
        here.print(f"  {sign} {here.speaker.say(check.fact, **check.values)}")
    else:
        here.print("\n".join(f"  {line}" for line in f"{sign} {prepare.said(check, here.speaker)}".splitlines()))


def _facts(here: App, check: Check) -> dict[str, object]:
    say = here.speaker.say
    return {
        "code": check.code,
        "name": check.name,
        "state": check.state.value,
        "fact": say(check.fact, **check.values),
        "consequence": say(check.consequence, **check.values) if check.consequence else None,
        "fix": check.fix,
    }
