"""PostgreSQL's own programs, told where a server is."""

import os

from pganomaly.pg.conninfo import Conninfo


def environment(conninfo: Conninfo) -> dict[str, str]:
    """Return the environment in which PostgreSQL's own programs reach *conninfo*: no secret on a command line."""
    known = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    known |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    given = {known[name]: str(value) for name, value in conninfo.keywords().items() if name in known}
    return {**os.environ, **given}
