"""What the server shows goes with the news: asked beside the tick, compared with quieter times, kept over restarts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from pganomaly import pg, pipeline
from pganomaly.clock import SystemClock
from pganomaly.collect import Session, Target
from pganomaly.messages import speaker
from pganomaly.pipeline import Rules, Verdict
from pganomaly.records import Change, ChangeKind, Incident, IncidentKind
from pganomaly.records.evidence import IndexState
from pganomaly.service.observer import Observer
from pganomaly.service.witness import Witness, heaviest
from pganomaly.storage import Store

QUERY = "SELECT * FROM parts WHERE maker = $1"
UNHURRIED_S = 60.0


class Hall:
    """A database with a table, judged twice, and a witness who has all the time there is."""

    def __init__(self, conninfo: pg.Conninfo, workers: ThreadPoolExecutor) -> None:
        self.conninfo = conninfo
        self.target = Target("hall", conninfo)
        self.workers = workers
        self.session = Session(self.target)
        self.observer = Observer(self.session, Rules(), SystemClock())
        self.do("CREATE TABLE parts (id int, maker int)", "CREATE INDEX parts_maker ON parts (maker)")
        self.verdict = self.tick()
        self.witness = Witness(self.target, workers, SystemClock())

    def do(self, *statements: str) -> None:
        with pg.connect(self.conninfo, application_name="hall") as conn:
            for statement in statements:
                conn.execute(statement.encode())

    def tick(self) -> Verdict:
        self.do("SELECT * FROM parts WHERE maker = 1")
        self.observer.tick(60.0)
        self.do("SELECT * FROM parts WHERE maker = 1")
        return self.observer.tick(60.0)

    def rested(self) -> Witness:
        """Return the witness once it has read its reference."""
        self.witness.rest(self.verdict)
        assert self.witness._reading is not None
        self.witness._reading.result()
        self.witness.rest(self.verdict)
        return self.witness

    def opened(self, kind: ChangeKind = ChangeKind.OPENED, *, later: timedelta = timedelta(minutes=5)) -> Verdict:
        """Return a verdict in which the statement misbehaves since a while after the first reading."""
        memory = self.verdict.memory
        here = {oid for oid, name in memory.databases.items() if name == self.conninfo.dbname}
        (key,) = [k for k, shape in memory.shapes.by_key.items() if shape.redacted == QUERY and k.dbid in here]
        at = self.verdict.snapshot.taken_at + later
        incident = Incident("i-1", key, IncidentKind.LATENCY, at, at, True, 20.0, 0.5, (), at)
        return replace(self.verdict, changes=(Change(kind, incident, at),))


@pytest.fixture
def hall(database: pg.Conninfo) -> Iterator[Hall]:
    with ThreadPoolExecutor(1) as workers:
        place = Hall(database, workers)
        yield place
        place.session.close()


def test_an_index_that_is_gone_goes_with_the_news(hall: Hall) -> None:
    witness = hall.rested()
    hall.do("DROP INDEX parts_maker")
    (evidence,) = witness.evidence(hall.opened(), UNHURRIED_S).values()
    (index,) = evidence.indexes or ()
    assert ("parts_maker", IndexState.DROPPED) == (index.name, index.state)
    assert {} == witness.evidence(hall.opened(ChangeKind.UPDATED), UNHURRIED_S), "asked once, told once"


def test_a_reference_from_after_the_onset_is_no_comparison(hall: Hall) -> None:
    witness = hall.rested()
    (evidence,) = witness.evidence(hall.opened(later=timedelta(minutes=-5)), UNHURRIED_S).values()
    assert evidence.reference_at is None
    assert evidence.settings is None
    assert evidence.tables


def test_what_is_not_told_is_not_asked_about(hall: Hall) -> None:
    verdict = hall.opened()
    (change,) = verdict.changes
    silent = replace(change, incident=replace(change.incident, told=False))
    assert {} == hall.witness.evidence(replace(verdict, changes=(silent,)), UNHURRIED_S)


def test_a_server_that_cannot_be_asked_costs_the_evidence_only(hall: Hall) -> None:
    gone = replace(hall.conninfo, host="127.0.0.1", port=1)
    witness = Witness(Target("gone", gone), hall.workers, SystemClock())
    assert {} == witness.evidence(hall.opened(), UNHURRIED_S)
    witness.rest(hall.verdict)
    assert witness._reading is not None
    assert witness._reading.exception() is not None
    witness.rest(hall.verdict)
    assert () == witness.references


def test_no_news_waits_long_for_its_evidence(hall: Hall) -> None:
    """Ticks every 10 milliseconds leave no time to ask; the news goes without."""
    assert {} == hall.witness.evidence(hall.opened(), 0.01)


def test_an_answer_that_comes_late_goes_with_the_next_tick(hall: Hall) -> None:
    """Somebody else is asked first and takes his time; the news goes without, and is brought up to date."""
    busy = Event()
    hall.workers.submit(busy.wait)
    opened = hall.opened()
    assert {} == hall.witness.evidence(opened, 0.01)
    busy.set()
    hall.workers.submit(bool).result()
    later = told_before(opened)
    evidence = hall.witness.evidence(later, 0.01)
    assert {"i-1"} == evidence.keys()
    assert {} == hall.witness.evidence(later, 0.01), "told once"

    verdict = pipeline.enlightened(later, evidence)
    (change,) = verdict.changes
    assert ChangeKind.UPDATED is change.kind
    (message,) = pipeline.account(
        verdict.memory, verdict.changes, verdict.drift,
        server="hall", speaker=speaker("en"), now=change.at, evidence=evidence,
    )  # fmt: skip
    assert "incident.updated" == message.kind


def test_an_answer_that_comes_after_the_end_is_nobodys_news(hall: Hall) -> None:
    busy = Event()
    hall.workers.submit(busy.wait)
    assert {} == hall.witness.evidence(hall.opened(), 0.01)
    assert {} == hall.witness.evidence(hall.opened(ChangeKind.RESOLVED), 0.01)
    busy.set()
    hall.workers.submit(bool).result()
    assert {} == hall.witness.evidence(hall.opened(ChangeKind.UPDATED), 0.01)


def told_before(verdict: Verdict) -> Verdict:
    """Return a verdict in which nothing happens, and the incident that opened in this one is still open."""
    (change,) = verdict.changes
    judgement = verdict.memory.judgement
    desk = judgement.desk.with_open((change.incident,))
    memory = replace(verdict.memory, judgement=replace(judgement, desk=desk))
    return replace(verdict, changes=(), memory=memory)


def test_references_are_kept_over_a_restart(hall: Hall, database: pg.Conninfo) -> None:
    with Store(database) as store:
        store.migrate()
        instance = store.instance("hall")
        assert () == store.references(instance)
        hall.witness = Witness(
            hall.target, hall.workers, SystemClock(), keep=lambda new: store.put_references(instance, new)
        )
        (reference,) = hall.rested().references
        assert (reference,) == store.references(instance)
        tables = reference.databases[str(database.dbname)].tables
        assert ["public.parts"] == list(tables)
        assert ["parts_maker"] == [index.name for index in tables["public.parts"].indexes]
        with pg.connect(database) as conn:
            conn.execute("""UPDATE monitoring.server_references SET readings = '[{"at": "of another version"}]'""")
        assert () == store.references(instance)


def test_the_heaviest_statements_are_remembered_by_database(hall: Hall) -> None:
    here = heaviest(hall.verdict)[str(hall.conninfo.dbname)]
    assert QUERY in [asked.shape.redacted for asked in here if asked.shape]
    assert all(asked.role and asked.shape and asked.shape.tables for asked in here)
