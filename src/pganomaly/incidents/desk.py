"""What is remembered of incidents between two windows."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Self

from pganomaly.records import Incident, IncidentKind, KeyArray, keys_of


class Told(NamedTuple):
    """An incident that people were told of although there was little evidence."""

    incident_id: str
    at: datetime


class Held(NamedTuple):
    """Statements whose baselines must not learn: of what a call costs, and of how often it is called."""

    costs: KeyArray
    calls: KeyArray


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What is open, and of what people were told within the last day although there was little evidence.

    The store is the home of open incidents (hand them to `with_open` after a restart); the told ones of the day travel
    in a checkpoint (`dumps`, `loads`).
    """

    open: tuple[Incident, ...] = ()
    told: tuple[Told, ...] = ()

    def with_open(self, incidents: tuple[Incident, ...]) -> Self:
        """Return the same desk with these incidents open."""
        return replace(self, open=incidents)

    def held(self) -> Held:
        """Return the statements that must not be learned from while they are part of an open incident."""
        members = [m for i in self.open for m in i.members]
        of_calls = (IncidentKind.TRAFFIC, IncidentKind.SILENCE, IncidentKind.NEW_HEAVY)
        return Held(
            costs=keys_of(m.key for m in members if m.kind not in of_calls[:2]),
            calls=keys_of(m.key for m in members if m.kind in of_calls),
        )

    def dumps(self) -> bytes:
        """Return the told incidents as JSON: what no table holds."""
        return json.dumps({"told": [[t.incident_id, t.at.isoformat()] for t in self.told]}).encode()

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Return the desk that dumps() was called on, without its open incidents."""
        held = json.loads(data)
        return cls(told=tuple(Told(incident_id, datetime.fromisoformat(at)) for incident_id, at in held["told"]))
