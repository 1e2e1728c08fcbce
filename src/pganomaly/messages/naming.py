"""How a statement is called in a line, and how much of its text fits below it. Only redacted text ever comes here."""

from pganomaly.messages.speaker import Speaker
from pganomaly.records import Key, Shape

NAME_CHARS = 60
QUERY_CHARS = 600

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
    """Return what to call a statement: its text where that is short, else its verb and tables, else its id."""
    if shape is None or not shape.redacted.strip():
        return speaker.say("query {queryid} (its text is not visible)", queryid=key.queryid)
    line = " ".join(shape.redacted.split())
    if len(line) <= NAME_CHARS or not shape.tables:
        return shortened(line, NAME_CHARS)
    first, *others = shape.tables
    more = f" (+{len(others)})" if others else ""
    return shortened(f"{_BEFORE_TABLE.get(shape.verb, shape.verb)} {first}", NAME_CHARS) + more
