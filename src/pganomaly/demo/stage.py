"""
The stage: a real server, a shop, mischief, and the judge who is to find it. Only here they are all in one place.

in    a console, a language, a script
out   what happened, live; with --once also whether every fault was found by what people were told

Everything runs in this process and its children; when it ends, however it ends, nothing of it is left.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from rich.console import Console

from pganomaly import collect, log, pg
from pganomaly.clock import SystemClock
from pganomaly.collect import Target
from pganomaly.demo import mischief
from pganomaly.demo.ledger import Ledger
from pganomaly.demo.mischief import Mischief
from pganomaly.demo.screens import Screen, screen
from pganomaly.demo.script import Script
from pganomaly.demo.shop import Shop
from pganomaly.demo.show import Show
from pganomaly.messages import Speaker

ROLE = "pganomaly"


@dataclass(frozen=True, slots=True)
class World:
    """
    A server with a busy shop.

    target  the server, as a guest sees it
    owner   a connection of the shop's owner
    psql    the command that lets a visitor in
    """

    target: Target
    owner: pg.Connection
    psql: str


def play(
    console: Console,
    speaker: Speaker,
    *,
    once: bool = False,
    as_json: bool = False,
    script: Script | None = None,
    acts: Sequence[Mischief] | None = None,
) -> int:
    """
    Play the show and return the exit code: with *once* 1 unless every fault was found, else 0.

    On a terminal it goes on after the last fault until Ctrl-C, so that visitors can do mischief of their own. With
    *as_json* standard output gets the faults and nothing else; the show is seen on standard error.
    """
    log.setup(level=logging.WARNING)
    seen = Console(stderr=True, highlight=False, soft_wrap=True) if as_json else console
    attended = console.is_terminal and not once and not as_json
    acts = mischief.everything() if acts is None else acts
    ledger = Ledger()
    try:
        with screen(seen, speaker) as shown, _world(shown, speaker) as world:
            show = Show(world.target, world.owner, acts, script or Script(), speaker, SystemClock())
            encore = speaker.say("The shop stays open. Mischief of your own: {psql}", psql=world.psql)
            with closing(show.play(encore=encore if attended else None)) as scenes:
                for scene in scenes:
                    ledger = show.ledger
                    shown.show(scene)
    except KeyboardInterrupt:
        if not attended:
            raise
    _sum_up(seen, speaker, ledger)
    if as_json:
        print(json.dumps(ledger.facts(), ensure_ascii=False, indent=1))  # noqa: T201
    found = len(ledger.faults) == len(acts) and all(fault.found for fault in ledger.faults)
    return int(once and not found)


@contextmanager
def _world(shown: Screen, speaker: Speaker) -> Iterator[World]:
    """Yield a server with a busy shop that lets us watch; remove it all afterwards."""
    shown.say(speaker.say("Starting a private PostgreSQL …"))
    with pg.embedded.Server() as server:
        shown.say(speaker.say("Filling a small shop, and letting people in …"))
        with Shop(server.conninfo()) as shop, pg.connect(shop.conninfo, application_name="shop-owner") as owner:
            owner.execute("CREATE EXTENSION pg_stat_statements")
            owner.execute(collect.grant_sql(ROLE, store=False).encode())
            psql = f"{server.binaries.program('psql')} -h {server.folder} -p {server.port} -U postgres -d shop"
            try:
                yield World(Target("shop", replace(shop.conninfo, user=ROLE)), owner, psql)
            finally:
                shown.say(speaker.say("Removing everything …"))


def _sum_up(console: Console, speaker: Speaker, ledger: Ledger) -> None:
    """Say what was found and what was not."""
    for fault in ledger.faults:
        if fault.found_at:
            after = speaker.duration(fault.found_at - fault.injected_at)
            line = speaker.say("✓ {fault}: found after {duration}", fault=fault.name, duration=after)
        else:
            line = speaker.say("✗ {fault}: not found", fault=fault.name)
        console.print(line, markup=False)
    if ledger.faults:
        line = speaker.say("Incidents told of queries to which nothing was done: {n}", n=ledger.others)
        console.print(line, markup=False)
