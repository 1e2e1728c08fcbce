"""Whoever is not let in learns why, in one sentence, and nothing secret is repeated."""

import socket
from dataclasses import replace

import psycopg
import pytest

from pganomaly import errors, pg
from pganomaly.pg.embedded import Server
from pganomaly.pg.refusal import refusal

SHOP = pg.Conninfo("db1", 5432, "shop", "app", pg.Secret("hunter2"))


@pytest.fixture(scope="session")
def guarded(pg18: Server) -> Server:
    """Give pg18 roles that are kept out for different reasons."""
    with pg.connect(pg18.conninfo()) as conn:
        conn.execute("CREATE ROLE app LOGIN PASSWORD 'right' CONNECTION LIMIT 1")
        conn.execute("CREATE ROLE sleeper NOLOGIN")
        conn.execute("CREATE ROLE unwanted LOGIN")
        conn.execute("CREATE DATABASE closed")
        conn.execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
        rules = pg18.data / "pg_hba.conf"
        rules.write_text("local all unwanted reject\n" + rules.read_text())
        conn.execute("SELECT pg_reload_conf()")
    return pg18


def test_passwords(guarded: Server) -> None:
    pg.connect(guarded.tcp_conninfo(user="app", password=pg.Secret("right"))).close()
    with pytest.raises(errors.WrongPassword, match='refused the password for "app"') as caught:
        pg.connect(guarded.tcp_conninfo(user="app", password=pg.Secret("hunter2")))
    assert "hunter2" not in str(caught.value)
    assert caught.value.exit_code == 3
    with pytest.raises(errors.NoPassword):
        pg.connect(guarded.tcp_conninfo(user="app"))


def test_roles_and_databases(guarded: Server) -> None:
    with pytest.raises(errors.NoSuchRole, match="nobody-knows"):
        pg.connect(guarded.conninfo(user="nobody-knows"))
    with pytest.raises(errors.LoginNotPermitted):
        pg.connect(guarded.conninfo(user="sleeper"))
    with pytest.raises(errors.NoSuchDatabase, match="nowhere"):
        pg.connect(guarded.conninfo("nowhere"))
    with pytest.raises(errors.NoConnectPrivilege, match="closed"):
        pg.connect(guarded.conninfo("closed", user="app"))
    with pytest.raises(errors.NotAdmitted):
        pg.connect(guarded.conninfo(user="unwanted"))


def test_limits_and_encryption(guarded: Server) -> None:
    with pg.connect(guarded.conninfo(user="app")), pytest.raises(errors.TooManyConnections):
        pg.connect(guarded.conninfo(user="app"))
    with pytest.raises(errors.TlsNotOffered):
        pg.connect(replace(guarded.tcp_conninfo(), sslmode="require"))


def test_nobody_there() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        with pytest.raises(errors.NothingListens):
            pg.connect(pg.Conninfo("127.0.0.1", port))
        listener.listen()
        with pytest.raises(errors.NoAnswer):
            pg.connect(pg.Conninfo("127.0.0.1", port), connect_timeout_s=0.1)
    with pytest.raises(errors.NothingListens):
        pg.connect(pg.Conninfo("/nowhere"))
    with pytest.raises(errors.UnknownHost):
        pg.connect(pg.Conninfo("no-such-host.invalid"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('ВАЖНО:  пользователь "app" не прошёл проверку подлинности (по паролю)', errors.WrongPassword),
        ('ВАЖНО:  пользователь "app" не прошёл проверку подлинности (Peer)', errors.AuthenticationFailed),
        ('FATAL:  Peer authentication failed for user "app"', errors.AuthenticationFailed),
        ('ВАЖНО:  роль "app" не существует', errors.NoSuchRole),
        ('ВАЖНО:  база данных "shop" не существует', errors.NoSuchDatabase),
        ('ВАЖНО:  для роли "app" вход запрещён', errors.LoginNotPermitted),
        ('ВАЖНО:  доступ к базе "shop" запрещён', errors.NoConnectPrivilege),
        (
            'ВАЖНО:  в pg_hba.conf нет записи для компьютера "10.0.0.1", пользователя "app", базы "shop", SSL',
            errors.NotAdmitted,
        ),
        ("FATAL:  SSL connection is required", errors.TlsRequired),
        (
            'FATAL:  pg_hba.conf rejects connection for host "10.0.0.1", user "app", database "shop", SSL encryption',
            errors.NotAdmitted,
        ),
        ("ВАЖНО:  извините, уже слишком много клиентов", errors.TooManyConnections),
        ("FATAL:  sorry, too many clients already", errors.TooManyConnections),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            errors.TooManyConnections,
        ),
        ("ВАЖНО:  оставшиеся слоты подключений зарезервированы для ролей", errors.TooManyConnections),
        ("FATAL:  the database system is starting up", errors.ServerStarting),
        ("FATAL:  the database system is not yet accepting connections", errors.ServerStarting),
        ("ВАЖНО:  система баз данных запускается", errors.ServerStarting),
        ("затребовано подключение через SSL, но сервер не поддерживает SSL", errors.TlsNotOffered),
        ("SSL error: certificate verify failed", errors.CertificateRefused),
        ("подключиться к серверу не удалось: В соединении отказано", errors.NothingListens),
        ('не удалось преобразовать имя "db1" в адрес: Неизвестное имя или служба', errors.UnknownHost),
        ("connection timeout expired", errors.NoAnswer),
        ("server closed the connection unexpectedly", errors.ConnectionDropped),
        ("something that nobody has seen yet", errors.ConnectError),
    ],
)
def test_texts_of_servers_in_two_languages(text: str, cause: type[errors.ConnectError]) -> None:
    said = f'connection to server at "10.0.0.2", port 5432 failed: {text}\n'
    assert type(refusal(SHOP, psycopg.OperationalError(said))) is cause


@pytest.mark.parametrize(
    "text",
    [
        'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "app", database "shop", no encryption',
        'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "app", database "shop", SSL off',
        'ВАЖНО:  в pg_hba.conf нет записи для компьютера "10.0.0.1", пользователя "app", базы "shop", без шифрования',
    ],
)
def test_tls_is_missing_only_where_it_was_switched_off(text: str) -> None:
    error = psycopg.OperationalError(text)
    assert type(refusal(SHOP, error)) is errors.NotAdmitted
    assert type(refusal(replace(SHOP, sslmode="disable"), error)) is errors.TlsRequired


def test_an_unknown_text_is_passed_on_without_the_password() -> None:
    error = refusal(SHOP, psycopg.OperationalError("weird: hunter2 is not\nwhat I expected, hunter2"))
    assert "what I expected, ***" in str(error)
    assert "hunter2" not in str(error)


def test_a_connection_reads_text_in_utf8_whatever_the_database(pg18: Server) -> None:
    with pg.connect(pg18.conninfo()) as conn:
        conn.execute("CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0")
        with pg.connect(pg18.conninfo("plain")) as plain:
            assert plain.execute("SELECT 'ёж'::text").fetchone() == ("ёж",)
            assert plain.prepare_threshold is None
        conn.execute("DROP DATABASE plain")
