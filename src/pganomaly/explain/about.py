"""Whom a next step is about, in names that can stand in SQL."""

import re
from dataclasses import dataclass

from pganomaly.explain.quoting import identifier, qualified, relation
from pganomaly.records import Evidence, Explanation, Key, Shape

_COMPARED = re.compile(r'(?:\bwhere|\band)\s+(?:[a-z_]\w*\.)?("(?:[^"]|"")+"|[a-z_]\w*)\s*=\s*\$\d+', re.IGNORECASE)
_BLOCK_BYTES = 8192
MOST_COLUMNS = 3
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class About:
    """
    A statement of an incident.

    query           None where its text is hidden
    database, role  names, where the server tells them
    major           of the server's version, None where it is not known
    extension_schema  where pg_stat_statements lies, quoted, None where that is not known
    """

    key: Key
    query: Shape | None = None
    database: str | None = None
    role: str | None = None
    major: int | None = None
    explanation: Explanation | None = None
    evidence: Evidence | None = None
    extension_schema: str | None = None

    @property
    def statements(self) -> str:
        """The view pg_stat_statements, with its schema where the usual search path has not that one."""
        known = self.extension_schema not in (None, "public")
        return f"{self.extension_schema}.pg_stat_statements" if known else "pg_stat_statements"

    @property
    def tables(self) -> tuple[str, ...]:
        """Its tables, quoted; with their schemas where the server was asked for them."""
        written = [t for t in map(relation, self.query.tables) if t] if self.query else []
        resolved = [relation_of(t.name) for t in (self.evidence.tables or () if self.evidence else ())]
        found = (next((r for r in resolved if r == t or r.endswith(f".{t}")), t) for t in written)
        return tuple(dict.fromkeys(found)) or tuple(resolved)

    @property
    def compared(self) -> tuple[str, ...]:
        """Columns that it compares with a parameter, quoted; none where it has several tables, or they are many."""
        if self.query is None or len(self.query.tables) != 1 or not self.tables:
            return ()
        columns = dict.fromkeys(_COMPARED.findall(self.query.redacted))
        plain = (c if c.startswith('"') else identifier(c.lower()) for c in columns)
        return tuple(dict.fromkeys(plain))[:MOST_COLUMNS]

    @property
    def spilled_bytes(self) -> float | None:
        """What one call writes into temporary files."""
        part = self.explanation.factor("temp") if self.explanation else None
        return part.value * _BLOCK_BYTES if part and part.value else None

    @property
    def work_mem(self) -> str:
        """Memory that covers what a call spills: in memory a row takes about twice as much as in a file."""
        wanted = max((self.spilled_bytes or 0) * 2 / _MB, 32)
        return f"{min(1 << (int(wanted) - 1).bit_length(), 1024)}MB"


def relation_of(name: str) -> str:
    """Return a relation that the server named, quoted anew."""
    return relation(name) or qualified(*name.split(".", 1))
