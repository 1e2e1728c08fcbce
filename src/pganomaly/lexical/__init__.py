"""
A statement's text in, its Shape out: redacted, normalised, fingerprinted, counted, its tables named.

in    the text of one statement as the server holds it, or as we stored it
out   a Shape, and the same Shape again for the text that is in it
not   no database, no native parser, no exception: some shape comes out of any text, in time that grows with its length

A *system* statement is one that steers a session or its transaction (BEGIN, SAVEPOINT, SET, SHOW, LISTEN, NOTIFY, ...),
that names at least one relation and only relations of the catalogs or of our own schema, or that carries our mark.
Maintenance (VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT) is system too: it comes from a schedule or an operator, runs
long by nature, and says nothing of what the application does. REFRESH MATERIALIZED VIEW, LOCK and all DDL are business:
they are run for the application, and it waits for them. So is a function's call that names no relation, as in
`SELECT pg_sleep(5)`.
"""

from hashlib import md5

from pganomaly.lexical.counting import count, steers_transaction
from pganomaly.lexical.normalising import fingerprint, normalise
from pganomaly.lexical.recognition import recognised
from pganomaly.lexical.redaction import redact, written
from pganomaly.lexical.relations import Name, is_catalog, relations
from pganomaly.lexical.scanner import MARK, WORD, scan
from pganomaly.lexical.structure import Span, brackets, ctes, statements
from pganomaly.lexical.words import MAINTENANCE, SESSION
from pganomaly.records import Shape

__all__ = ["MARK", "describe", "is_system_query", "recognised"]


def describe(text: str) -> Shape:
    """Return what *text* looks like."""
    tokens = redact(scan(_storable(text)))
    redacted = written(tokens)
    normalised = normalise(tokens)
    spans = statements(tokens)
    pairs = brackets(tokens.words)
    defined = [ctes(tokens, pairs, span) for span in spans]
    named = [relations(tokens, span, pairs, its) for span, its in zip(spans, defined, strict=True)]
    system = [_is_system(tokens.words, span, its) for span, its in zip(spans, named, strict=True)]
    return Shape(
        redacted=redacted,
        normalised=normalised,
        md5=md5(redacted.encode(), usedforsecurity=False).hexdigest(),
        fingerprint=fingerprint(normalised),
        tables=tuple(dict.fromkeys(".".join(name) for its in named for name in its)),
        is_system=tokens.own or (bool(system) and all(system)),
        is_own=tokens.own,
        verb=next((text.upper() for kind, text in zip(tokens.kinds, tokens.texts, strict=True) if kind == WORD), ""),
        lexical=count(tokens, redacted, normalised, spans, defined),
    )


def is_system_query(text: str) -> bool:
    """Return whether *text* is a system statement: stored, but neither learned from nor told about."""
    return describe(text).is_system


def _is_system(words: list[str], span: Span, named: list[Name]) -> bool:
    verb = words[span.start]
    if verb in SESSION or verb in MAINTENANCE or steers_transaction(words, span):
        return True
    return bool(named) and all(is_catalog(name) for name in named)


def _storable(text: str) -> str:
    """Return *text* without what PostgreSQL cannot hold: half characters and NULs."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
