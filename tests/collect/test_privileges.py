"""What a role may not see is counted, and said; what it may see goes on."""

import pytest

from pganomaly import pg
from pganomaly.pg.embedded import Server
from tests.collect.conftest import Watch, as_user, role, texts_of


@pytest.mark.parametrize("grant", ["pg_monitor", "pg_read_all_stats"])
def test_a_role_without_grants_sees_its_own_and_counts_the_rest(any_server: Server, watch: Watch, grant: str) -> None:
    conninfo = any_server.conninfo()
    with role(conninfo) as clerk, pg.connect(conninfo) as owner:
        # The text of its shape: no other test has it.
        owner.execute("SELECT lanname AS not_for_clerks FROM pg_language")
        guest = watch(as_user(conninfo, clerk))
        poor = guest.read()
        assert poor.snapshot.hidden > 0
        assert not any("not_for_clerks" in text for text in texts_of(poor))
        assert {clerk} == {poor.roles[oid] for oid in set(poor.snapshot.keys["userid"].tolist())}

        owner.execute(f"GRANT {grant} TO {clerk}")
        rich = guest.read()
        guest.session.close()
    assert 0 == rich.snapshot.hidden
    assert any("not_for_clerks" in text for text in texts_of(rich))
    assert len(rich.snapshot) > len(poor.snapshot)


def test_the_identity_of_the_server_may_be_kept_from_us(pg18: Server, database: pg.Conninfo, watch: Watch) -> None:
    with role(database, "GRANT pg_monitor TO {role}") as clerk, pg.connect(database) as owner:
        owner.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public")
        guest = watch(as_user(database, clerk))
        epoch = guest.read().snapshot.epoch
        assert (None, None) == (epoch.system_identifier, epoch.timeline)
        assert epoch.postmaster_start is not None
        owner.execute("REVOKE SELECT ON pg_stat_statements_info FROM public")
        blind = guest.read().snapshot
        assert (None, None) == (blind.dealloc, blind.epoch.stats_reset)
        guest.session.close()


def test_our_own_role_and_the_platforms_are_outsiders(database: pg.Conninfo, watch: Watch) -> None:
    with pg.connect(database) as owner:
        for name in ("pganomaly", "rdsadmin"):
            owner.execute(f"CREATE ROLE {name} SUPERUSER LOGIN")
        owner.execute("CREATE DATABASE cloudsqladmin")
    try:
        with pg.connect(as_user(database.with_dbname("cloudsqladmin"), "rdsadmin")) as conn:
            conn.execute("SELECT 1 AS upkeep_of_the_cloud")
        us = watch(as_user(database, "pganomaly"))
        us.read()
        reading = us.read()
        outsiders = reading.outsiders
        assert {"pganomaly", "rdsadmin"} == {reading.roles[oid] for oid in outsiders.roles}
        assert {"cloudsqladmin"} == {reading.databases[oid] for oid in outsiders.databases}
        theirs = ~outsiders.among(reading.snapshot.keys)
        assert 0 < theirs.sum() < len(reading.snapshot)
        us.session.close()
    finally:
        with pg.connect(database) as owner:
            owner.execute("DROP DATABASE cloudsqladmin WITH (FORCE)")
            for name in ("pganomaly", "rdsadmin"):
                owner.execute(f"DROP ROLE {name}")
