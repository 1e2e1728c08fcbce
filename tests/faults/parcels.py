"""
A parcel service that keeps a server busy: who says what to it, how often, over how many connections.

in    a server, and a database in which parcels.sql was run
out   some 700 statements a second of 28 shapes by four roles, in processes of their own (pgbench costs little)
not   no knowledge of faults or of who watches
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pganomaly import lexical, pg
from pganomaly.pg.binaries import Binaries

ROLES = ("desk", "courier", "billing", "office")

STATEMENTS = {
    "client_by_id": "SELECT name, plan FROM clients WHERE id = :client",
    "parcels_of_client": "SELECT id, tracking, status FROM parcels WHERE client_id = :client"
    " ORDER BY created_at DESC LIMIT 20",
    "price": "SELECT cents FROM tariffs WHERE zone = :zone AND kilos = :kilos",
    "parcel_by_id": "SELECT tracking, status, grams, address FROM parcels WHERE id = :parcel",
    "scans_of_parcel": "SELECT depot_id, code, scanned_at FROM scans WHERE parcel_id = :parcel ORDER BY scanned_at",
    "note_parcel": "UPDATE parcels SET note = t.body FROM templates t WHERE parcels.id = :parcel AND t.id = :template",
    "register": "INSERT INTO parcels (client_id, courier_id, depot_id, tracking, status, grams, address)"
    " VALUES (:client, :courier, :depot, md5(random()::text), 'depot', 500, 'Short Street')",
    "touch_visit": "UPDATE visits SET seen_at = now() WHERE token = md5(:visit::text)",
    "parcel_by_tracking": "SELECT id, status, depot_id FROM parcels WHERE tracking = md5(:parcel::text)",
    "depot_name": "SELECT name FROM depots WHERE id = :depot",
    "courier_by_id": "SELECT name, depot_id FROM couriers WHERE id = :courier",
    "route": "SELECT id, address FROM parcels WHERE courier_id = :courier AND status = 'out'",
    "near": "SELECT id, name FROM couriers WHERE depot_id = :depot ORDER BY place <-> point(3, 4)",
    "move": "UPDATE couriers SET place = point(:zone, :kilos), seen_at = now() WHERE id = :courier",
    "weigh": "UPDATE parcels SET grams = grams + 1 WHERE id = :parcel",
    "scan": "INSERT INTO scans (parcel_id, depot_id, code) VALUES (:parcel, :depot, 'in')",
    "count_handled": "UPDATE depots SET handled = handled + 1 WHERE id = :depot",
    "reserve": "SELECT plan FROM clients WHERE id = :client AND plan <> 'closed'",
    "hand_over": "INSERT INTO handovers (parcel_id, courier_id) VALUES (:serial, :courier)",
    "invoices_of_client": "SELECT id, cents FROM invoices WHERE client_id = :client AND NOT paid",
    "balance": "SELECT count(*), sum(grams) FROM parcels WHERE client_id = :payer",
    "job": "SELECT kind, parcel_id FROM jobs WHERE id = :job",
    "finish_job": "UPDATE jobs SET done = NOT done WHERE id = :job",
    "pay": "UPDATE invoices SET paid = NOT paid WHERE id = :invoice",
    "by_depot": "SELECT depot_id, count(*) FROM parcels WHERE id BETWEEN :recent AND :recent + 5000 GROUP BY depot_id",
    "dearest": "SELECT max(place * cents) FROM"
    " (SELECT cents, row_number() OVER (ORDER BY text) AS place FROM invoices) ranked",
    "next_on_tour": "SELECT parcel_id FROM stops WHERE tour = :tour ORDER BY parcel_id LIMIT 1",
    "tours": "SELECT p.id, count(s.code) FROM parcels p JOIN scans s ON s.parcel_id = p.id"
    " WHERE p.client_id = :client AND p.grams > 100 GROUP BY p.id",
}
"""What is said to the server, by a short name."""

_CHANCE = {
    "client": "random(1, 400)", "zone": "random(1, 12)", "kilos": "random(1, 30)", "parcel": "random(1, 60000)",
    "template": "random(1, 20)", "courier": "random(1, 300)", "depot": "random(1, 40)", "visit": "random(1, 2000)",
    "serial": "random(100000, 2000000000)", "job": "random(1, 400)", "invoice": "random(1, 2400)",
    "recent": "random(1, 50000)", "tour": "random(1, 20)",
    "payer": "CASE WHEN random(1, 4) = 1 THEN 7 ELSE random(1, 400) END",
}  # fmt: skip
_VARIABLE = re.compile(r"(?<!:):([a-z]+)")
_BEGIN, _COMMIT = "BEGIN", "COMMIT"


@dataclass(frozen=True, slots=True)
class Flow:
    """
    Visitors of one kind, who come at one steady rate.

    role         whom they connect as
    connections  how many at the same time
    protocol     how their driver speaks: simple, extended or prepared
    visits       visits a second by what is done in each, in the order given
    """

    role: str
    connections: int
    protocol: str
    visits: Mapping[tuple[str, ...], float]


FLOWS = {
    "desk": Flow("desk", 2, "extended", {
        ("client_by_id", "parcels_of_client", "price"): 30, ("parcel_by_id", "scans_of_parcel", "note_parcel"): 30,
        ("client_by_id", "register"): 10,
    }),
    "tracking": Flow("desk", 1, "extended", {("touch_visit", "parcel_by_tracking", "depot_name"): 40}),
    "courier": Flow("courier", 2, "extended", {
        ("courier_by_id", "route", "near"): 20, ("move",): 20, (_BEGIN, "weigh", "count_handled", "scan", _COMMIT): 20,
        (_BEGIN, "reserve", "hand_over", _COMMIT): 15,
    }),
    "billing": Flow("billing", 1, "extended", {
        ("invoices_of_client", "balance", "pay"): 20, ("job", "finish_job"): 20,
    }),
    "office": Flow("office", 1, "simple", {("by_depot",): 3, ("dearest",): 4, ("next_on_tour",): 8, ("tours",): 8}),
}  # fmt: skip
"""An ordinary afternoon."""


def fingerprint(text: str) -> str:
    """Return the fingerprint of a statement with pgbench's variables in it."""
    return lexical.describe(_VARIABLE.sub("$1", text)).fingerprint


