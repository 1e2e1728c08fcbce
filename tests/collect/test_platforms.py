"""Clouds change settings in their own ways; everywhere else a fix is SQL with every name quoted on its own."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from pganomaly.collect import comforts, essentials, fixes, preload
from pganomaly.collect.capabilities import Server
from pganomaly.collect.check import CheckState
from pganomaly.collect.examination import Examination
from pganomaly.collect.platforms import PLATFORMS, recognised

SERVER = Server(
    version=170006,
    in_recovery=False,
    database="shop",
    role='od"d',
    role_oid=10,
    sees_all=False,
    has_query_id=True,
    pooled=False,
    settings=MappingProxyType({"shared_preload_libraries": "auto_explain", "pg_stat_statements.track": "none"}),
    platform=None,
)


@pytest.mark.parametrize(
    ("current", "line"),
    [
        ("", "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements';"),
        ("auto_explain", "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements';"),
        ('a, "b,c" ,d', "ALTER SYSTEM SET shared_preload_libraries = 'a', 'b,c', 'd', 'pg_stat_statements';"),
        ("it's", "ALTER SYSTEM SET shared_preload_libraries = 'it''s', 'pg_stat_statements';"),
        ("pg_stat_statements", "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements';"),
    ],
)
def test_the_libraries_of_today_stay_each_quoted_on_its_own(current: str, line: str) -> None:
    assert preload.fix(current, None).startswith(line)


def test_a_cloud_is_known_by_the_roles_that_it_left() -> None:
    for platform in PLATFORMS:
        assert platform == recognised(frozenset({"postgres", platform.roles[0]}))
    assert recognised(frozenset({"postgres"})) is None


def test_on_a_cloud_no_fix_says_alter_system() -> None:
    for platform in PLATFORMS:
        there = replace(SERVER, platform=platform)
        for fix in (fixes.load(there), fixes.setting(there, "track_io_timing", "on", restart=True)):
            assert platform.name in fix
            assert "ALTER SYSTEM" not in fix
    (amazon,) = [p for p in PLATFORMS if "rdsadmin" in p.roles]
    said = fixes.load(replace(SERVER, platform=amazon))
    assert "parameter group" in said
    assert "auto_explain,pg_stat_statements" in said
    assert "reboot" in said


def test_what_only_a_primary_can_change_says_so_on_a_standby() -> None:
    there = replace(SERVER, in_recovery=True)
    for fix in (fixes.create(there, available=True), fixes.update(there), fixes.grant(there)):
        assert fix.startswith("-- on its primary:\n")
    assert fixes.setting(there, "track_io_timing", "on").startswith("ALTER SYSTEM")


def test_a_missing_package_is_named_before_the_extension_is_created() -> None:
    check = essentials.extension(Examination(SERVER, None, None))
    assert "postgresql-contrib" in (check.fix or "")
    assert (check.fix or "").endswith("CREATE EXTENSION pg_stat_statements;")


def test_a_role_is_quoted_whatever_is_in_its_name() -> None:
    assert 'GRANT pg_monitor TO "od""d";' == fixes.grant(SERVER)


def test_a_pooler_is_told_and_nothing_else() -> None:
    assert comforts.pooler(Examination(SERVER, None, None)) is None
    check = comforts.pooler(Examination(replace(SERVER, pooled=True), None, None))
    assert check is not None
    assert ("PGA-010", CheckState.WARNING) == (check.code, check.state)
