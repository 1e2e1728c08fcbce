"""
Why a server did not let us in.

A failed connection carries no SQLSTATE, so its text decides: of PostgreSQL and libpq, in English and in Russian, of
the operating system and of the usual poolers. The order matters: the first line that fits wins.
"""

import re

import psycopg

from pganomaly import errors
from pganomaly.pg.conninfo import Conninfo

_Refusal = type[errors.ConnectError]


def _line(cause: _Refusal, *patterns: str) -> tuple[_Refusal, re.Pattern[str]]:
    return cause, re.compile("|".join(patterns), re.IGNORECASE)


_CAUSES: tuple[tuple[_Refusal, re.Pattern[str]], ...] = (
    _line(
        errors.ServerStarting,
        r"the database system is (starting up|shutting down|in recovery mode|not (yet )?accepting connections)",
        r"(система|системы) баз данных (запускается|останавливается|в режиме восстановления)",
        r"не принимает подключения",
    ),
    _line(
        errors.TooManyConnections,
        r"too many (clients|connections)",
        r"remaining connection slots",
        r"no more connections allowed",
        r"max_client_conn",
        r"слишком много (клиентов|подключений)",
        r"слоты подключений зарезервированы",
    ),
    _line(
        errors.TlsNotOffered,
        r"server does not support SSL",
        r"сервер не поддерживает SSL",
    ),
    _line(
        errors.CertificateRefused,
        r"certificate verify failed",
        r"root certificate file .* does not exist",
        r"does not match host name",
        r"could not (load|read) (root )?certificate",
        r"weak sslmode .* may not be used with",
        r"сертификат.* не соответствует имени",
        r"файл корневых сертификатов .* не существует",
    ),
    _line(errors.TlsRequired, r"SSL (connection )?(is )?required", r"insecure (transport|connection)"),
    _line(errors.NotAdmitted, r"pg_hba\.conf"),
    _line(
        errors.NoPassword,
        r"no password supplied",
        r"empty password (returned|supplied)",
        r"пароль не (был )?(указан|предоставлен)",
    ),
    _line(
        errors.WrongPassword,
        r"password authentication failed",
        r"(SASL|SCRAM) authentication failed",
        r"не прош[её]л проверку подлинности \(по паролю\)",
    ),
    _line(errors.AuthenticationFailed, r"authentication failed", r"не прош[её]л проверку подлинности", r"auth failed"),
    _line(errors.LoginNotPermitted, r"is not permitted to log in", r"вход запрещ[её]н"),
    _line(
        errors.NoConnectPrivilege,
        r"permission denied for database",
        r"нет доступа к базе данных",
        r"доступ к базе .* запрещ[её]н",
    ),
    _line(errors.NoSuchDatabase, r"database .* does not exist", r"no such database", r"база данных .* не существует"),
    _line(errors.NoSuchRole, r"role .* does not exist", r"no such user", r"роль .* не существует"),
    _line(
        errors.UnknownHost,
        r"could not translate host name",
        r"failed to resolve host",
        r"name or service not known",
        r"temporary failure in name resolution",
        r"nodename nor servname",
        r"не удалось преобразовать имя",
        r"неизвестное имя или служба",
    ),
    _line(
        errors.NoAnswer,
        r"time(d)?[ -]?out",
        r"тайм-?аут",
        r"время ожидания",
        r"превышено время",
    ),
    _line(
        errors.NothingListens,
        r"connection refused",
        r"no such file or directory",
        r"no route to host",
        r"(network|host) is (unreachable|down)",
        r"is the server running",
        r"в соединении отказано",
        r"отказано в соединении",
        r"нет такого файла или каталога",
        r"нет маршрута",
        r"сеть недоступна",
        r"недоступен",
    ),
    _line(
        errors.ConnectionDropped,
        r"server closed the connection unexpectedly",
        r"connection reset by peer",
        r"broken pipe",
        r"сервер неожиданно закрыл соединение",
        r"соединение (сброшено|разорвано)",
    ),
)


_UNENCRYPTED = re.compile(r"no pg_hba\.conf entry.*(no encryption|SSL off)|нет записи.*(без шифрования|SSL выкл)")


def refusal(conninfo: Conninfo, error: psycopg.Error) -> errors.ConnectError:
    """Return what *error*, raised while connecting to *conninfo*, means to the user; nothing in it is secret."""
    text = str(error)
    cause = next((cause for cause, pattern in _CAUSES if pattern.search(text)), errors.ConnectError)
    if cause is errors.NotAdmitted and conninfo.sslmode == "disable" and _UNENCRYPTED.search(text):
        # Unless told otherwise libpq has tried TLS before it says this, and encryption is not what is missing.
        cause = errors.TlsRequired
    return cause(
        server=conninfo.server,
        user=conninfo.user or _named(text, "user|role|пользовател[ья]|рол[ьи]") or "(default)",
        dbname=conninfo.dbname or _named(text, "database|баз[аы](?: данных)?") or "(default)",
        said=_harmless(text, conninfo),
    )


def _named(text: str, noun: str) -> str | None:
    match = re.search(rf'(?:{noun}) "([^"]*)"', text, re.IGNORECASE)
    return match[1] if match else None


def _harmless(text: str, conninfo: Conninfo) -> str:
    """Return the last line of the driver's text, without anything that we were told to keep to ourselves."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[-1] if lines else ""
    secrets = [secret for _, secret in conninfo.others]
    for secret in [*secrets, conninfo.password]:
        if secret is not None and secret.reveal():
            said = said.replace(secret.reveal(), "***")
    return said.rstrip(".")[:300]
