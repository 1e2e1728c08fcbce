"""What is found and told: texts, scores, incidents, messages, models, all of them written twice without harm."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest

from pganomaly import errors, features, lexical, pg
from pganomaly.pg.embedded import Server
from pganomaly.records import (
    Block,
    Cause,
    Change,
    ChangeKind,
    Clue,
    Finding,
    Incident,
    IncidentKind,
    Likely,
    Member,
    Message,
    Outsiders,
    Quality,
    Reason,
    Shapes,
    TextState,
)
from pganomaly.storage import Holder, Lease, Store
from pganomaly.storage.pool import spoken
from tests.builders import NOON, at, key, snapshot
from tests.storage.keeper import Keeper
from tests.storage.story import a_day_in_the_life

A, B = key(1), key(2)
SELECT = lexical.describe("SELECT * FROM \"odd, {name}\".orders WHERE id = 42 AND note = 'secret'")
COMMIT = lexical.describe("COMMIT")


def test_texts_are_stored_once_redacted_and_known_again(store: Store, keeper: Keeper) -> None:
    taken = snapshot(0, {A: {"calls": 1}, B: {"calls": 1}})
    with store.tick(keeper.lease) as work:
        work.snapshot(taken, newest=None, moved=taken.counters["calls"] > 0, shapes={A: SELECT})
        new = work.shapes({A: SELECT}, at=at(0), unread={B: TextState.HIDDEN}, databases={5: "shop"}, roles={10: "web"})
        assert new == 1
        assert work.shapes({A: SELECT}, at=at(60)) == 0, "the same text again is no news"

    known = store.known(1)
    assert known.shapes == {A: SELECT}
    assert known.states == {A: TextState.READ, B: TextState.HIDDEN}
    with pg.connect(store.conninfo) as conn:
        rows = conn.execute("SELECT queryid, query_text FROM monitoring.pgss_snapshots_raw ORDER BY 1").fetchall()
        assert rows == [(1, SELECT.redacted), (2, None)]
        tables = conn.execute("SELECT tables, database_name, role_name FROM monitoring.queries ORDER BY queryid")
        assert tables.fetchall() == [(list(SELECT.tables), "shop", "web"), ([], "shop", "web")]
        dump = conn.execute("SELECT string_agg(t::text, '') FROM monitoring.query_lex_features t").fetchone()
    assert dump is not None
    assert "secret" not in dump[0]


def test_a_text_that_becomes_readable_is_taken_and_never_lost_again(store: Store, keeper: Keeper) -> None:
    with store.tick(keeper.lease) as work:
        work.queries({}, at=at(0), unread={A: TextState.UNREADABLE})
        work.shapes({A: SELECT}, at=at(60))
        work.queries({}, at=at(120), unread={A: TextState.UNREADABLE})
    assert store.known(1).states == {A: TextState.READ}


def test_the_lexical_script_finds_texts_that_only_the_collector_has_seen(store: Store, keeper: Keeper) -> None:
    # By the database's own clock: rows with new texts are there for a day at least, and no longer for certain.
    now_s = (datetime.now(UTC) - NOON).total_seconds()
    early, late = (snapshot(now_s - 3600 * hours, {A: {"calls": 1}, B: {"calls": 1}}) for hours in (21, 0))
    with store.tick(keeper.lease) as work:
        work.snapshot(early, newest=None, moved=early.counters["calls"] > 0, shapes={B: COMMIT})
        work.queries({B: COMMIT}, at=early.taken_at)
    with store.tick(keeper.lease) as work:
        work.snapshot(late, newest=early, moved=np.zeros(2, np.bool_), shapes={A: SELECT})
        work.queries({A: SELECT}, at=late.taken_at)
    assert store.undescribed(1) == {A: SELECT, B: COMMIT}
    assert store.known(1).states == {A: TextState.READ}, "the other is read again"

    with store.tick(keeper.lease) as work:
        assert work.lexical(store.undescribed(1), at=at(60)) == 2
    assert store.undescribed(1) == {}
    assert store.known(1).states == {A: TextState.READ, B: TextState.READ}


def test_a_text_seen_late_is_stored_though_nothing_moved(store: Store, keeper: Keeper) -> None:
    keeper.collect(snapshot(0, {A: {"calls": 1}}))
    taken = snapshot(60, {A: {"calls": 1}})
    with store.tick(keeper.lease) as work:
        nothing = np.zeros(1, np.bool_)
        assert work.snapshot(taken, newest=keeper.newest, moved=nothing, shapes={A: SELECT}).rows == 1


def finding(queryid: int, seconds: float, score: float | None = -0.2) -> Finding:
    reasons = (Reason("exec_time_per_call_ms", 212.0, 3.1, 9.5), Reason("rows_per_call", 0.0, None))
    return Finding(at(seconds - 60), at(seconds), key(queryid), "baseline+forest", score, 9.5, reasons)


def test_scoring_a_window_again_replaces_the_verdict(store: Store, lease: Lease) -> None:
    with store.tick(lease) as work:
        work.findings("baseline_v1.1", [finding(1, 60), finding(2, 60, None), finding(1, 40 * 86_400)])
    with store.tick(lease) as work:
        work.findings("baseline_v1.1", [finding(1, 60, -0.3)])
        work.findings("baseline_v1.2", [finding(1, 60)])
        assert work.findings("baseline_v1.2", []) == 0
    with pg.connect(store.conninfo) as conn:
        rows = conn.execute(
            "SELECT queryid, anomaly_score, features FROM monitoring.anomaly_scores"
            " WHERE model_version = 'baseline_v1.1' ORDER BY window_end, queryid"
        ).fetchall()
        count = conn.execute("SELECT count(*) FROM monitoring.anomaly_scores").fetchone()
    assert [row[:2] for row in rows] == [(1, -0.3), (2, None), (1, -0.2)]
    assert rows[0][2]["exec_time_per_call_ms"] == {"value": 212.0, "usual": 3.1, "ratio": 212.0 / 3.1, "z": 9.5}
    assert rows[0][2]["rows_per_call"] == {"value": 0.0, "usual": None, "ratio": None, "z": None}
    assert count == (4,)


NEWS = Incident(
    incident_id="i1",
    key=A,
    kind=IncidentKind.LATENCY,
    onset=at(0),
    opened_at=at(120),
    told=True,
    peak=9.5,
    impact=0.4,
    reasons=finding(1, 60).reasons,
    last_odd_at=at(120),
    query="SELECT 1",
    members=(Member(A, IncidentKind.LATENCY, at(120)), Member(key(2), IncidentKind.LATENCY, at(180))),
    causes=(Likely(Cause.LOCK_WAIT, 0.9, (Clue("locked", 0.8, 3.5), Clue("blocked"))), Likely(Cause.UNKNOWN, 0.1)),
)


def test_an_incident_comes_back_as_it_was_until_it_is_over(store: Store, lease: Lease) -> None:
    with store.tick(lease) as work:
        work.changes([Change(ChangeKind.OPENED, NEWS, at(120))] * 2)
    assert store.open_incidents(1) == (NEWS,)

    closed = replace(NEWS, closed_at=at(600), calm_windows=5, drift_announced=True)
    with store.tick(lease) as work:
        work.changes([Change(ChangeKind.RESOLVED, closed, at(600))])
    assert store.open_incidents(1) == ()
    assert store.incidents_since(1, at(500)) == (closed,)
    assert store.incidents_since(1, at(700)) == ()
    with pg.connect(store.conninfo) as conn:
        events = conn.execute("SELECT kind, author FROM monitoring.incident_events ORDER BY at").fetchall()
        states = conn.execute("SELECT state FROM monitoring.incidents").fetchall()
    assert events == [("opened", "pganomaly"), ("resolved", "pganomaly")]
    assert states == [("resolved",)]


OPENED = Message("m1", "incident.opened", "i1", (Block("headline", "news"), Block("code", "SELECT 1")))
RESOLVED = Message("m2", "incident.resolved", "i1", (Block("headline", "over"),))


def test_a_message_waits_for_each_channel_and_later_ones_follow_the_first(store: Store, lease: Lease) -> None:
    with store.tick(lease) as work:
        assert work.outbox([OPENED], ["telegram", "webhook"], at=at(0)) == 2
        assert work.outbox([OPENED, RESOLVED], ["telegram"], at=at(60)) == 1

    first, second = store.pending_outbox(["telegram"])
    assert (first.message, second.message) == (OPENED, RESOLVED)
    assert first.thread is None
    assert store.claim("m1", "telegram", first.attempts, until=at(90))
    assert not store.claim("m1", "telegram", first.attempts, until=at(90)), "two deliverers never send one message"

    store.mark_sent("m1", "telegram", "77", at=at(61))
    (waiting,) = store.pending_outbox(["telegram"])
    assert (waiting.message, waiting.thread) == (RESOLVED, "77")

    store.mark_failed("m2", "telegram", "timed out", next_attempt_at=at(300))
    assert store.pending_outbox(["telegram"])[0].due_at == at(300)
    store.mark_failed("m2", "telegram", "chat not found", next_attempt_at=None)
    assert store.pending_outbox(["telegram"]) == ()
    assert [w.channel for w in store.pending_outbox(["webhook", "telegram"])] == ["webhook"]


def test_a_message_of_a_tick_that_failed_was_never_there(store: Store, lease: Lease) -> None:
    def doomed() -> None:
        with store.tick(lease) as work:
            work.outbox([OPENED], ["telegram"], at=at(0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        doomed()
    assert store.pending_outbox(["telegram"]) == ()


def test_a_checkpoint_is_replaced_and_dropped(store: Store, lease: Lease) -> None:
    assert store.checkpoint(1) is None
    for n, payload in enumerate((b"old", bytes(range(256)) * 9)):
        with store.tick(lease) as work:
            work.checkpoint(at(n), payload)
    kept = store.checkpoint(1)
    assert kept is not None
    assert (kept.window_end, kept.payload) == (at(1), bytes(range(256)) * 9)
    store.drop_checkpoint(1)
    assert store.checkpoint(1) is None


def test_the_newest_training_speaks_and_few_old_ones_stay(store: Store, shop: int) -> None:
    assert store.active_model(shop) is None
    for n in range(1, 9):
        assert store.next_model_number(shop) == n
        number = store.put_model(
            shop,
            model_version=f"baseline_v1.{n}",
            trained_at=at(n),
            n_rows=500,
            n_statements=10,
            threshold=-0.1,
            manifest={"n": n},
            payload=bytes([n]) * 100,
        )
        assert number == n
    model = store.active_model(shop)
    assert model is not None
    assert (model.number, model.manifest, model.payload) == (8, {"n": 8}, b"\x08" * 100)
    assert model.intact
    with pg.connect(store.conninfo) as conn:
        numbers = conn.execute("SELECT number FROM monitoring.models ORDER BY 1").fetchall()
    assert numbers == [(n,) for n in range(4, 9)]


def test_a_sample_holds_business_of_good_windows_and_nobody_more_than_his_share(store: Store, keeper: Keeper) -> None:
    doubtful_key = key(3)
    with store.tick(keeper.lease) as work:
        work.shapes({A: SELECT, B: COMMIT}, at=at(0))
    for n in range(9):
        entries = {A: {"calls": n + 1}, B: {"calls": n + 1}, doubtful_key: {"calls": n + 1}}
        taken = snapshot(60 * n, entries)
        window = keeper.tick(taken)
        assert window is None or window.quality is Quality.OK
    with pg.connect(store.conninfo) as conn:
        conn.execute("UPDATE monitoring.features_windows SET doubtful = true WHERE queryid = 3")
        conn.execute("UPDATE monitoring.snapshots SET quality = 'reset' WHERE snapshot_id = 2")

    def draw(**limits: int) -> tuple[set[int], list[int]]:
        wanted = {"max_rows": 1000, "per_queryid": 50} | limits
        sample = store.training_sample(1, since=NOON, rng=np.random.default_rng(1), **wanted)
        assert not sample.system.any()
        assert sample.values[:, sample.names.index("calls_in_window")] == pytest.approx(1.0)
        joins = sample.values[:, sample.names.index("num_where")]
        assert joins == pytest.approx(SELECT.lexical.num_where)
        return set(sample.keys["queryid"].tolist()), sorted(sample.window_end_us.tolist())

    queryids, ends = draw()
    assert queryids == {1}
    assert len(ends) == 7
    assert len(draw(per_queryid=3)[1]) == 3
    assert len(draw(max_rows=2)[1]) == 2


def test_an_empty_store_gives_an_empty_sample(store: Store, shop: int) -> None:
    rng = np.random.default_rng(1)
    assert len(store.training_sample(shop, since=NOON, max_rows=9, per_queryid=9, rng=rng)) == 0


def test_the_data_set_has_one_row_per_window_and_statement(store: Store, keeper: Keeper) -> None:
    for n in range(3):
        keeper.tick(snapshot(60 * n, {A: {"calls": n + 1}, B: {"calls": n + 1}}))
    with store.tick(keeper.lease) as work:
        work.shapes({A: SELECT}, at=at(0))
    with pg.connect(store.conninfo) as conn:
        rows = conn.execute(
            "SELECT queryid, calls_in_window, num_where FROM monitoring.features_with_lex ORDER BY window_end, queryid"
        ).fetchall()
    assert rows == [(1, 1, 1), (2, 1, None)] * 2


def test_a_number_that_four_bytes_cannot_hold_is_missing_and_the_tick_goes_on(store: Store, keeper: Keeper) -> None:
    keeper.tick(snapshot(0, {A: {"calls": 1}}))
    window = keeper.tick(snapshot(60, {A: {"calls": 2**40, "wal_fpi": 2**33, "rows": 2**50}}))
    assert window is not None
    (read,) = store.windows(1, None)
    assert np.isnan(read.deltas["wal_fpi"]).all()
    assert read.deltas["rows"] == [2**50]
    assert read.deltas["calls"] == [2**40 - 1]
    assert features.build(read, Shapes(), Outsiders()).features["rows_per_call"] > 0


def test_instances_keep_their_numbers(store: Store) -> None:
    assert store.instance("shop", host="db1") == 1
    assert store.instance("bank") == 2
    assert store.instance("shop", host="db2", system_identifier=7) == 1
    assert store.instance("shop") == 1
    first, second = store.instances()
    assert (first.name, first.system_identifier, second.name) == ("shop", 7, "bank")
    assert store.state(1) is not None
    assert store.state(3) is None


def test_a_store_that_is_watched_itself_is_not_flooded(store: Store) -> None:
    """Our texts are few, always the same, and carry our mark behind their first keyword."""

    def ours() -> set[str]:
        with pg.connect(store.conninfo) as conn:
            rows = conn.execute(
                "SELECT query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
                " WHERE datname = current_database() AND query NOT ILIKE '%pg_stat_statements%'"
            ).fetchall()
        return {row[0] for row in rows}

    shop = store.instance("shop")
    before = ours()
    a_day_in_the_life(store)
    new = ours() - before
    # BEGIN and COMMIT belong to everybody.
    assert {text for text in new if "pganomaly */" not in text} <= {"BEGIN READ WRITE", "BEGIN READ ONLY", "COMMIT"}
    assert not any(text.startswith("/*") for text in new)
    lease = store.acquire(store.instance("second"), Holder.this("the test"), ttl_s=60)
    keeper = Keeper(store, lease)
    for n in range(5):
        keeper.tick(snapshot(60 * n, {A: {"calls": n + 1}}))
    assert [len(w) for w in store.windows(lease.instance_id, None)] == [1] * 4
    assert ours() - before - new == set()
    assert shop == 1


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (psycopg.errors.ReadOnlySqlTransaction(), errors.StoreReadOnly),
        (psycopg.errors.DiskFull(), errors.StoreFull),
        (psycopg.errors.InsufficientPrivilege(), errors.StoreForbidden),
        (psycopg.OperationalError("server closed the connection"), errors.StoreError),
    ],
)
def test_what_the_driver_says_is_told_in_our_words(said: psycopg.Error, meant: type[errors.StoreError]) -> None:
    with pytest.raises(meant) as told, spoken(pg.Conninfo(dbname="shop", user="app")):
        raise said
    assert told.value.exit_code == 4


def test_a_store_that_is_not_there_says_why(store: Store) -> None:
    gone = Store(store.conninfo.with_dbname("no_such_store"), connect_timeout_s=1)
    with gone, pytest.raises(errors.NoSuchDatabase):
        gone.instances()


def test_a_standby_can_be_watched_and_is_no_store() -> None:
    with Server() as server:
        with Store(server.conninfo()) as store:
            store.migrate()
        server.stop()
        (server.data / "standby.signal").touch()
        server.start()
        with Store(server.conninfo()) as store:
            assert store.instances() == ()
            with pytest.raises(errors.StoreReadOnly, match="STORE_URL"):
                store.instance("shop")
