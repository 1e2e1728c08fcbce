"""What a statement's text looks like, without any of its literals."""

from dataclasses import dataclass
from typing import NamedTuple


class Lexical(NamedTuple):
    """The counted features of one text; the names are columns of query_lex_features."""

    query_len_chars: int
    query_len_norm_chars: int
    num_tokens: int
    num_joins: int
    num_where: int
    num_group_by: int
    num_order_by: int
    num_having: int
    num_union: int
    num_subqueries: int
    num_cte: int
    has_write: bool
    has_ddl: bool
    has_tx: bool
    num_case: int
    num_functions: int


@dataclass(frozen=True, slots=True)
class Shape:
    """
    One text, described.

    redacted     the text with every literal replaced and comments removed: the only form that is ever stored or shown
    normalised   redacted, lower case, blanks squeezed, lists collapsed
    md5          of redacted
    fingerprint  of normalised: the same for one statement on every version, database and server
    tables       relations it names, as written, schema-qualified where the text says so
    is_system    transaction words, settings, catalog-only statements, our own: stored, never judged
    is_own       carries our mark: excluded altogether
    verb         its first word, upper case
    """

    redacted: str
    normalised: str
    md5: str
    fingerprint: str
    tables: tuple[str, ...]
    is_system: bool
    is_own: bool
    verb: str
    lexical: Lexical
