"""
The one door to a server.

in    a Conninfo
out   a psycopg connection that prepares nothing, or an errors.ConnectError that names the cause
not   no start-up options: a pooler refuses them; settings are made inside a transaction (see transaction.py)
"""

from math import ceil
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from pganomaly.pg.conninfo import Conninfo
from pganomaly.pg.refusal import refusal

APPLICATION = "pganomaly"
Connection = psycopg.Connection[TupleRow]

# A peer that vanished without a word is noticed within a minute, not after the system's two hours.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def connect(
    conninfo: Conninfo,
    *,
    connect_timeout_s: float = 5.0,
    autocommit: bool = True,
    application_name: str = APPLICATION,
) -> Connection:
    """
    Return a connection to *conninfo*, or raise the errors.ConnectError that says why not.

    The arguments win over connect_timeout and application_name of a connection string. The text encoding is UTF-8
    whatever the database has; statements are never prepared behind our back.
    """
    try:
        return psycopg.connect(
            **connect_arguments(conninfo, connect_timeout_s, application_name), autocommit=autocommit
        )
    except psycopg.Error as error:
        # "from None": the driver's text may quote what was in a connection string.
        raise refusal(conninfo, error) from None


def connect_arguments(
    conninfo: Conninfo, connect_timeout_s: float, application_name: str = APPLICATION
) -> dict[str, Any]:
    """Return the keyword arguments of psycopg.connect for *conninfo*, for those who open connections in a pool."""
    ours = {
        "connect_timeout": max(2, ceil(connect_timeout_s)),
        "application_name": application_name,
        "client_encoding": "UTF8",
        "prepare_threshold": None,
    }
    return _KEEPALIVE | conninfo.keywords() | ours
