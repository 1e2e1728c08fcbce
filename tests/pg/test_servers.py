"""The servers that other tests stand on."""

from pganomaly import pg
from pganomaly.pg.embedded import Server


def test_every_major_starts_and_counts_statements(any_server: Server) -> None:
    with pg.connect(any_server.conninfo()) as conn:
        assert conn.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone() == (True,)


def test_a_database_is_fresh(database: pg.Conninfo) -> None:
    with pg.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone() == (
            2,
        )
