"""PostgreSQL's own scanner and parser (libpg_query) are asked for their opinion, on several hundred texts."""

from importlib import import_module

import pytest

from pganomaly.lexical import describe
from pganomaly.lexical.scanner import scan
from tests.lexical.corpus import texts

# By name: mypy cannot read the stubs that come with it.
postgast = import_module("postgast")

TEXTS = texts()
COMMENTS = {postgast.pg_query_pb2.SQL_COMMENT, postgast.pg_query_pb2.C_COMMENT}

KEYWORDS_AS_CONSTANTS = ("SET SESSION CHARACTERISTICS", "BEGIN ISOLATION LEVEL")
"""Their normaliser, unlike the server, replaces the isolation level as well."""


def test_there_are_several_hundred_texts() -> None:
    assert len(TEXTS) > 500


@pytest.mark.parametrize("text", TEXTS)
def test_the_tokens_are_those_of_the_server(text: str) -> None:
    encoded = text.encode()
    theirs = [encoded[t.start : t.end].decode() for t in postgast.scan(text).tokens if t.token not in COMMENTS]
    assert scan(text).texts == theirs


@pytest.mark.parametrize("text", [text for text in TEXTS if not text.startswith(KEYWORDS_AS_CONSTANTS)])
def test_the_text_as_the_server_normalises_it_is_of_the_same_family(text: str) -> None:
    assert describe(postgast.normalize(text)).normalised == describe(text).normalised


def test_no_family_has_members_that_the_parser_tells_apart() -> None:
    families: dict[str, set[str]] = {}
    for text in TEXTS:
        families.setdefault(describe(text).fingerprint, set()).add(postgast.fingerprint(text).hex)
    assert {len(members) for members in families.values()} == {1}


@pytest.mark.parametrize("text", [text for text in TEXTS if not text.startswith(("DROP", "COMMENT"))])
def test_the_tables_are_those_of_the_parser(text: str) -> None:
    """It keeps the names in DROP and COMMENT elsewhere, and calls a name of WITH a table."""
    tree = postgast.parse(text)
    named = {node.ctename for node in postgast.find_nodes(tree, postgast.pg_query_pb2.CommonTableExpr)}
    theirs = {
        f"{node.schemaname}.{node.relname}".lstrip(".")
        for node in postgast.find_nodes(tree, postgast.pg_query_pb2.RangeVar)
    }
    assert {name.replace('"', "") for name in describe(text).tables} == theirs - named


QUERIES = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE", "WITH"}


@pytest.mark.parametrize("text", [text for text in TEXTS if describe(text).verb in QUERIES])
def test_a_redacted_query_parses_wherever_it_does_as_normalised_by_the_server(text: str) -> None:
    """A type's name in front of a parameter, `interval $1`, is no query to anybody."""
    try:
        postgast.parse(postgast.normalize(text))
    except postgast.PgQueryError:
        return
    postgast.parse(describe(text).redacted)
