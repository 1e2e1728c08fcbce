"""
Tokens in, the same tokens without a literal out: the only form of a text that is ever stored or shown.

in    the Tokens of a text
out   Tokens in which every literal is a parameter, and which are the tokens of their own text
not   no opinion on what is secret: every string and number goes

PostgreSQL replaces the constants of queries itself, those of utility statements late or never (CREATE ROLE PASSWORD,
COPY PROGRAM, DO, COMMENT, NOTIFY ...). Three things go beyond literals. A setting's value may stand unquoted
(`SET app.key = abc123`). So may, in a broken text, a password. And names that drivers make up (savepoints, cursors,
prepared statements) would make a new statement of each; newer servers replace some of them too.
"""

from collections.abc import Iterator

from pganomaly.lexical.scanner import (
    MARK,
    NUMBER,
    OPERATOR,
    OTHER,
    PARAM,
    QUOTED,
    STRING,
    SYMBOL,
    WORD,
    Tokens,
    layout,
)
from pganomaly.lexical.structure import Span, statements
from pganomaly.lexical.words import BEFORE_EXPRESSION, vocabulary

_VEILED_VERBS = vocabulary("ABORT ALTER CLOSE CREATE DEALLOCATE DECLARE FETCH MOVE RELEASE ROLLBACK SAVEPOINT SET")
_WHOLE_REST = vocabulary("DATABASE GROUP ROLE SYSTEM USER")
_ROLES = vocabulary("GROUP ROLE USER")
_ENDS_OPERAND = frozenset({WORD, QUOTED, PARAM, STRING, NUMBER})
_KEPT_NAMES = vocabulary("ALL BEGIN DEFAULT NULL")
_LONGEST_PARAM = 9
_LITERALS = frozenset({STRING, NUMBER})
_GLUED = frozenset({WORD, PARAM, OTHER})
_NO_BLANK_BEFORE = frozenset({")", ","})


def redact(tokens: Tokens) -> Tokens:
    """Return *tokens* with `$n` for every literal, numbered on from the parameters that are there already."""
    veils = dict(_veils(tokens))
    out = Tokens([], [], [], own=tokens.own)
    free = 1 + _highest_parameter(tokens)
    i, count = 0, len(tokens)
    while i < count:
        kind, text, word, end = tokens.kinds[i], tokens.texts[i], tokens.words[i], i + 1
        literal = kind in _LITERALS
        if i in veils:
            end = veils[i]
            literal = end > i + 1 or kind != PARAM
        elif word == "-" and end < count and tokens.kinds[end] == NUMBER and not _is_operand(out):
            # The server makes one constant of a minus and the number behind it.
            end, literal = end + 1, True
        if literal:
            kind, text, word = PARAM, f"${free}", ""
            free += 1
        gap = tokens.gaps[i]
        out.gaps.append(gap if gap == " " and word not in _NO_BLANK_BEFORE else _gap(out, kind, word, gap))
        out.kinds.append(kind)
        out.texts.append(text)
        out.words.append(word)
        i = end
    if out.gaps:
        out.gaps[0] = ""
    return out


def written(tokens: Tokens) -> str:
    """Return the text of *tokens*, our mark put back where it was."""
    parts = [part for pair in zip(tokens.gaps, tokens.texts, strict=True) for part in pair]
    if tokens.own:
        first, rest = parts[:2], "".join(parts[2:])
        blank = "" if not rest or rest[0].isspace() else " "
        return "".join([*first, f" /* {MARK} */", blank, rest])
    return "".join(parts)


def _gap(out: Tokens, kind: str, word: str, gap: str) -> str:
    """Return what is shown between the last token of *out* and the next."""
    if gap:
        shown = layout(gap)
        return "" if shown == " " and word in _NO_BLANK_BEFORE else shown
    # Without a blank, `date'2026-11-01'` would become the one word `date$1`.
    return " " if kind in _GLUED and out.kinds and out.kinds[-1] in _GLUED else ""


