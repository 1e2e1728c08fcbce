"""The servers that other tests stand on."""

import json
from pathlib import Path

from pganomaly import pg
from pganomaly.pg.embedded import Server
from tests.servers import fetch


def test_every_major_starts_and_counts_statements(any_server: Server) -> None:
    with pg.connect(any_server.conninfo()) as conn:
        assert conn.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone() == (True,)


def test_a_database_is_fresh(database: pg.Conninfo) -> None:
    with pg.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone() == (
            2,
        )


def test_what_is_fetched_is_pinned_by_hash_and_names_no_address() -> None:
    lock = (fetch.HERE / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    assert all(packages[f"node_modules/pg{major}"]["integrity"].startswith("sha512-") for major in fetch.MAJORS)
    assert "://" not in lock


def test_links_are_made_once(tmp_path: Path) -> None:
    native = tmp_path / "native"
    (native / "lib").mkdir(parents=True)
    (native / "lib" / "libicu.so.60.2").write_text("code")
    (native / "pg-symlinks.json").write_text(
        json.dumps([{"source": "native/lib/libicu.so.60.2", "target": "native/lib/libicu.so.60"}])
    )
    fetch.link_libraries(native)
    fetch.link_libraries(native)
    assert (native / "lib" / "libicu.so.60").read_text() == "code"
