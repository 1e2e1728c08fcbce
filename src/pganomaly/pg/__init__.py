"""The ground of every conversation with PostgreSQL: connections, transactions, COPY, SQL files, private servers."""

from pganomaly.pg import embedded
from pganomaly.pg.connect import Connection, connect, connect_arguments
from pganomaly.pg.conninfo import Conninfo, Secret
from pganomaly.pg.mark import MARK, marked
from pganomaly.pg.programs import environment
from pganomaly.pg.rows_in import Column, copy_in
from pganomaly.pg.rows_out import copy_out
from pganomaly.pg.sqlfile import statements
from pganomaly.pg.transaction import transaction

__all__ = [
    "MARK",
    "Column",
    "Connection",
    "Conninfo",
    "Secret",
    "connect",
    "connect_arguments",
    "copy_in",
    "copy_out",
    "embedded",
    "environment",
    "marked",
    "statements",
    "transaction",
]
