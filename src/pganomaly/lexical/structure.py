"""
How tokens belong together: statements, brackets, and what WITH defines.

in    Tokens
out   positions in them
not   no grammar: where a text makes no sense, some answer comes out, the same one each time
"""

from typing import NamedTuple

from pganomaly.lexical.scanner import QUOTED, WORD, Tokens
from pganomaly.lexical.words import BEGINS_A_QUERY, RESERVED

_OPENING = {"(": ")", "[": "]"}
_CLOSING = frozenset(_OPENING.values())


class Span(NamedTuple):
    """The tokens from start up to, and without, end."""

    start: int
    end: int


class Cte(NamedTuple):
    """
    One query named by WITH.

    at       where its name stands
    name     in the form of name_at()
    visible  where the name stands for it, and not for a table
    """

    at: int
    name: str
    visible: Span


def statements(tokens: Tokens) -> list[Span]:
    """
    Return the statements of a text, without the semicolons between them.

    The body of a SQL function belongs to its CREATE.
    """
    words = tokens.words
    if ";" not in words:
        return [Span(0, len(words))] if words else []
    found, start = [], 0
    for i, word in enumerate(words):
        if word == "ATOMIC" and words[i - 1] == "BEGIN" and words[start] == "CREATE":
            break
        if word == ";":
            found.append(Span(start, i))
            start = i + 1
    found.append(Span(start, len(words)))
    return [span for span in found if span.start < span.end]


def brackets(words: list[str]) -> dict[int, int]:
    """Return, for each opening parenthesis or bracket that is closed, where."""
    pairs = {}
    waiting = []
    for i, word in enumerate(words):
        if word in _OPENING:
            waiting.append(i)
        elif word in _CLOSING and waiting and _OPENING[words[waiting[-1]]] == word:
            pairs[waiting.pop()] = i
    return pairs


def name_at(tokens: Tokens, i: int) -> str | None:
    """
    Return the name at token *i* as the server would print it, None where there is none.

    Names in quotes lose them where they would mean the same without.
    """
    if i >= len(tokens):
        return None
    text = tokens.texts[i]
    if tokens.kinds[i] == WORD:
        return None if tokens.words[i] in RESERVED else lowered(text)
    if tokens.kinds[i] != QUOTED:
        return None
    bare = text[1:-1]
    plain = bare.isascii() and bare.isidentifier() and bare == bare.lower() and bare.upper() not in RESERVED
    return bare if plain else text


def lowered(word: str) -> str:
    """Return an unquoted *word* as the server folds it: ASCII letters only."""
    return word.lower() if word.isascii() else "".join(c.lower() if c.isascii() else c for c in word)


def ctes(tokens: Tokens, pairs: dict[int, int], span: Span) -> list[Cte]:
    """Return what the WITH clauses of one statement define."""
    words = tokens.words
    found: list[Cte] = []
    around = [span.end]
    for i in range(*span):
        if i == around[-1]:
            around.pop()
        elif words[i] == "(" and i in pairs:
            around.append(pairs[i])
        elif words[i] == "WITH":
            found += _defined(tokens, pairs, i, around[-1])
    return found


def _defined(tokens: Tokens, pairs: dict[int, int], start: int, end: int) -> list[Cte]:
    """Return the queries that the WITH at *start* names, none where it is a WITH of another sort (WITH TIME ZONE)."""
    words, found, i = tokens.words, [], start + 1
    recursive = i < end and words[i] == "RECURSIVE"
    i += recursive
    while i < end:
        name, body = name_at(tokens, i), _body(words, pairs, i + 1)
        if name is None or body is None:
            break
        found.append(Cte(i, name, Span(start if recursive else pairs[body], end)))
        i = pairs[body] + 1
        # A SEARCH or CYCLE clause may stand between two names.
        while i < end and words[i] not in BEGINS_A_QUERY and not (words[i] == "," and _body(words, pairs, i + 2)):
            i += 1
        if i >= end or words[i] != ",":
            break
        i += 1
    return found


def _body(words: list[str], pairs: dict[int, int], i: int) -> int | None:
    """Return where the last parenthesis of `[(columns)] AS [[NOT] MATERIALIZED] (` stands, None where there is none."""
    if i in pairs and words[i] == "(":
        i = pairs[i] + 1
    if i >= len(words) or words[i] != "AS":
        return None
    i += 1
    while i < len(words) and words[i] in {"NOT", "MATERIALIZED"}:
        i += 1
    return i if i in pairs and words[i] == "(" else None
