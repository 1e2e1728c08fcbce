"""A COPY that goes wrong is an error of the driver's, and the connection can be used again."""

import numpy as np
import psycopg
import pytest

from pganomaly import pg

NUMBERS = np.dtype([("n", "i4")])


@pytest.fixture
def conn(database):
    with pg.connect(database) as connection:
        yield connection


def test_many_rows_arrive_in_their_order(conn):
    rows = pg.copy_out(conn, "SELECT n FROM generate_series(1, 50000) n", NUMBERS)
    assert rows["n"].tolist() == list(range(1, 50001))


def test_a_statement_that_is_refused_says_why(conn):
    with pytest.raises(psycopg.errors.UndefinedTable):
        pg.copy_out(conn, "SELECT n FROM nowhere", NUMBERS)
    assert len(pg.copy_out(conn, "SELECT 1", NUMBERS)) == 1


def test_a_failure_after_some_rows_is_a_failure(conn):
    with pytest.raises(psycopg.errors.DivisionByZero):
        pg.copy_out(conn, "SELECT 1 / (n - 40000) FROM generate_series(1, 50000) n", NUMBERS)
    assert len(pg.copy_out(conn, "SELECT 1", NUMBERS)) == 1


def test_a_server_that_goes_away_is_an_error_of_the_connection(conn, database):
    with pg.connect(database) as other:
        other.execute(f"SELECT pg_terminate_backend({conn.info.backend_pid})".encode())
    with pytest.raises(psycopg.OperationalError):
        pg.copy_out(conn, "SELECT 1 FROM pg_sleep(5)", NUMBERS)