def script(steps: tuple[str, ...]) -> str:
    """Return a visit as pgbench reads it; a step that has no name is a statement itself."""
    said = [STATEMENTS.get(step, step) for step in steps]
    names = dict.fromkeys(name for text in said for name in _VARIABLE.findall(text))
    chance = [f"\\set {name} {_CHANCE[name]}" for name in names]
    return "\n".join([*chance, *(f"{text};" for text in said)]) + "\n"


class Crowd:
    """A process that plays one flow against a server, until it is stopped."""

    def __init__(self, place: pg.Conninfo, flow: Flow, folder: Path, *, seed: int) -> None:
        files = []
        for number, (steps, per_s) in enumerate(flow.visits.items()):
            file = folder / f"{seed}-{number}.sql"
            file.write_text(script(steps))
            files += ["-f", f"{file}@{round(10 * per_s)}"]
        self._process = subprocess.Popen(
            [
                Binaries.of_wheel().program("pgbench"), "-n", "-h", str(place.host), "-p", str(place.port),
                "-U", flow.role, "-M", flow.protocol, "-c", str(flow.connections), "-T", "100000",
                "-R", f"{sum(flow.visits.values()):g}", "-L", "500", f"--random-seed={seed}", *files, str(place.dbname),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip

    @property
    def plays(self) -> bool:
        """Whether it is there."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Send everybody home."""
        self._process.terminate()
        self._process.communicate(timeout=30)
