import signal
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from pganomaly import errors, pg
from pganomaly.demo.shop import CROWDS, Shop
from pganomaly.demo.traffic import Crowd, Traffic, statements
from tests.demo.patience import comes_true


def visitors(owner: pg.Connection) -> int:
    ((found,),) = owner.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'shop-%'").fetchall()
    return int(found)


def content(shop: Shop) -> list[tuple[object, ...]]:
    with pg.connect(shop.conninfo) as conn:
        return conn.execute(
            "SELECT (SELECT sum(hashtext(concat(order_id, customer_id, status, total_cents))) FROM orders),"
            " (SELECT sum(hashtext(p::text)) FROM products p), (SELECT sum(hashtext(i::text)) FROM order_items i)"
        ).fetchall()


def test_one_seed_makes_one_shop(server: pg.Conninfo) -> None:
    first, second, other = (
        Shop(server, dbname=name, seed=seed).build() for name, seed in (("one", 3), ("two", 3), ("three", 4))
    )
    assert content(first) == content(second)
    assert content(first) != content(other)


def test_an_open_shop_is_some_fifty_statements_of_four_roles(shop: Shop, owner: pg.Connection) -> None:
    def seen() -> set[tuple[str, int]]:
        return {
            (role, queryid)
            for role, queryid in owner.execute(
                "SELECT r.rolname, s.queryid FROM pg_stat_statements(false) s JOIN pg_roles r ON r.oid = s.userid"
                " JOIN pg_database d ON d.oid = s.dbid"
                " WHERE d.datname = current_database() AND r.rolname = ANY (%s)",
                [[crowd.role for crowd in CROWDS]],
            )
        }

    owner.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    shop.open()
    try:
        assert comes_true(lambda: len(seen()) >= 45)
        assert {role for role, _ in seen()} == {crowd.role for crowd in CROWDS}
        assert visitors(owner) == sum(crowd.connections for crowd in CROWDS)
    finally:
        shop.close()
    assert comes_true(lambda: visitors(owner) == 0)
    assert len(seen()) <= len(statements()) + 2 * len(CROWDS), "a statement has more than one entry"


def test_visitors_leave_when_whoever_let_them_in_is_killed(shop: Shop, owner: pg.Connection) -> None:
    program = (
        "import sys; from pganomaly import pg;"
        "from pganomaly.demo.shop import CROWDS; from pganomaly.demo.traffic import Traffic;"
        "traffic = Traffic(pg.Conninfo.parse(sys.argv[1]), CROWDS, seed=1).start(); print(traffic.pid, flush=True);"
        "sys.stdin.read()"
    )
    dsn = make_conninfo("", **shop.conninfo.keywords())
    with subprocess.Popen(
        [sys.executable, "-c", program, dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert visitors(owner) > 0
        starter.send_signal(signal.SIGKILL)
    assert comes_true(lambda: visitors(owner) == 0)
    assert comes_true(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_shop_without_a_door_says_so(server: pg.Conninfo) -> None:
    nowhere = Traffic(server.with_dbname("nowhere"), (Crowd("postgres", 1, {"search": 1}),), seed=1)
    with pytest.raises(errors.DemoTrafficFailed, match="nowhere"):
        nowhere.start()
    nowhere.stop()
