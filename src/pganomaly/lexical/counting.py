"""
Redacted tokens in, the counted features of a text out.

in    redacted Tokens, their text and its normalised form
out   Lexical
not   never by substring: a column called `join_date` is no JOIN, nor is a label behind AS
"""

from collections.abc import Iterator

from pganomaly.lexical.scanner import PARAM, QUOTED, WORD, Tokens
from pganomaly.lexical.structure import Cte, Span
from pganomaly.lexical.words import (
    BEFORE_EXPRESSION,
    DEFINES,
    NAMES_A_RELATION,
    NO_TARGET_BEHIND,
    NOT_FUNCTIONS,
    TRANSACTION,
    vocabulary,
)
from pganomaly.records import Lexical

_WRITES = {"INSERT": "INTO", "DELETE": "FROM", "MERGE": "INTO"}
_SELECTS = vocabulary("( DECLARE EXPLAIN SELECT TABLE VALUES WITH")


def count(tokens: Tokens, redacted: str, normalised: str, spans: list[Span], defined: list[Cte]) -> Lexical:
    """Return the counted features of a text."""
    words = tokens.words
    return Lexical(
        query_len_chars=len(redacted),
        query_len_norm_chars=len(normalised),
        num_tokens=len(tokens),
        num_joins=_count(words, "JOIN"),
        num_where=_count(words, "WHERE"),
        num_group_by=_count(words, "GROUP", "BY"),
        num_order_by=_count(words, "ORDER", "BY"),
        num_having=_count(words, "HAVING"),
        num_union=_count(words, "UNION"),
        num_subqueries=sum(words[i - 1] == "(" for i in _positions(words, "SELECT") if i),
        num_cte=len(defined),
        has_write=any(_writes(words, span) for span in spans),
        has_ddl=any(_defines(words, span) for span in spans),
        has_tx=any(steers_transaction(words, span) for span in spans),
        num_case=_count(words, "CASE"),
        num_functions=_functions(tokens, spans, {cte.at for cte in defined}),
    )


def steers_transaction(words: list[str], span: Span) -> bool:
    """Return whether the statement *span* begins, divides or ends a transaction."""
    if words[span.start] == "PREPARE":
        return span.end == span.start + 3 and words[span.start + 1] == "TRANSACTION"
    return words[span.start] in TRANSACTION


def _positions(words: list[str], word: str) -> Iterator[int]:
    """Yield where the keyword *word* stands; behind AS it is a label."""
    if word in words:
        for i, other in enumerate(words):
            if other == word and not (i and words[i - 1] == "AS" and word != "SELECT"):
                yield i


def _count(words: list[str], word: str, following: str | None = None) -> int:
    if following is None:
        return sum(1 for _ in _positions(words, word))
    return sum(words[i + 1 : i + 2] == [following] for i in _positions(words, word))


def _writes(words: list[str], span: Span) -> bool:
    verb = words[span.start]
    if verb == "TRUNCATE":
        return True
    if verb == "COPY":
        return _copies_in(words, span)
    if verb in DEFINES:
        return False
    for i in range(*span):
        following = words[i + 1] if i + 1 < span.end else ""
        if words[i] in _WRITES and following == _WRITES[words[i]]:
            return True
        if words[i] == "UPDATE" and following != "SET" and (i == span.start or words[i - 1] not in NO_TARGET_BEHIND):
            return True
    return False


def _copies_in(words: list[str], span: Span) -> bool:
    """Return whether a COPY is one into a table: its FROM stands outside every parenthesis."""
    depth = 0
    for i in range(*span):
        depth += (words[i] == "(") - (words[i] == ")")
        if words[i] == "FROM" and not depth:
            return True
    return False


def _defines(words: list[str], span: Span) -> bool:
    verb = words[span.start]
    if verb in _SELECTS:
        return any(words[i] == "INTO" and words[i - 1] not in {"AS", "INSERT", "MERGE"} for i in range(*span))
    return verb in DEFINES


def _functions(tokens: Tokens, spans: list[Span], named: set[int]) -> int:
    """Count the calls: names in front of a parenthesis that are no keyword, type, table with columns, or alias."""
    creating = {i for span in spans if tokens.words[span.start] in DEFINES for i in range(*span)}
    return sum(_is_call(tokens, i - 1, creating, named) for i, word in enumerate(tokens.words) if word == "(" and i)


def _is_call(tokens: Tokens, i: int, creating: set[int], named: set[int]) -> bool:
    kinds, words = tokens.kinds, tokens.words
    if kinds[i] not in {WORD, QUOTED} or words[i] in NOT_FUNCTIONS or i in named:
        return False
    while i > 1 and words[i - 1] == ".":
        i -= 2
    if not i:
        return True
    before = words[i - 1]
    if kinds[i - 1] == WORD:
        if before in NAMES_A_RELATION or (before in {"ON", "USING"} and i in creating):
            return False
        return before in BEFORE_EXPRESSION
    return kinds[i - 1] not in {QUOTED, PARAM} and before not in {")", "]", "::"}
