"""
One text in, its tokens out.

in    any string at all: cut off, hostile, a megabyte long
out   Tokens: the words of the text in order, comments already taken out
not   never fails, never looks at a character more than a few times, never decides what a token means

The rules are those of PostgreSQL's own scanner (src/backend/parser/scan.l), for a server with its default,
standard_conforming_strings = on. A text that reads differently where it is off, and closes all its quotes both ways, is
in doubt: from the first difference on it counts as one literal, so that neither reading shows what the other hides.
"""

import re
from dataclasses import dataclass, field

MARK = "pganomaly"
"""The comment behind the first keyword of every statement of our own."""

WORD = "word"
QUOTED = "quoted"
STRING = "string"
NUMBER = "number"
PARAM = "param"
OPERATOR = "operator"
SYMBOL = "symbol"
OTHER = "other"

_BLANKS = " \t\n\r\f\v"
_BLANK = rf"[{_BLANKS}]"
# Atomic groups, not possessive ones: those of Python 3.11.0 to 3.11.4 (Debian 12 has one) match too much.
# PostgreSQL joins strings that only blanks, line comments and at least one line break separate.
_CONTINUED = r"'(?>(?:[ \t\f\v]|--[^\n\r]*+)*)[\n\r](?>(?:[ \t\n\r\f\v]|--[^\n\r]*+[\n\r])*)'"
_PLAIN_BODY = rf"[^']*+(?>(?:(?:''|{_CONTINUED})[^']*+)*)"
_ESCAPED_BODY = rf"[^'\\]*+(?>(?:(?:''|\\.?|{_CONTINUED})[^'\\]*+)*)"
# Every character beyond ASCII may stand in a name, as the server sees it.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_IN_TAG = r"[^\x00-/:-@\[-^`{-\x7f]"
_IN_WORD = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_DIGITS = r"[0-9](?>(?:_?[0-9])*)"


def _grammar(plain: str) -> re.Pattern[str]:
    """Return the expression for one token, *plain* being the inside of a string without a prefix."""
    return re.compile(
        rf"""
        (?P<gap>{_BLANK}*+)
        (?:
          (?P<word> (?![eEbBxX]'|[uU]&['"]) {_LETTER}{_IN_WORD}*+ )
        | (?P<symbol> [(),;\[\]] | \.(?![0-9.]) | :: | := | \.\. | : )
        | (?P<param> \$[0-9]++ )
        | (?P<comment> --[^\n\r]*+ | /\*[^*/]*+(?>(?:(?:\*(?!/)|/(?!\*))[^*/]*+)*)\*/ )
        | (?P<nested> /\* )
        | (?P<operator> (?>(?:(?!--|/\*)[-~!@\#^&|`?+*/%<>=])+) )
        | (?P<number> 0[xX](?>(?:_?[0-9a-fA-F])+) | 0[oO](?>(?:_?[0-7])+) | 0[bB](?>(?:_?[01])+)
            | (?:{_DIGITS}(?:\.(?!\.)(?:{_DIGITS})?)? | \.{_DIGITS}) (?:[eE][-+]?{_DIGITS})? )
        | (?P<quoted> (?:[uU]&)?"[^"]*+(?>(?:""[^"]*+)*)" )
        | (?P<string> '{plain}' | [eE]'{_ESCAPED_BODY}' | (?:[bBxX]|[uU]&)'{_PLAIN_BODY}'
            | \$(?P<tag>(?:{_LETTER}{_IN_TAG}*+)?)\$ [^$]*+ (?>(?:(?!\$(?P=tag)\$)\$[^$]*+)*) \$(?P=tag)\$ )
        | (?P<open> (?:[eEbBxX]|[uU]&)?'.*+ | (?:[uU]&)?".*+ | \$(?:{_LETTER}{_IN_TAG}*+)?\$.*+ )
        | (?P<other> . )
        )""",
        re.VERBOSE | re.DOTALL,
    )


_STANDARD = _grammar(_PLAIN_BODY)
_BACKSLASH = _grammar(_ESCAPED_BODY)
_EDGE = re.compile(r"/\*|\*/")
_EXOTIC = re.compile(r"[~!@#%^&|`?]")
_MARKED = re.compile(rf"/\*\s*{MARK}\s*\*/")
_COMMENTS = frozenset({"comment", "nested"})
_SIGNS = frozenset({SYMBOL, OPERATOR})
_WIDEST_INDENT = 40


