"""
Redacted tokens in, the counted features of a text out.

in    redacted Tokens, their text and its normalised form
out   Lexical
not   never by substring: a column called `join_date` is no JOIN, nor is a label behind AS
"""

from collections import defaultdict

from pganomaly.lexical.scanner import PARAM, QUOTED, WORD, Tokens
from pganomaly.lexical.structure import Cte, Span
from pganomaly.lexical.words import (
    BEFORE_EXPRESSION,
    BEGINS_A_QUERY,
    DEFINES,
    NAMES_A_RELATION,
    NO_TARGET_BEHIND,
    NOT_FUNCTIONS,
    TRANSACTION,
    vocabulary,
)
from pganomaly.records import Lexical

_COUNTED = vocabulary("( CASE DELETE FROM GROUP HAVING INSERT INTO JOIN MERGE ORDER SELECT UNION UPDATE WHERE")
_NO_LABELS = BEGINS_A_QUERY | {"("}
_WRITES = {"INSERT": "INTO", "DELETE": "FROM", "MERGE": "INTO"}
_MAKES_A_TABLE = frozenset({"(", "DECLARE", "EXPLAIN", "SELECT", "TABLE", "VALUES", "WITH"})

_Places = dict[str, list[int]]
"""Where each of the counted words stands in a statement."""


def count(tokens: Tokens, redacted: str, normalised: str, spans: list[Span], defined: list[list[Cte]]) -> Lexical:
    """Return the counted features of a text, given its statements and what the WITHs of each have *defined*."""
    parts = [_of_statement(tokens, span, ctes) for span, ctes in zip(spans, defined, strict=True)]
    whole = parts[0] if len(parts) == 1 else _together(parts)
    return whole._replace(query_len_chars=len(redacted), query_len_norm_chars=len(normalised), num_tokens=len(tokens))


def steers_transaction(words: list[str], span: Span) -> bool:
    """Return whether the statement *span* begins, divides or ends a transaction."""
    if words[span.start] == "PREPARE":
        return span.end == span.start + 3 and words[span.start + 1] == "TRANSACTION"
    return words[span.start] in TRANSACTION


def _of_statement(tokens: Tokens, span: Span, ctes: list[Cte]) -> Lexical:
    words, at = tokens.words, _places(tokens.words, span)
    return Lexical(
        query_len_chars=0,
        query_len_norm_chars=0,
        num_tokens=0,
        num_joins=len(at["JOIN"]),
        num_where=len(at["WHERE"]),
        num_group_by=sum(words[i + 1 : i + 2] == ["BY"] for i in at["GROUP"]),
        num_order_by=sum(words[i + 1 : i + 2] == ["BY"] for i in at["ORDER"]),
        num_having=len(at["HAVING"]),
        num_union=len(at["UNION"]),
        num_subqueries=sum(words[i - 1] == "(" for i in at["SELECT"] if i > span.start),
        num_cte=len(ctes),
        has_write=_writes(words, span, at),
        has_ddl=_defines(words, span, at),
        has_tx=steers_transaction(words, span),
        num_case=len(at["CASE"]),
        num_functions=_calls(tokens, span, at, ctes),
    )


def _together(parts: list[Lexical]) -> Lexical:
    """Return the counts of several statements, or of none, as those of one text."""
    columns = zip(_NOTHING, *parts, strict=True)
    return Lexical._make(any(column) if isinstance(column[0], bool) else sum(column) for column in columns)


_NOTHING = Lexical(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, False, False, False, 0, 0)


def _places(words: list[str], span: Span) -> _Places:
    found: _Places = defaultdict(list)
    for i in range(*span):
        word = words[i]
        if word in _COUNTED and (i == span.start or words[i - 1] != "AS" or word in _NO_LABELS):
            found[word].append(i)
    return found


def _writes(words: list[str], span: Span, at: _Places) -> bool:
    verb = words[span.start]
    if verb in DEFINES:
        return False
    if verb == "COPY":
        return _copies_in(words, span, at)
    return (
        verb == "TRUNCATE"
        or any(words[i + 1 : i + 2] == [following] for word, following in _WRITES.items() for i in at[word])
        or any(_is_update(words, span, i) for i in at["UPDATE"])
    )


def _is_update(words: list[str], span: Span, i: int) -> bool:
    return words[i + 1 : i + 2] != ["SET"] and (i == span.start or words[i - 1] not in NO_TARGET_BEHIND)


def _copies_in(words: list[str], span: Span, at: _Places) -> bool:
    """Return whether a COPY is one into a table: its FROM stands outside every parenthesis."""
    depth, last = 0, span.start
    for i in at["FROM"]:
        between = words[last:i]
        depth += between.count("(") - between.count(")")
        if not depth:
            return True
        last = i
    return False


def _defines(words: list[str], span: Span, at: _Places) -> bool:
    verb = words[span.start]
    return verb in DEFINES or (
        verb in _MAKES_A_TABLE and any(words[i - 1] not in {"INSERT", "MERGE"} for i in at["INTO"] if i > span.start)
    )


def _calls(tokens: Tokens, span: Span, at: _Places, ctes: list[Cte]) -> int:
    """Count the calls: names in front of a parenthesis that are no keyword, type, table with columns, or alias."""
    named = {cte.at for cte in ctes}
    defines = tokens.words[span.start] in DEFINES
    return sum(i - 1 not in named and _is_call(tokens, span.start, i - 1, defines) for i in at["("] if i > span.start)


def _is_call(tokens: Tokens, start: int, i: int, defines: bool) -> bool:
    kinds, words = tokens.kinds, tokens.words
    if (kinds[i] != WORD and kinds[i] != QUOTED) or words[i] in NOT_FUNCTIONS:
        return False
    while i > start + 1 and words[i - 1] == ".":
        i -= 2
    if i == start:
        return True
    before = words[i - 1]
    if kinds[i - 1] == WORD:
        if before in NAMES_A_RELATION or (defines and before in {"ON", "USING"}):
            return False
        return before in BEFORE_EXPRESSION
    return kinds[i - 1] not in {QUOTED, PARAM} and before not in {")", "]", "::"}
