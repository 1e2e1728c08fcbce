"""
Names and values as SQL text, for statements that people paste.

in    whatever a table, role or setting may be called
out   text that a server reads as exactly this name or value, whatever stands in it
not   no query parameters: what is pasted into psql has none
"""

import re

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")
_PART = re.compile(r'"((?:[^"]|"")+)"|([^".\s]+)')
_LINE_END = re.compile(r"\r\n|\r|\n")
MOST_PARTS = 2
"""A schema and a table; whoever writes the database in front writes the one that is meant."""

_WORDS = """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case
    cast char character check coalesce collate collation column concurrently constraint create cross
    current_catalog current_date current_role current_schema current_time current_timestamp current_user dec
    decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign
    freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect
    interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query
    json_scalar json_serialize json_table json_value lateral leading least left like limit localtime
    localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset on
    only or order out outer overlaps overlay placing position precision primary real references returning right
    row select session_user setof similar smallint some substring symmetric system_user table tablesample then
    time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where
    window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
    xmlserialize xmltable
"""
KEYWORDS = frozenset(_WORDS.split())
"""What quote_ident quotes on one of the majors 13 to 18; pg_get_keywords() lists them, all but the unreserved."""


def identifier(name: str) -> str:
    """Return *name* as an identifier, in quotes where the server would put them."""
    plain = _PLAIN.match(name) and name not in KEYWORDS
    return name if plain else '"' + name.replace("\0", "").replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return *value* as a string, whatever standard_conforming_strings says."""
    quoted = "'" + value.replace("\0", "").replace("\\", "\\\\").replace("'", "''") + "'"
    return f"E{quoted}" if "\\" in value else quoted


def qualified(*parts: str) -> str:
    """Return the name of a relation, its schema first."""
    return ".".join(identifier(part) for part in parts)


def relation(written: str) -> str | None:
    """
    Return a relation as a statement wrote it, quoted anew; None where that is not the name of one.

    >>> relation('public.order')
    'public."order"'
    """
    parts, at = [], 0
    while at <= len(written):
        part = _PART.match(written, at)
        if part is None:
            return None
        quoted, plain = part.groups()
        parts.append(plain if quoted is None else quoted.replace('""', '"'))
        at = part.end()
        if at == len(written):
            return qualified(*parts[-MOST_PARTS:])
        if written[at] != ".":
            return None
        at += 1
    return None


def commented(sql: str) -> str:
    """Return *sql* as comments, every line of it: what is pasted by mistake does nothing."""
    return "\n".join(f"-- {line}" if line else "--" for line in _LINE_END.split(sql))