@dataclass(slots=True)
class Tokens:
    """
    The tokens of a text, one column per property.

    kinds   WORD, QUOTED (a quoted name), STRING, NUMBER, PARAM, OPERATOR, SYMBOL or OTHER
    texts   as written
    gaps    the blanks in front; a comment is a blank
    words   a word in upper case, an operator or a symbol as it is; empty for all else, and for a name behind a dot
    own     the first word is followed by our mark
    closed  no literal and no comment runs into the end of the text
    """

    kinds: list[str]
    texts: list[str]
    gaps: list[str]
    words: list[str] = field(default_factory=list)
    own: bool = False
    closed: bool = True

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.texts)

    def cut(self, start: int) -> None:
        """Put one literal in the place of everything from token *start* on."""
        self.kinds[start:] = [STRING]
        self.texts[start:] = ["''"]
        self.gaps[start + 1 :] = []


def scan(text: str) -> Tokens:
    """Return the tokens of *text*."""
    tokens = _scan(text, _STANDARD)
    if "\\'" in text:
        other = _scan(text, _BACKSLASH)
        if other.closed or not tokens.closed:
            _doubt(tokens, other)
    tokens.words = words_of(tokens.kinds, tokens.texts)
    return tokens


def words_of(kinds: list[str], texts: list[str]) -> list[str]:
    """Return the column *words* of Tokens."""
    words = []
    last = ""
    for kind, text in zip(kinds, texts, strict=True):
        if kind == WORD:
            # Only ASCII letters fold: to the server, a word with a dotless i in it is no keyword.
            last = text.upper() if last != "." and text.isascii() else ""
        else:
            last = text if kind in _SIGNS else ""
        words.append(last)
    return words


def layout(gap: str) -> str:
    """Return *gap* as it is shown: nothing, one blank, or one line break and the indentation behind it."""
    if gap == " " or not gap:
        return gap
    _, newline, indent = gap.replace("\r", "\n").rpartition("\n")
    return newline + indent[:_WIDEST_INDENT] if newline else " "


def _scan(text: str, grammar: re.Pattern[str]) -> Tokens:
    tokens = Tokens([], [], [])
    # Blanks with no token behind them would be tried again from each of them on.
    text = text.rstrip(_BLANKS)
    position, gap = _scan_from(text, 0, "", grammar, tokens)
    while position:
        position, gap = _scan_from(text, position, gap, grammar, tokens)
    return tokens


def _scan_from(text: str, start: int, gap: str, grammar: re.Pattern[str], tokens: Tokens) -> tuple[int, str]:
    """Add the tokens from *start* on; return the end of a nested comment that stopped it, or 0, and the gap there."""
    kinds, texts, gaps = tokens.kinds, tokens.texts, tokens.gaps
    for match in grammar.finditer(text, start):
        kind = match.lastgroup or OTHER
        token = match[kind]
        if kind in _COMMENTS:
            tokens.own |= kinds == [WORD] and _MARKED.fullmatch(token) is not None
            # Cut back at each comment: a gap that grew over a megabyte of comments would be copied a million times.
            gap = layout(gap + match[1]) or " "
            if kind == "nested":
                return _end_of_comment(text, match.end(), tokens), gap
            continue
        if kind == "open":
            kind = STRING
            tokens.closed = False
        if kind == OPERATOR and len(token) > 1 and token[-1] in "+-" and not _EXOTIC.search(token):
            _split_signs(token, gap + match[1], tokens)
        else:
            kinds.append(kind)
            texts.append(token)
            gaps.append(gap + match[1] if gap else match[1])
        gap = ""
    return 0, gap


def _split_signs(token: str, gap: str, tokens: Tokens) -> None:
    """Add an operator that ends in signs: the server reads `=-` as two operators, `@-` as one."""
    body = token.rstrip("+-")
    parts = [body, *token[len(body) :]] if body else list(token)
    tokens.kinds += [OPERATOR] * len(parts)
    tokens.texts += parts
    tokens.gaps += [gap, *[""] * (len(parts) - 1)]


def _end_of_comment(text: str, start: int, tokens: Tokens) -> int:
    """Return where the comment ends whose inside begins at *start*; 0 where it does not end."""
    depth = 1
    for edge in _EDGE.finditer(text, start):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    tokens.closed = False
    return 0


def _doubt(tokens: Tokens, other: Tokens) -> None:
    """Make one literal of all that follows the first token on which two readings of a text differ."""
    pairs = zip(tokens.texts, other.texts, strict=False)
    first = next((i for i, (one, two) in enumerate(pairs) if one != two), None)
    if first is not None:
        tokens.cut(first)
