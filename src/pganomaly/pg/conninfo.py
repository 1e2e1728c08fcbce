"""
Where a server is and who we are there.

in    a URL (postgresql://user:password@host:port/database?sslmode=require) or a keyword string (host=... dbname=...)
out   a Conninfo, which can be printed without harm
not   no connection; what is left out is libpq's to fill in (PGHOST, .pgpass, service files)
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from psycopg import pq

from pganomaly import errors
from pganomaly.pg.dsn import pairs_of_keywords, pairs_of_url

_LAST_PORT = 65535
_OWN = ("host", "port", "dbname", "user", "password", "sslmode", "sslrootcert")


class Secret:
    """A value that does not show in logs, tracebacks and reprs; reveal() is the one way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        """Return stars, whatever the value."""
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Return whether the other is the same secret."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """Return a hash that agrees with equality."""
        return hash((Secret, self._value))


@dataclass(frozen=True, slots=True)
class Conninfo:
    """
    One database of one server, as one role. None leaves a value to libpq's defaults.

    others  further libpq parameters by name, such as sslcert; never shown, because some are secret
    """

    host: str | None = None
    port: int | None = None
    dbname: str | None = None
    user: str | None = None
    password: Secret | None = None
    sslmode: str | None = None
    sslrootcert: str | None = None
    others: tuple[tuple[str, Secret], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a URL or a keyword string says; errors.BadConninfo tells what to change and quotes nothing."""
        text = text.strip()
        if "://" in text.split("=", 1)[0]:
            return cls.from_url(text)
        if "=" in text:
            return cls._of_pairs(pairs_of_keywords(text))
        raise errors.ConninfoNotUnderstood

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Return what postgresql://user:password@host:port/database?sslmode=... says."""
        return cls._of_pairs(pairs_of_url(url.strip()))

    @classmethod
    def _of_pairs(cls, pairs: dict[str, str]) -> Self:
        given = {name: value for name, value in pairs.items() if value}
        if not given.keys() <= _known_to_libpq():
            raise errors.UnknownConninfoParameter
        password = given.get("password")
        return cls(
            host=given.get("host"),
            port=_port(given["port"]) if "port" in given else None,
            dbname=given.get("dbname"),
            user=given.get("user"),
            password=Secret(password) if password is not None else None,
            sslmode=given.get("sslmode"),
            sslrootcert=given.get("sslrootcert"),
            others=tuple((name, Secret(value)) for name, value in sorted(given.items()) if name not in _OWN),
        )

    def with_dbname(self, dbname: str) -> Self:
        """Return the same server and role, another database."""
        return replace(self, dbname=dbname)

    @property
    def server(self) -> str:
        """Return host and port for people: what errors and logs call this server."""
        host = self.host or _default("host") or "localhost"
        port = self.port or _default("port")
        if host.startswith("/"):
            return f"{host} (port {port})"
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def keywords(self) -> dict[str, str | int]:
        """Return the parameters for the driver, secrets in the clear: not to be logged."""
        return dict(self._keywords())

    def _keywords(self) -> Iterator[tuple[str, str | int]]:
        for name in _OWN:
            value = getattr(self, name)
            if value is not None:
                yield name, value.reveal() if isinstance(value, Secret) else value
        for name, secret in self.others:
            yield name, secret.reveal()


def _default(keyword: str) -> str | None:
    """Return what libpq takes where nothing is said, PGHOST and its like included."""
    values = (option.val for option in pq.Conninfo.get_defaults() if option.keyword == keyword.encode())
    return next((value.decode() for value in values if value), None)


def _known_to_libpq() -> set[str]:
    return {option.keyword.decode() for option in pq.Conninfo.get_defaults()}


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _LAST_PORT):
        raise errors.BadPort
    return int(text)
