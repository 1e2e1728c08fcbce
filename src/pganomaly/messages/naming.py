"""How a statement is called in a line, and how much of its text fits below it. Only redacted text ever comes here."""

import re

from pganomaly.messages.speaker import Speaker
from pganomaly.records import Key, Shape

NAME_CHARS = 60
QUERY_CHARS = 600

MOST_COLUMNS = 2

_BEFORE_TABLE = {"SELECT": "SELECT … FROM", "WITH": "WITH … FROM", "INSERT": "INSERT INTO", "DELETE": "DELETE FROM"}


def shortened(text: str, chars: int) -> str:
    """Return *text* on one line, cut at a blank where it is longer than *chars*, with … for what is left out."""
    line = " ".join(text.split())
    if len(line) <= chars:
        return line
    kept = line[: chars - 1]
    at_blank = kept.rpartition(" ")[0]
    return f"{at_blank if len(at_blank) > chars // 2 else kept.rstrip()} …"


def name(speaker: Speaker, shape: Shape | None, key: Key) -> str:
    """
    Return what to call a statement: its text where that is short, its id where that is hidden.

    A long text is called by its verb, its table, and what tells it from others: what it counts, changes and looks for.
    """
    if shape is None or not shape.redacted.strip():
        return speaker.say("query {queryid} (its text is not visible)", queryid=key.queryid)
    line = " ".join(shape.redacted.split())
    if len(line) <= NAME_CHARS or not shape.tables:
        return shortened(line, NAME_CHARS)
    first, *others = shape.tables
    more = f" (+{len(others)})" if others else ""
    called = shortened(f"{_before_table(shape.verb, line)} {first}", NAME_CHARS) + more
    return next(longer for end in _ends(line) if len(longer := called + end) <= NAME_CHARS or not end)


_FUNCTION = re.compile(r"SELECT (\w+)\(", re.IGNORECASE)
_INNERMOST = re.compile(r"(?P<before>\b(?:WHERE|AND|OR|NOT)\s*|\(\s*)?\((?P<within>[^()]*)\)", re.IGNORECASE)
_WORD = r'(?:"(?:[^"]|"")+"|[^\W\d]\w*)'
_COLUMN = re.compile(rf"(?:{_WORD}\.)*({_WORD})")
_END = r"GROUP BY|HAVING|WINDOW|ORDER BY|LIMIT|OFFSET|FETCH|FOR|UNION|INTERSECT|EXCEPT|RETURNING|ON CONFLICT|WHERE"


def _clause(word: str, *, ends: str = _END) -> re.Pattern[str]:
    return re.compile(rf"\b{word} (.+?)(?= (?:{ends})\b|;|$)", re.IGNORECASE)


_SET, _WHERE = _clause("SET", ends=f"FROM|{_END}"), _clause("WHERE")
_GROUP, _ORDER = _clause("GROUP BY"), _clause("ORDER BY")
_CONDITION = re.compile(r"\b(?:AND|OR)\b", re.IGNORECASE)
_NO_COLUMNS = frozenset({"not", "exists", "case", "true", "false", "null"})


def _before_table(verb: str, line: str) -> str:
    counted = _FUNCTION.match(line)
    return f"SELECT {counted[1]}(…) FROM" if counted else _BEFORE_TABLE.get(verb, verb)


def _ends(line: str) -> tuple[str, ...]:
    """Return what a statement itself, none within it, changes and looks for, or how it sorts; longer ends first."""
    while (flatter := _INNERMOST.sub(_opened, line)) != line:
        line = flatter
    changed = _named("SET", _columns(_SET, line, ",")) if line[:6].upper() == "UPDATE" else ""
    sought = _named("WHERE", _columns(_WHERE, line, _CONDITION))
    sorted_by = _named("GROUP BY", _columns(_GROUP, line, ",")) or _named("ORDER BY", _columns(_ORDER, line, ","))
    last = sought or sorted_by
    return changed + last, last, changed, ""


def _opened(found: re.Match[str]) -> str:
    """Return a condition without its parentheses; of a subquery, a list or arguments nothing."""
    before, within = found["before"] or "", found["within"]
    return f"{before}{within}" if before and within.lstrip()[:6].upper() != "SELECT" else before


def _columns(clause: re.Pattern[str], line: str, between: str | re.Pattern[str]) -> list[str]:
    found = clause.search(line)
    parts = re.split(between, found[1]) if found else []
    names = (_COLUMN.match(part.strip()) for part in parts)
    plain = (name[1].replace('"', "") for name in names if name)
    return list(dict.fromkeys(column for column in plain if column.lower() not in _NO_COLUMNS))


def _named(word: str, columns: list[str]) -> str:
    more = ", …" if len(columns) > MOST_COLUMNS else ""
    return f" {word} {', '.join(columns[:MOST_COLUMNS])}{more}" if columns else ""