def _is_operand(out: Tokens) -> bool:
    """Return whether what stands last has a value, so that a minus behind it subtracts."""
    if not out.kinds:
        return False
    if out.kinds[-1] == WORD:
        return out.words[-1] not in BEFORE_EXPRESSION
    return out.kinds[-1] in _ENDS_OPERAND or out.texts[-1] in {")", "]"}


def _highest_parameter(tokens: Tokens) -> int:
    numbers = [text[1:] for kind, text in zip(tokens.kinds, tokens.texts, strict=True) if kind == PARAM]
    return max((int(number) for number in numbers if len(number) <= _LONGEST_PARAM), default=0)


def _veils(tokens: Tokens) -> Iterator[tuple[int, int]]:
    """Yield the stretches of tokens that become one parameter each, literal or not."""
    if not tokens.words or _VEILED_VERBS.isdisjoint(tokens.words):
        return
    for span in statements(tokens):
        verb = tokens.words[span.start]
        if verb == "SET":
            yield from _setting(tokens, span)
        elif verb in {"ALTER", "CREATE"}:
            yield from _definition(tokens, span)
        elif verb in _VEILED_VERBS:
            yield from _made_up_name(tokens, span, verb)


def _setting(tokens: Tokens, span: Span) -> Iterator[tuple[int, int]]:
    """Hide the value in `SET name = value`, and in nothing else that begins with SET."""
    for i in range(span.start + 1, span.end - 1):
        if tokens.words[i] in {"=", "TO"}:
            if tokens.words[i + 1 : span.end] != ["DEFAULT"]:
                yield i + 1, span.end
            return


def _definition(tokens: Tokens, span: Span) -> Iterator[tuple[int, int]]:
    """Hide settings and passwords that a role, a database, the server or a function is given."""
    words = tokens.words
    kind = words[span.start + 1] if span.start + 1 < span.end else ""
    if kind in _ROLES:
        # A blank was forgotten: the server reads a name and refuses it, and sessions still show the text.
        yield from ((i, i + 1) for i in range(span.start + 2, span.end) if words[i].startswith("PASSWORD$"))
    i = span.start + 2
    while i < span.end - 1 and words[i] not in {"BEGIN", "DO"}:
        if words[i] == "PASSWORD" and kind in _ROLES and _hideable(tokens, i + 1):
            yield i + 1, i + 2
            i += 1
        elif words[i] == "SET":
            value = _value_of_setting(tokens, i + 1, span.end)
            end = span.end if kind in _WHOLE_REST else _end_of_list(tokens, value, span.end)
            if value < end and words[value:end] != ["DEFAULT"]:
                yield value, end
                i = end - 1
        i += 1


def _value_of_setting(tokens: Tokens, i: int, end: int) -> int:
    """Return where the value of `name.name = value` begins, *end* where no such thing stands at token *i*."""
    while i + 2 < end and tokens.words[i + 1] == ".":
        i += 2
    return i + 2 if i + 1 < end and tokens.words[i + 1] in {"=", "TO"} else end


def _end_of_list(tokens: Tokens, i: int, end: int) -> int:
    """Return where `value, value` ends that begins at token *i*."""
    while i < end and _hideable(tokens, i):
        i += 1
        if i + 1 >= end or tokens.words[i] != ",":
            break
        i += 1
    return i


def _made_up_name(tokens: Tokens, span: Span, verb: str) -> Iterator[tuple[int, int]]:
    """Hide the name of a savepoint, a cursor or a prepared statement."""
    words, at = tokens.words, span.start + 1
    if verb in {"FETCH", "MOVE"}:
        at = max(at, span.end - 1)
    elif verb in {"ROLLBACK", "ABORT"}:
        while at < span.end and words[at] != "TO":
            at += 1
        at += 1
    if at + 1 < span.end and words[at] in {"SAVEPOINT", "PREPARE"}:
        at += 1
    if at < span.end and _hideable(tokens, at):
        yield at, at + 1


def _hideable(tokens: Tokens, i: int) -> bool:
    return tokens.kinds[i] not in {SYMBOL, OPERATOR} and tokens.words[i] not in _KEPT_NAMES
