"""Names of databases and roles by oid, asked for only when an unknown oid appears; and who is not a user."""

from collections.abc import Iterable, Mapping
from importlib.resources import files

import numpy as np
from psycopg.rows import dict_row

from pganomaly import pg
from pganomaly.collect import platforms
from pganomaly.collect.target import Limits
from pganomaly.records import KeyArray, Outsiders

OWN_ROLE = "pganomaly"
"""
A role of this name is ours alone (`pganomaly grant-sql` creates it), so whatever it runs is ours.

Under any other name we may share the role with an application: then only the mark in a text tells our statements.
"""

_SQL = pg.statements(files(__package__) / "names.sql")


def outsiders(databases: Mapping[int, str], roles: Mapping[int, str]) -> Outsiders:
    """Return whose statements are not the users', by what they are called: ours, and the platform's."""
    return Outsiders(
        roles=frozenset(oid for oid, name in roles.items() if name == OWN_ROLE or name in platforms.ROLES),
        databases=frozenset(oid for oid, name in databases.items() if name in platforms.DATABASES),
    )


class Names:
    """
    What oids are called on one server, as seen through one connection.

    An oid without a name (a dropped database) is asked for once. A rename shows with the next connection.
    """

    def __init__(self) -> None:
        self.databases: dict[int, str] = {}
        self.roles: dict[int, str] = {}
        self._asked: dict[str, set[int]] = {"databases": set(), "roles": set()}

    def learn(self, conn: pg.Connection, keys: KeyArray, limits: Limits) -> None:
        """Ask for the names of those oids in *keys* that were never asked for."""
        self.databases |= self._ask(conn, "databases", np.unique(keys["dbid"]).tolist(), limits)
        self.roles |= self._ask(conn, "roles", np.unique(keys["userid"]).tolist(), limits)

    def _ask(self, conn: pg.Connection, what: str, oids: Iterable[int], limits: Limits) -> dict[int, str]:
        new = sorted(set(oids) - self._asked[what])
        if not new:
            return {}
        with limits.transaction(conn), conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(_SQL[what], {"oids": new}).fetchall()
        self._asked[what].update(new)
        return {row["oid"]: row["name"] for row in rows}
