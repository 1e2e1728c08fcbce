"""
The grammar of connection strings, read strictly.

in    a URL or a keyword string, passwords included
out   its parameters by name, decoded
not   no message quotes any of it: what looks like a host may be the tail of a password that was not percent-encoded
"""

import re

from pganomaly import errors

_SCHEME = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>.*))?", re.DOTALL)
_PAIR = re.compile(
    r"(?P<name>[A-Za-z_]+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<plain>(?:[^\s'\\]|\\.)*))(?=\s|$)", re.DOTALL
)


def pairs_of_url(url: str) -> dict[str, str]:
    """
    Return the parameters of a postgresql:// URL, as libpq understands them.

    Stricter than libpq where libpq guesses: it takes the first @ for the end of the password and connects to whatever
    follows. A second colon is part of the password, as for libpq.
    """
    scheme = _SCHEME.match(url)
    if not scheme:
        raise errors.ConninfoNotUnderstood
    before, question, query = url[scheme.end() :].partition("?")
    authority, _, dbname = before.partition("/")
    _refuse_ambiguous(authority, dbname, query)
    userinfo, at, place = authority.rpartition("@")
    user, _, password = userinfo.partition(":")
    pairs = {"user": _decoded(user), "password": _decoded(password)} if at else {}
    pairs |= _host_and_port(place)
    pairs["dbname"] = _decoded(dbname)
    return pairs | (_pairs_of_query(query) if question else {})


def _refuse_ambiguous(authority: str, dbname: str, query: str) -> None:
    """Refuse what a password with a raw @, /, ? or blank turns a URL into."""
    if authority.count("@") > 1:
        raise errors.UnencodedCharacter(character="@", encoded="%40")
    if "@" in dbname or "/" in dbname:
        raise errors.UnencodedCharacter(character="/", encoded="%2F")
    if "@" not in authority and "@" in query and (":" in authority or "=" not in query.partition("@")[0]):
        raise errors.UnencodedCharacter(character="?", encoded="%3F")
    if any(c.isspace() for c in authority + dbname):
        raise errors.UnencodedCharacter(character="blank", encoded="%20")


def _host_and_port(place: str) -> dict[str, str]:
    if "," in place:
        raise errors.SeveralHosts
    match = _HOST_AND_PORT.fullmatch(place)
    if not match:
        raise errors.BadPort
    host, port = match["host"], match["port"]
    return {"host": _decoded(host.strip("[]")), "port": port or ""}


def _pairs_of_query(query: str) -> dict[str, str]:
    pairs = {}
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if not equals:
            raise errors.UnknownConninfoParameter
        pairs[_decoded(name)] = _decoded(value)
    return pairs


def _decoded(text: str) -> str:
    if _BAD_PERCENT.search(text):
        raise errors.UnencodedCharacter(character="%", encoded="%25")
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise errors.UnencodedCharacter(character="%", encoded="%25") from None


def pairs_of_keywords(text: str) -> dict[str, str]:
    """Return the parameters of a keyword string: name=value with blanks between, quotes and backslashes as in libpq."""
    pairs: dict[str, str] = {}
    rest = text.strip()
    while rest:
        match = _PAIR.match(rest)
        if not match:
            raise errors.BadKeywords
        raw = match["plain"] if match["quoted"] is None else match["quoted"]
        pairs[match["name"]] = re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)
        rest = rest[match.end() :].lstrip()
    if "," in pairs.get("host", ""):
        raise errors.SeveralHosts
    return pairs
