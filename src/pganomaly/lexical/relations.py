"""
Tokens in, the relations out that a statement names.

in    redacted Tokens
out   names in parts, as the server folds them, in the order of the text, each once
not   no catalogue: a view is a relation like a table, a name of WITH is none, a function in FROM is none, but
      for those of pg_stat_statements, which are read like the views of their names: pg_stat_statements(false)
"""

from dataclasses import dataclass, field

from pganomaly.lexical.scanner import Tokens
from pganomaly.lexical.structure import Cte, Span, name_at
from pganomaly.lexical.words import BEGINS_A_QUERY, NO_TARGET_BEHIND, WITH_FROM_INSIDE, vocabulary

Name = tuple[str, ...]
"""A relation's name: schema, where the text says it, and table."""

_CATALOG_SCHEMAS = frozenset({"information_schema", "monitoring", "pg_catalog"})
_EXTENSION_VIEWS = frozenset({"pg_stat_statements", "pg_stat_statements_info"})

_BEFORE_NAME = frozenset({"LATERAL", "ONLY"})
_BEFORE_NEW_NAME = _BEFORE_NAME | vocabulary(
    "ANALYZE CONCURRENTLY EXISTS FREEZE FULL GLOBAL IF LOCAL NOT TABLE TEMP TEMPORARY UNLOGGED VERBOSE"
)
_ENDS_LIST = vocabulary(
    """
    EXCEPT FETCH FOR GROUP HAVING INTERSECT LIMIT OFFSET ORDER RETURNING SELECT SET UNION VALUES WHEN WHERE WINDOW
    """
)
_NO_FROM = vocabulary("ALTER CLOSE COPY DROP FETCH GRANT IMPORT MOVE RESET REVOKE SET SHOW")
_STANDS_BEHIND_AS = BEGINS_A_QUERY | {"("}
_NOT_QUERIES = vocabulary("ALTER COMMENT CREATE DROP GRANT IMPORT REVOKE SECURITY")
_NAMES_FIRST = vocabulary("ANALYSE ANALYZE CLUSTER COPY LOCK TRUNCATE VACUUM")
_LISTS_TABLES = vocabulary("DROP LOCK TRUNCATE VACUUM ANALYZE ANALYSE GRANT REVOKE")
_ON_A_TABLE = vocabulary("CONSTRAINT INDEX POLICY RULE STATISTICS TRIGGER UNIQUE")
_NOT_TABLES = vocabulary("""
    ALL COLUMN DATABASE DOMAIN FOREIGN FUNCTION LANGUAGE LARGE PARAMETER PROCEDURE ROUTINE SCHEMA SEQUENCE TABLE
    TABLESPACE TYPE VIEW
    """)


def relations(tokens: Tokens, span: Span, pairs: dict[int, int], defined: list[Cte]) -> list[Name]:
    """Return what the statement *span* names, given the *pairs* of its brackets and what its WITHs have *defined*."""
    visible: dict[str, Span] = {}
    for cte in defined:
        known = visible.get(cte.name, cte.visible)
        visible[cte.name] = Span(min(known.start, cte.visible.start), max(known.end, cte.visible.end))
    walk = _Walk(tokens, span, pairs, visible)
    walk.run()
    return list(walk.found)


def is_catalog(name: Name) -> bool:
    """Return whether *name* belongs to the server or to us, and not to the user."""
    if len(name) > 1:
        return name[-2] in _CATALOG_SCHEMAS or name[-1] in _EXTENSION_VIEWS
    return name[-1].startswith("pg_")


@dataclass(slots=True)
class _Frame:
    """An open parenthesis: the word in front of it, and whether a comma behind it goes on with a list of relations."""

    head: str
    listing: bool


