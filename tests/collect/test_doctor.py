"""What the doctor finds, and that every line that it prints mends what it says: run as printed, restarts included."""

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from pganomaly import collect, pg
from pganomaly.collect import Check, CheckState, doctor
from pganomaly.pg.binaries import Binaries
from pganomaly.pg.embedded import Server
from tests.collect.conftest import Watch, as_user, role
from tests.collect.test_texts import many_statements
from tests.conftest import server_of_major
from tests.servers import fetch


def look(conninfo: pg.Conninfo) -> dict[str, Check]:
    """The answers by name; each must be sayable."""
    answers = {check.name: check for check in doctor(conninfo, now=datetime.now(UTC))}
    for check in answers.values():
        assert "{" not in check.said()
        assert (check.state is CheckState.OK) == (check.consequence is None or check.name == "connection")
    return answers


def troubles(answers: dict[str, Check]) -> dict[str, Check]:
    """All that is not well and can be mended: the age of a major version cannot."""
    return {name: check for name, check in answers.items() if check.state is not CheckState.OK and name != "support"}


def psql(conninfo: pg.Conninfo, script: str) -> str:
    """Run what the doctor prints the way people do: pasted into psql, as a superuser."""
    program = Binaries.of_wheel().program("psql")
    place = ("-h", str(conninfo.host), "-p", str(conninfo.port), "-U", "postgres", "-d", str(conninfo.dbname))
    done = subprocess.run(
        [program, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *place],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, f"{script}\n{done.stderr}"
    return done.stdout


def mend(server: Server, conninfo: pg.Conninfo, checks: Iterable[Check]) -> None:
    restart = False
    for check in checks:
        assert check.fix, f"{check.name}: {check.said()}"
        printed = psql(conninfo, check.fix)
        if "run what it prints" in check.fix:
            psql(conninfo, printed)
        restart = restart or "then restart PostgreSQL" in check.fix
    if restart:
        server.restart()


@pytest.mark.parametrize("major", fetch.MAJORS)
@pytest.mark.parametrize("who", ["postgres", "clerk"])
def test_following_the_doctor_heals_a_server(major: int, who: str) -> None:
    """As found in the wild: not loaded, not created, not tracking, not granted. Other libraries stay loaded."""
    broken = {"pg_stat_statements.track": "none", "track_io_timing": "off"}
    if major >= 14:
        broken["compute_query_id"] = "off"
    with server_of_major(major, preload="plpgsql", settings=broken) as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("CREATE ROLE clerk LOGIN")
        conninfo = server.conninfo(user=who)
        seen: set[str] = set()
        for _ in range(5):
            wrong = troubles(look(conninfo))
            if not wrong:
                break
            seen |= wrong.keys()
            mend(server, conninfo, wrong.values())
        assert not wrong, [check.said() for check in wrong.values()]

        expected = {"library", "extension", "track", "io_timing"}
        expected |= {"query_id"} if major >= 14 else set()
        expected |= {"privileges"} if who == "clerk" else set()
        assert expected == seen
        with pg.connect(server.conninfo()) as conn:
            libraries = conn.execute("SHOW shared_preload_libraries").fetchone()
        assert libraries is not None
        assert ["plpgsql", "pg_stat_statements"] == [name.strip() for name in libraries[0].split(",")]


def test_an_old_extension_is_updated(pg18: Server, database: pg.Conninfo) -> None:
    with pg.connect(database) as conn:
        for version in ("1.4", "1.8", "1.11"):
            conn.execute("DROP EXTENSION pg_stat_statements")
            conn.execute(f"CREATE EXTENSION pg_stat_statements VERSION '{version}'")
            check = troubles(look(database))["version"]
            assert (CheckState.PROBLEM if version == "1.4" else CheckState.WARNING) == check.state
            mend(pg18, database, [check])
            assert "version" not in troubles(look(database))


def test_a_crowded_server_is_told_how_much_room_it_needs() -> None:
    for major in (13, 18):
        with server_of_major(major, settings={"pg_stat_statements.max": 100}) as server:
            with pg.connect(server.conninfo()) as conn:
                conn.execute("CREATE EXTENSION pg_stat_statements")
                many_statements(conn, 400, marker="crowd")
            check = troubles(look(server.conninfo()))["room"]
            mend(server, server.conninfo(), [check])
            assert "room" not in troubles(look(server.conninfo()))


@pytest.mark.parametrize("exists", [True, False], ids=["its database is there", "its database was dropped"])
def test_an_unreadable_text_can_be_walked_around(exists: bool, watch: Watch) -> None:
    with server_of_major(17) as server:
        with pg.connect(server.conninfo()) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
            conn.execute("CREATE DATABASE cave ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
            with pg.connect(server.conninfo("cave")) as cave:
                cave.execute("SET client_encoding = 'SQL_ASCII'")
                cave.execute(b'SELECT 1 AS "caf\xe9"')
            if not exists:
                conn.execute("DROP DATABASE cave")
        check = troubles(look(server.conninfo()))["texts"]
        assert check.fix is not None
        name = "cave" if exists else "pganomaly_texts"
        assert f"DB_NAME={name}" in check.fix
        first, _, inside = check.fix.partition(f"-- in database {name}" if not exists else "\n")
        psql(server.conninfo(), first)
        psql(server.conninfo(name), inside.partition("\n")[2] if not exists else inside)
        assert "texts" not in troubles(look(server.conninfo(name)))
        assert all(text.text is not None for text in watch(server.conninfo(name)).read().texts)


def test_a_server_that_does_not_answer_is_an_answer(pg18: Server) -> None:
    (check,) = doctor(pg18.conninfo("nowhere"), now=datetime.now(UTC))
    assert CheckState.PROBLEM == check.state
    assert "nowhere" in check.said()


def test_clocks_far_apart_are_told(pg18: Server) -> None:
    checks = doctor(pg18.conninfo(), now=datetime.now(UTC) - timedelta(hours=1))
    (check,) = [check for check in checks if check.name == "clock"]
    assert CheckState.WARNING == check.state
    assert "3600 seconds" in check.said()


@pytest.mark.parametrize("options", [{"store": False}, {}, {"plans": True}])
def test_the_role_that_grant_sql_makes_can_watch(any_server: Server, watch: Watch, options: dict[str, bool]) -> None:
    conninfo = any_server.conninfo()
    with pg.connect(conninfo) as conn:
        old = conn.info.server_version < 140000
        sql = collect.grant_sql('odd "role"', **options)
        if options.get("plans") and old:
            pytest.skip("pg_read_all_data came with 14, as the comment says")
        psql(conninfo, sql)
        psql(conninfo, sql)
        guest = as_user(conninfo, 'odd "role"')
        reading = watch(guest).read()
        assert 0 == reading.snapshot.hidden
        assert "privileges" not in troubles(look(guest))
        with pg.connect(guest) as us:
            if options.get("store", True):
                us.execute("CREATE SCHEMA results_of_odd_role")
            may_read = us.execute("SELECT pg_catalog.has_table_privilege('pg_authid', 'SELECT')").fetchone()
        assert (bool(options.get("plans")),) == may_read
        conn.execute('DROP OWNED BY "odd ""role"""')
        conn.execute('DROP ROLE "odd ""role"""')


@pytest.mark.parametrize("by", ["doctor", "grant-sql"])
def test_an_extension_in_a_schema_that_is_closed_to_us(pg18: Server, database: pg.Conninfo, by: str) -> None:
    with role(database, "GRANT pg_monitor TO {role}") as clerk, pg.connect(database) as owner:
        owner.execute('CREATE SCHEMA "Odd; Name"')
        owner.execute('ALTER EXTENSION pg_stat_statements SET SCHEMA "Odd; Name"')
        guest = as_user(database, clerk)
        check = troubles(look(guest))["reach"]
        assert (CheckState.PROBLEM, "PGA-017") == (check.state, check.code)
        if by == "doctor":
            mend(pg18, database, [check])
        else:
            psql(database, collect.grant_sql(clerk, store=False))
        assert {"privileges", "reach"}.isdisjoint(troubles(look(guest)))
        owner.execute(f"DROP OWNED BY {clerk}".encode())


def test_hidden_statements_are_counted_in_the_answer(pg18: Server, database: pg.Conninfo) -> None:
    with role(database) as clerk:
        check = troubles(look(as_user(database, clerk)))["privileges"]
        assert "PGA-003" == check.code
        assert clerk in check.said()
        mend(pg18, database, [check])
        assert "privileges" not in troubles(look(as_user(database, clerk)))
