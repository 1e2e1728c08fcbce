"""
Redacted tokens in, one line of text out that is the same however the statement was laid out.

in    redacted Tokens
out   lower case, one blank at most, `?` for each parameter, lists of values as long as their first one
not   no reordering, no rewriting: two statements that differ in a word stay two

PostgreSQL 18 shortens `IN ($1, $2)` to `IN ($1 /*, ... */)` itself, earlier servers keep every list as long as it was;
here both are `in (?)`. Rows of VALUES that are alike become one, and so do neighbours within ARRAY[...].

In queries it replaces words too where they are constants (TRUE, FALSE, NULL, the EPOCH of EXTRACT(EPOCH FROM ...)), and
glues a parameter to a word that had no blank behind it (`date$1`); in utility statements that depends on the version.
One statement shall have one form: the former is done here as well, the latter undone.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import blake2b

from pganomaly.lexical.scanner import PARAM, WORD, Tokens
from pganomaly.lexical.structure import lowered
from pganomaly.lexical.words import BEGINS_A_QUERY, NOT_FUNCTIONS

_VALUE = "?"
_CONSTANTS = frozenset({"false", "null", "true"})
_CONSTANT_WORDS = _CONSTANTS | {"extract"}
_NO_CONSTANT_BEHIND = frozenset({".", "as", "is", "not", "returns", "set"})
_GLUED = re.compile(r"([^\W\d]\w*)\$\d+(\w*)")
_DEEPEST = 8
_OPENING = frozenset({"(", "["})
_CLOSING = frozenset({")", "]"})
_BEFORE_ROW = frozenset({"(", ","})
_TIGHT_BEFORE = frozenset({",", ")", "]", ";", ".", "::", "["})
_TIGHT_AFTER = frozenset({"(", "[", ".", "::"})
_SPACED_PAREN = frozenset(word.lower() for word in NOT_FUNCTIONS)
_BEGINS_A_QUERY = frozenset(word.lower() for word in BEGINS_A_QUERY)
_TYPE_MARKS = frozenset({".", "(", ")", "[", "]", ",", _VALUE})


def normalise(tokens: Tokens) -> str:
    """Return the normalised text of redacted *tokens*."""
    pieces = [
        lowered(text) if kind == WORD else _VALUE if kind == PARAM else text
        for kind, text in zip(tokens.kinds, tokens.texts, strict=True)
    ]
    if not _CONSTANT_WORDS.isdisjoint(pieces):
        pieces = [_constant(i, pieces) for i in range(len(pieces))]
    if any("$" in piece for piece in pieces):
        pieces = [part for piece in pieces for part in _unglued(piece)]
    while pieces and pieces[-1] == ";":
        pieces.pop()
    return _joined(_folded(pieces) if _has_lists(pieces) else pieces)


def fingerprint(normalised: str) -> str:
    """Return 16 hexadecimal digits that stand for a *normalised* text."""
    return blake2b(normalised.encode(), digest_size=8).hexdigest()


def _constant(i: int, pieces: list[str]) -> str:
    """Return piece *i*, or the sign of a value where it is a word that stands for one."""
    piece, before = pieces[i], pieces[i - 1] if i else ""
    if piece in _CONSTANTS:
        return piece if before in _NO_CONSTANT_BEHIND else _VALUE
    unit = before == "(" and i > 1 and pieces[i - 2] == "extract" and pieces[i + 1 : i + 2] == ["from"]
    return _VALUE if unit and _is_name(piece) else piece


def _unglued(piece: str) -> list[str]:
    """Return `date$1` as the two pieces that it was, any other piece as it is."""
    glued = _GLUED.fullmatch(piece)
    return [part for part in (glued[1], _VALUE, glued[2]) if part] if glued else [piece]


def _joined(pieces: list[str]) -> str:
    parts: list[str] = []
    last = "("
    for piece in pieces:
        if piece == "(":
            tight = last in _TIGHT_AFTER or (_is_name(last) and last not in _SPACED_PAREN)
        else:
            tight = piece in _TIGHT_BEFORE or last in _TIGHT_AFTER
        if not tight:
            parts.append(" ")
        parts.append(piece)
        last = piece
    return "".join(parts)


def _is_name(piece: str) -> bool:
    return piece[0].isalpha() or piece[0] in '_"'


class _Frame(Enum):
    """What a comma announces inside a bracket: nothing to us, the next value of a list, the next row of VALUES."""

    PLAIN = auto()
    LIST = auto()
    ROWS = auto()


@dataclass(slots=True)
class _Open:
    """A bracket that is open: where its current item begins in the output, and the item before it."""

    frame: _Frame
    start: int
    before: list[str] | None = None


def _has_lists(pieces: list[str]) -> bool:
    return "in" in pieces or "values" in pieces or "array" in pieces


def _folded(pieces: list[str]) -> list[str]:
    """Return *pieces* with equal neighbours in lists made one. Each piece is copied at most _DEEPEST times."""
    out: list[str] = []
    frames = [_Open(_Frame.PLAIN, 0)]
    folding = 0
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        top = frames[-1]
        if top.frame is _Frame.ROWS and piece not in _BEFORE_ROW:
            _close_item(out, top)
            frames.pop()
            folding -= 1
            top = frames[-1]
        if piece in _OPENING:
            frame = _frame_of(piece, following, out, top)
            frame = frame if folding < _DEEPEST else _Frame.PLAIN
            out.append(piece)
            frames.append(_Open(frame, len(out)))
            folding += frame is not _Frame.PLAIN
            continue
        if piece in _CLOSING:
            if top.frame is not _Frame.PLAIN:
                _close_item(out, top)
                folding -= 1
            if len(frames) > 1:
                frames.pop()
        elif piece == "," and top.frame is not _Frame.PLAIN:
            _close_item(out, top)
            top.start = len(out) + 1
        out.append(piece)
        if piece == "values" and following == "(" and folding < _DEEPEST:
            frames.append(_Open(_Frame.ROWS, len(out)))
            folding += 1
    if frames[-1].frame is _Frame.ROWS:
        _close_item(out, frames[-1])
    return out


def _frame_of(piece: str, following: str, out: list[str], top: _Open) -> _Frame:
    """Return what the bracket *piece* opens."""
    last = out[-1] if out else ""
    if piece == "(":
        return _Frame.LIST if last == "in" and following not in _BEGINS_A_QUERY else _Frame.PLAIN
    nested = top.frame is _Frame.LIST and last in {"[", ","}
    return _Frame.LIST if last == "array" or nested else _Frame.PLAIN


def _close_item(out: list[str], top: _Open) -> None:
    """Drop the item that ends here where it repeats the one before it."""
    item = out[top.start :]
    if top.frame is _Frame.LIST and item[:2] == [_VALUE, "::"] and all(_in_type(piece) for piece in item[2:]):
        # Where PostgreSQL 18 shortens a list, the casts of its members go too.
        del out[top.start + 1 :]
        item = [_VALUE]
    if item == top.before:
        del out[top.start - 1 :]
    else:
        top.before = item


def _in_type(piece: str) -> bool:
    return _is_name(piece) or piece in _TYPE_MARKS