@dataclass(slots=True)
class _Walk:
    """
    One way through the tokens of a statement.

    expecting  the words that may stand before the name which comes next; None where none is due
    columns    that name may have a list of columns behind it, where another would be a function
    listing    a comma announces a further relation
    targeted   a DELETE or MERGE came by, so USING announces one
    """

    tokens: Tokens
    span: Span
    pairs: dict[int, int]
    ctes: dict[str, Span]
    found: dict[Name, None] = field(default_factory=dict)
    expecting: frozenset[str] | None = None
    columns: bool = False
    listing: bool = False
    targeted: bool = False
    frames: list[_Frame] = field(default_factory=list)
    verb: str = ""

    def run(self) -> None:
        """Walk from the first token to the last."""
        words, (i, end) = self.tokens.words, self.span
        self.verb = words[i]
        if self.verb in _NAMES_FIRST:
            self._expect(columns=True, listing=self.verb in _LISTS_TABLES, skip=_BEFORE_NEW_NAME)
            i = self._behind_options(i + 1)
        while i < end:
            word = words[i]
            if self.expecting is not None and word not in self.expecting:
                i = self._name(i)
                continue
            handler = _HANDLERS.get(word)
            label = i > self.span.start and words[i - 1] == "AS" and word not in _STANDS_BEHIND_AS
            if handler is not None and not label:
                handler(self, i)
            i += 1

    def _expect(self, *, columns: bool = False, listing: bool = False, skip: frozenset[str] = _BEFORE_NAME) -> None:
        self.expecting, self.columns, self.listing = skip, columns, listing

    def _behind_options(self, i: int) -> int:
        """Step over the parentheses of `VACUUM (options)`; those of `COPY (query)` hold a query."""
        if i < self.span.end and self.tokens.words[i] == "(" and i in self.pairs and self.verb != "COPY":
            return self.pairs[i] + 1
        return i

    def _name(self, i: int) -> int:
        """Take the relation whose name begins at token *i*, if it is one; return where to go on."""
        words, skip = self.tokens.words, self.expecting
        if words[i] == "(":
            inside = words[i + 1] if i + 1 < self.span.end else ""
            self.frames.append(_Frame("", self.listing))
            self.expecting = None if inside in BEGINS_A_QUERY else skip
            self.listing = False
            return i + 1
        self.expecting = None
        parts = []
        part = name_at(self.tokens, i)
        while part is not None and i < self.span.end:
            parts.append(part)
            i += 1
            if i + 1 >= self.span.end or words[i] != ".":
                break
            i += 1
            part = name_at(self.tokens, i)
        if parts and not self._is_function(i, parts) and not self._is_cte(i - 1, parts):
            self.found[tuple(parts)] = None
        return i

    def _is_function(self, i: int, parts: list[str]) -> bool:
        """Return whether what stands at *i*, behind the name, makes a function of it: f(...), ROWS FROM (f(...))."""
        following = self.tokens.words[i] if i < self.span.end else ""
        called = following == "(" and not self.columns and parts[-1] not in _EXTENSION_VIEWS
        return called or (following == "FROM" and parts == ["rows"])

    def _is_cte(self, at: int, parts: list[str]) -> bool:
        visible = self.ctes.get(parts[0])
        return len(parts) == 1 and visible is not None and visible.start <= at < visible.end

    def _word(self, i: int) -> str:
        return self.tokens.words[i] if self.span.start <= i < self.span.end else ""

    def on_opening(self, i: int) -> None:
        """Inside a parenthesis, a list begins anew."""
        self.frames.append(_Frame(self._word(i - 1), self.listing))
        self.listing = False

    def on_closing(self, _: int) -> None:
        """Behind it, the list around it goes on."""
        self.expecting = None
        if self.frames:
            self.listing = self.frames.pop().listing

    def on_comma(self, _: int) -> None:
        """Go on with the list."""
        if self.listing:
            self.expecting = _BEFORE_NAME

    def on_end_of_list(self, _: int) -> None:
        """Behind WHERE and the like, commas separate something else."""
        self.listing = False

    def on_from(self, i: int) -> None:
        """FROM announces relations, but for the FROM of EXTRACT(... FROM ...), IS DISTINCT FROM, FETCH ... FROM."""
        if self.verb in _NO_FROM and not self.frames:
            return
        if self.frames and self.frames[-1].head in WITH_FROM_INSIDE:
            return
        before = self._word(i - 1)
        if before == "VALUES" or (before == "DISTINCT" and self._word(i - 2) in {"IS", "NOT"}):
            return
        self._expect(listing=True)

    def on_join(self, _: int) -> None:
        """JOIN announces one, in the midst of a list."""
        self._expect(listing=self.listing)

    def on_into(self, _: int) -> None:
        """INSERT INTO, MERGE INTO, SELECT INTO."""
        if self.verb != "IMPORT":
            self._expect(columns=True, skip=_BEFORE_NEW_NAME)

    def on_update(self, i: int) -> None:
        """UPDATE announces its target, unless it is a lock, an event or a privilege."""
        if self.verb not in _NOT_QUERIES and self._word(i - 1) not in NO_TARGET_BEHIND:
            self._expect()

    def on_target(self, _: int) -> None:
        """From DELETE or MERGE on, USING has a list of relations behind it."""
        self.targeted = True

    def on_using(self, i: int) -> None:
        """Expect relations behind the USING of DELETE and MERGE; before a parenthesis it joins by columns."""
        if self.targeted and self._word(i + 1) != "(":
            self._expect(listing=True)

    def on_table(self, i: int) -> None:
        """TABLE and VIEW announce what is defined, changed or dropped."""
        if self._word(i + 1) != "(":
            listing = self.verb in _LISTS_TABLES or self._word(i - 1) == "FOR"
            self._expect(columns=True, listing=listing, skip=_BEFORE_NEW_NAME)

    def on_references(self, _: int) -> None:
        """Expect the other table of a foreign key."""
        self._expect(columns=True)

    def on_partition(self, i: int) -> None:
        """PARTITION OF, ATTACH PARTITION, DETACH PARTITION."""
        if self._word(i + 1) == "OF":
            self._expect(skip=_BEFORE_NAME | {"OF"})
        elif self._word(i - 1) in {"ATTACH", "DETACH"}:
            self._expect(skip=_BEFORE_NEW_NAME)

    def on_on(self, i: int) -> None:
        """CREATE INDEX ON, CREATE TRIGGER ON, GRANT ON."""
        granted = self.verb in {"GRANT", "REVOKE"} and self._word(i + 1) not in _NOT_TABLES
        created = self.verb == "CREATE" and not _ON_A_TABLE.isdisjoint(
            self._word(at) for at in range(self.span.start + 1, min(self.span.start + 5, i))
        )
        if (granted or created) and not self.found and not self.frames:
            self._expect(columns=True, listing=granted)


_HANDLERS = {
    "(": _Walk.on_opening,
    ")": _Walk.on_closing,
    ",": _Walk.on_comma,
    "FROM": _Walk.on_from,
    "JOIN": _Walk.on_join,
    "INTO": _Walk.on_into,
    "UPDATE": _Walk.on_update,
    "DELETE": _Walk.on_target,
    "MERGE": _Walk.on_target,
    "USING": _Walk.on_using,
    "TABLE": _Walk.on_table,
    "VIEW": _Walk.on_table,
    "REFERENCES": _Walk.on_references,
    "PARTITION": _Walk.on_partition,
    "ON": _Walk.on_on,
    **dict.fromkeys(_ENDS_LIST, _Walk.on_end_of_list),
}
