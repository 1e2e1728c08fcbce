"""Which server is watched, and how long it may take to answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from pganomaly import errors, pg
from pganomaly.collect.deadline import within
from pganomaly.pg import Conninfo


@dataclass(frozen=True, slots=True)
class Target:
    """A server to watch: the name that people gave it, and the way in."""

    name: str
    conninfo: Conninfo


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a guest allows itself: after these a read gives up and tries again at its next turn.

    grace_s                   how much longer we wait for the server to end a statement itself
    text_batch, text_batches  texts asked for at once, and how often in one reading
    text_chars                of one text; a longer one is cut
    memory                    work_mem of our reads: PostgreSQL holds all entries, and for texts all of their texts, for
                              a moment, and would write temporary files beyond it. No more is used than is needed
    """

    connect_timeout_s: float = 5.0
    statement_timeout_s: float = 10.0
    lock_timeout_s: float = 1.0
    grace_s: float = 5.0
    text_timeout_s: float = 5.0
    text_batch: int = 1000
    text_batches: int = 8
    text_chars: int = 65_536
    memory: str = "64MB"

    @contextmanager
    def transaction(self, conn: pg.Connection, *, statement_timeout_s: float | None = None) -> Iterator[None]:
        """Run the body in a read-only transaction that ends within these limits, even where the server hangs."""
        longest_s = self.statement_timeout_s if statement_timeout_s is None else statement_timeout_s
        limits = pg.transaction(conn, statement_timeout_s=longest_s, lock_timeout_s=self.lock_timeout_s, read_only=True)
        with within(conn, longest_s + self.grace_s), limits:
            yield


@contextmanager
def explained(server: str, limits: Limits) -> Iterator[None]:
    """Turn what the driver raises while *server* is read into errors with a code and a sentence."""
    try:
        yield
    except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
        raise errors.ReadTimedOut(server=server, limit_s=limits.statement_timeout_s) from error
    except psycopg.errors.ProtocolViolation as error:
        raise errors.PoolerInStatementMode(server=server) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
            raise errors.ServerWentAway(server=server) from error
        raise _failed(server, error) from error
    except psycopg.Error as error:
        raise _failed(server, error) from error


def _failed(server: str, error: psycopg.Error) -> errors.ReadFailed:
    said = error.diag.message_primary or type(error).__name__
    return errors.ReadFailed(server=server, sqlstate=error.sqlstate or "no code", said=said)
