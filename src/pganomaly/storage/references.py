"""
How a watched server was in quiet times, kept over restarts.

in    References, newest first
out   one row per server, and back
not   what another version wrote and this one cannot read is as if it were not there
"""

from collections.abc import Sequence

import structlog
from pydantic import ConfigDict, TypeAdapter, ValidationError

from pganomaly import pg
from pganomaly.records import Reference
from pganomaly.storage.statements import fetch, load

_SQL = load("references")
_REFERENCES = TypeAdapter(tuple[Reference, ...], config=ConfigDict(ser_json_inf_nan="null"))

log = structlog.stdlib.get_logger()


def put(conn: pg.Connection, instance_id: int, references: Sequence[Reference]) -> None:
    """Store the last references of a server, newest first."""
    if references:
        readings = _REFERENCES.dump_json(tuple(references)).decode()
        given = {"instance_id": instance_id, "read_at": references[0].at, "readings": readings}
        conn.execute(_SQL["put_references"], given)


def stored(conn: pg.Connection, instance_id: int) -> tuple[Reference, ...]:
    """Return the references of a server, newest first."""
    rows = fetch(conn, _SQL["references"], {"instance_id": instance_id})
    try:
        return _REFERENCES.validate_python(rows[0].readings) if rows else ()
    except ValidationError as error:
        log.warning("reference.unusable", reason=str(error).partition("\n")[0])
        return ()
