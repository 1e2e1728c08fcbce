"""
The store: everything that the rooms above want of it, one transaction per call.

in    a Conninfo
out   records
not   no session state is relied on: it may stand behind a transaction pooler, and it may be the watched database itself
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from numpy.random import Generator

from pganomaly import errors
from pganomaly.records import Incident, Key, KeyArray, Message, Reference, Shape, Waiting, Window
from pganomaly.selftest import SelfTest
from pganomaly.storage import (
    detection,
    lease,
    looking,
    migrate,
    models,
    outbox,
    partitions,
    pending,
    queries,
    read,
    sample,
    selftests,
    upkeep,
)
from pganomaly.storage import references as referring
from pganomaly.storage.lease import Holder, Lease
from pganomaly.storage.photo import Header, Latest
from pganomaly.storage.pool import Connections, spoken
from pganomaly.storage.statements import load
from pganomaly.storage.upkeep import Retention, Upkeep
from pganomaly.storage.write import Work
from pganomaly.training import Part, Sample

_INSTANCES = load("instances")


@dataclass(frozen=True, slots=True)
class Instance:
    """A configured target."""

    instance_id: int
    name: str
    host: str | None
    port: int | None
    dbname: str | None
    system_identifier: int | None
    first_seen_ts: datetime


class Store(Connections):
    """A database with our schema. Threads may share one; each call takes a connection of its own for its time."""

    # What must be there first

    def migrate(self) -> tuple[str, ...]:
        """Bring the schema to this version and make the partitions of today and tomorrow; return what was applied."""
        with self._connection() as conn:
            applied = migrate.migrate(conn)
        with self._writing() as conn:
            row = conn.execute("SELECT /* pganomaly */ now()").fetchone()
            if row is not None:
                partitions.ensure(conn, partitions.ahead(row[0]))
        return applied

    def pending_migrations(self) -> tuple[str, ...]:
        """Return the migrations that are not applied, changing nothing; errors.ForeignSchema as migrate()."""
        with self._reading() as conn:
            return migrate.pending(conn)

    def instance(
        self,
        name: str,
        *,
        system_identifier: int | None = None,
        host: str | None = None,
        port: int | None = None,
        dbname: str | None = None,
    ) -> int:
        """Return the number of a target, the same for the same name for ever; the first is 1."""
        given = {"name": name, "system_identifier": system_identifier, "host": host, "port": port, "dbname": dbname}
        with self._writing() as conn:
            row = conn.execute(_INSTANCES["know"], given).fetchone()
            if row is None:
                conn.execute(_INSTANCES["lock_instances"])
                row = conn.execute(_INSTANCES["know"], given).fetchone()
            if row is None:
                row = conn.execute(_INSTANCES["add_instance"], given).fetchone()
        if row is None:
            raise errors.StoreError(said="a new instance got no number")
        return int(row[0])

    def instances(self) -> tuple[Instance, ...]:
        """Return every target, in the order in which they came."""
        with self._reading() as conn:
            return tuple(Instance(*row) for row in conn.execute(_INSTANCES["instances"]).fetchall())

    # Who may write

    def acquire(self, instance_id: int, holder: Holder, ttl_s: float) -> Lease:
        """Return the right to write about an instance; errors.LeaseHeld says who has it."""
        with self._writing() as conn:
            return lease.acquire(conn, instance_id, holder, ttl_s)

    def renew(self, held: Lease) -> None:
        """Keep the lease for its whole time again; errors.LeaseLost where somebody took it."""
        with self._writing() as conn:
            lease.renew(conn, held)

    def release(self, held: Lease) -> None:
        """Free the lease."""
        with self._writing() as conn:
            lease.release(conn, held)

    def held_by(self, instance_id: int) -> Holder | None:
        """Return who may write about an instance now; None where nobody may."""
        with self._reading() as conn:
            return lease.held_by(conn, instance_id)

    @contextmanager
    def tick(self, held: Lease) -> Iterator[Work]:
        """
        Write everything of one tick, or nothing: commits at the end of the with statement, rolls back on any error.

        errors.LeaseLost where somebody took the lease; while the tick runs nobody can.
        """
        with self._writing() as conn:
            lease.hold(conn, held)
            yield Work(conn, held.instance_id)

    # What was stored

    def latest(self, instance_id: int) -> Latest | None:
        """Return where collecting goes on; None before the first snapshot."""
        with self._reading() as conn:
            return read.latest(conn, instance_id)

    def snapshots_after(
        self, instance_id: int, after: datetime | None, *, most: int | None = None
    ) -> tuple[Header, ...]:
        """Return the snapshots after a moment, oldest first."""
        with self._reading() as conn:
            return read.headers(conn, instance_id, after=after, most=most)

    def newest_snapshots(self, instance_id: int, most: int = 1) -> tuple[Header, ...]:
        """Return the last snapshots, newest first."""
        with self._reading() as conn:
            return read.newest_headers(conn, instance_id, most=most)

    def windows(
        self,
        instance_id: int,
        after: datetime | None,
        upto: datetime | None = None,
        limit_rows: int | None = None,
    ) -> Iterator[Window]:
        """Yield the windows that end after a moment, in order, never half of one; see read.closed."""
        with self._reading() as conn:
            todo = tuple(read.closed(conn, instance_id, after=after, upto=upto, limit_rows=limit_rows))
        for header in todo:
            with self._reading() as conn:
                window = read.window(conn, instance_id, header)
            yield window

    def backlog(self, instance_id: int) -> read.Backlog:
        """Return how many windows wait for each stage."""
        with self._reading() as conn:
            return read.backlog(conn, instance_id)

    def pending_deltas(self, instance_id: int) -> Iterator[pending.Neighbours]:
        """Yield neighbouring snapshots without deltas, in order."""
        return pending.deltas(self._reading, instance_id)

    def pending_features(self, instance_id: int) -> Iterator[Window]:
        """Yield windows that have deltas and no features, in order."""
        return pending.features(self._reading, instance_id)

    def pending_detection(self, instance_id: int, *, limit_rows: int | None = None) -> Iterator[Window]:
        """
        Yield the windows after the watermark that have features: at most *limit_rows* statements, never half a window.

        The first window that waits for its features ends it, so that the watermark skips nothing.
        """
        state = self.state(instance_id)
        with self._reading() as conn:
            wait = read.first_without(conn, instance_id, "features")
            before = next(iter(read.newest_headers(conn, instance_id, before=wait)), None) if wait else None
        if wait is not None and before is None:
            return
        upto = before.snapshot_ts if before else None
        yield from self.windows(instance_id, state.last_window_end if state else None, upto, limit_rows)

    def known(self, instance_id: int) -> queries.Known:
        """Return which statements have been looked at, and their shapes."""
        with self._reading() as conn:
            return queries.known(conn, instance_id)

    def read_texts(self, instance_id: int) -> KeyArray:
        """Return the statements whose texts need not be read again."""
        with self._reading() as conn:
            return queries.read_texts(conn, instance_id)

    def undescribed(self, instance_id: int) -> dict[Key, Shape]:
        """Return the texts whose lexical features are missing or of another text."""
        with self._reading() as conn:
            return queries.undescribed(conn, instance_id)

    def state(self, instance_id: int) -> detection.DetectorState | None:
        """Return how far detection is."""
        with self._reading() as conn:
            return detection.state(conn, instance_id)

    def reset(self, instance_id: int) -> None:
        """Have everything scored again, and nothing of it told."""
        with self._writing() as conn:
            detection.reset_state(conn, instance_id)

    def open_incidents(self, instance_id: int) -> tuple[Incident, ...]:
        """Return what is wrong now, newest first."""
        with self._reading() as conn:
            return detection.incidents(conn, instance_id)

    def incidents_since(self, instance_id: int, since: datetime) -> tuple[Incident, ...]:
        """Return incidents that were open at any time since a moment, newest first."""
        with self._reading() as conn:
            return detection.incidents(conn, instance_id, since)

    def told(self, instance_id: int, incident_id: str) -> tuple[Message, ...]:
        """Return everything that was told of an incident, in order."""
        with self._reading() as conn:
            return looking.told(conn, instance_id, incident_id)

    def statements_named(self, instance_id: int, queryid: int) -> tuple[looking.Statement, ...]:
        """Return the statements of a queryid, the one that ran last first."""
        with self._reading() as conn:
            return looking.named(conn, instance_id, queryid)

    def lately(self, instance_id: int, key: Key, *, since: datetime, most: int) -> tuple[looking.Ran, ...]:
        """Return what a statement did in its last windows since a moment, newest first."""
        with self._reading() as conn:
            return looking.lately(conn, instance_id, key, since=since, most=most)

    def checkpoint(self, instance_id: int) -> detection.Checkpoint | None:
        """Return what the engine remembered last."""
        with self._reading() as conn:
            return detection.checkpoint(conn, instance_id)

    def drop_checkpoint(self, instance_id: int) -> None:
        """Forget what the engine remembered."""
        with self._writing() as conn:
            detection.drop_checkpoint(conn, instance_id)

    def active_model(self, instance_id: int) -> models.Model | None:
        """Return the model that speaks for an instance; None before the first training."""
        with self._reading() as conn:
            return models.active(conn, instance_id)

    def put_model(
        self,
        instance_id: int,
        *,
        model_version: str,
        trained_at: datetime,
        n_rows: int,
        n_statements: int,
        threshold: float,
        manifest: Mapping[str, Any],
        payload: bytes,
    ) -> int:
        """Store a training as the one that speaks from now on, and return its number."""
        with self._writing() as conn:
            return models.put(
                conn,
                instance_id,
                model_version=model_version,
                trained_at=trained_at,
                n_rows=n_rows,
                n_statements=n_statements,
                threshold=threshold,
                manifest=manifest,
                payload=payload,
            )

    def models(self, instance_id: int) -> tuple[models.Kept, ...]:
        """Return every model that is kept, newest first."""
        with self._reading() as conn:
            return models.kept(conn, instance_id)

    def activate_model(self, instance_id: int, number: int) -> None:
        """Have a kept model speak from now on: the service notices at its next tick. errors.NoSuchModel."""
        with self._writing() as conn:
            models.activate(conn, instance_id, number)

    def put_refusal(self, instance_id: int, why: Sequence[Part], *, model_version: str, at: datetime) -> None:
        """Note that a trained model was kept out, and why."""
        with self._writing() as conn:
            selftests.put_refusal(conn, instance_id, why, model_version=model_version, at=at)

    def refusals(self, instance_id: int, most: int = 1) -> tuple[selftests.Refusal, ...]:
        """Return the last models that were kept out, newest first."""
        with self._reading() as conn:
            return selftests.refusals(conn, instance_id, most)

    def put_selftest(self, instance_id: int, result: SelfTest, *, at: datetime, seconds: float) -> None:
        """Store what a self-test measured."""
        with self._writing() as conn:
            selftests.put(conn, instance_id, result, at=at, seconds=seconds)

    def selftests(self, instance_id: int, most: int = 1) -> tuple[selftests.Tested, ...]:
        """Return the last self-tests, newest first."""
        with self._reading() as conn:
            return selftests.newest(conn, instance_id, most)

    def put_references(self, instance_id: int, references: Sequence[Reference]) -> None:
        """Store how a server was in quiet times: its last references, newest first."""
        with self._writing() as conn:
            referring.put(conn, instance_id, references)

    def references(self, instance_id: int) -> tuple[Reference, ...]:
        """Return how a server was in quiet times, newest first."""
        with self._reading() as conn:
            return referring.stored(conn, instance_id)

    def model_number(self, instance_id: int) -> int:
        """Return the number of the training that speaks for an instance, 0 before the first."""
        with self._reading() as conn:
            return models.active_number(conn, instance_id)

    def next_model_number(self, instance_id: int) -> int:
        """Return the number that the next training gets."""
        with self._reading() as conn:
            return models.next_number(conn, instance_id)

    def training_sample(
        self, instance_id: int, *, since: datetime, max_rows: int, per_queryid: int, rng: Generator
    ) -> Sample:
        """Return rows to train on, of windows drawn by lot; see sample.draw."""
        with self._reading() as conn:
            return sample.draw(conn, instance_id, since=since, max_rows=max_rows, per_queryid=per_queryid, rng=rng)

    # What keeps it small

    def upkeep(self, now: datetime, retention: Retention) -> Upkeep:
        """Make partitions ahead, add up finished hours, drop what is too old or too much; see upkeep.run."""
        with spoken(self.conninfo):
            return upkeep.run(self._locking, now=now, retention=retention)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of every table, its partitions and indexes included."""
        with self._reading() as conn:
            return upkeep.sizes(conn)

    # What waits to be sent

    def pending_outbox(self, channels: Sequence[str], *, limit: int = 200) -> tuple[Waiting, ...]:
        """Return what these channels do not have yet, due or not, in the order in which it was queued."""
        with self._reading() as conn:
            return outbox.waiting(conn, channels, limit=limit)

    def claim(self, message_id: str, channel: str, attempts: int, *, until: datetime) -> bool:
        """Count an attempt at a delivery, unless somebody did since it was read; return whether we did."""
        with self._writing() as conn:
            return outbox.claim(conn, message_id, channel, attempts, until=until)

    def mark_sent(self, message_id: str, channel: str, remote_id: str | None, *, at: datetime) -> None:
        """Note that the channel has the message, and what it calls it there."""
        with self._writing() as conn:
            outbox.mark_sent(conn, message_id, channel, remote_id, at=at)

    def mark_failed(self, message_id: str, channel: str, error: str, *, next_attempt_at: datetime | None) -> None:
        """Note why a delivery failed and when to try again; None gives it up."""
        with self._writing() as conn:
            outbox.mark_failed(conn, message_id, channel, error, next_attempt_at=next_attempt_at)
