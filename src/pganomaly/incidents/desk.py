"""What is remembered of incidents between two windows."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Self

from pganomaly.records import Incident, IncidentKind, Key, KeyArray, keys_of


class Suspect(NamedTuple):
    """A statement that was odd lately: since when, its last windows (newest last), and the windows since the first."""

    key: Key
    kind: IncidentKind
    onset: datetime
    odd: tuple[bool, ...]
    age: int


class Told(NamedTuple):
    """An incident that people were told of."""

    incident_id: str
    at: datetime


class Held(NamedTuple):
    """Statements whose baselines must not learn: of what a call costs, and of how often it is called."""

    costs: KeyArray
    calls: KeyArray


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What is open, who is suspected, and who was told within the last day.

    The store is the home of open incidents (hand them to `with_open` after a restart); suspects and the told ones of
    the day travel in a checkpoint (`dumps`, `loads`).
    """

    open: tuple[Incident, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    told: tuple[Told, ...] = ()

    def with_open(self, incidents: tuple[Incident, ...]) -> Self:
        """Return the same desk with these incidents open."""
        return replace(self, open=incidents)

    def held(self) -> Held:
        """Return the statements that must not be learned from while their incidents are open."""
        of_calls = (IncidentKind.TRAFFIC, IncidentKind.SILENCE, IncidentKind.NEW_HEAVY)
        return Held(
            costs=keys_of(i.key for i in self.open if i.kind not in of_calls[:2]),
            calls=keys_of(i.key for i in self.open if i.kind in of_calls),
        )

    def dumps(self) -> bytes:
        """Return suspects and told incidents as JSON: what no table holds."""
        suspects = [[*s.key, s.kind.value, s.onset.isoformat(), list(s.odd), s.age] for s in self.suspects]
        told = [[t.incident_id, t.at.isoformat()] for t in self.told]
        return json.dumps({"suspects": suspects, "told": told}).encode()

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Return the desk that dumps() was called on, without its open incidents."""
        held = json.loads(data)
        return cls(
            suspects=tuple(
                Suspect(
                    Key(dbid, userid, queryid, toplevel),
                    IncidentKind(kind),
                    datetime.fromisoformat(onset),
                    tuple(odd),
                    age,
                )
                for dbid, userid, queryid, toplevel, kind, onset, odd, age in held["suspects"]
            ),
            told=tuple(Told(incident_id, datetime.fromisoformat(at)) for incident_id, at in held["told"]),
        )
