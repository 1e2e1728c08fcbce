"""
The tables that statements name, and their indexes, without a lock on any of them.

in    a visit, names as statements write them, the search path they are looked up in
out   TableThen by name: state, cumulative counters, indexes; and what is going on with them this moment
not   no size is measured and no row is read: relpages and the statistics must do
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pganomaly import lexical
from pganomaly.collect.evidence_server import utc
from pganomaly.collect.evidence_visit import Row, Visit
from pganomaly.records.evidence import TableState
from pganomaly.records.reference import IndexThen, TableThen

MOST_PARTITIONS = 1000
"""Partitions of all tables of one look together; beyond them counters are those of the first ones."""
MOST_INDEXES = 200
DEFAULT_PATH = '"$user", public'

_COUNTS = ("seq_scans", "rows_read_by_seq", "inserted", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class Tables:
    """
    Tables at one moment, the first named first.

    held         who holds a table ACCESS EXCLUSIVE, by its number
    unused_s     since when each index was not used, by table and index (PostgreSQL 16)
    being_built  indexes by table and name that a CREATE INDEX is at work on
    """

    by_name: Mapping[str, TableThen]
    held: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    unused_s: Mapping[tuple[str, str], float] = field(default_factory=dict)
    being_built: frozenset[tuple[str, str]] = frozenset()

    @property
    def oids(self) -> list[int]:
        """The tables' numbers."""
        return [table.oid for table in self.by_name.values()]


def resolve(here: Visit, names: Sequence[str], *, role: str | None) -> list[int]:
    """
    Return the tables that *names* mean to a statement of *role*, in the order of the names; behind views, theirs.

    A name without a schema is looked up in the role's search path; where that does not have it, the largest relation
    of that name is meant: an application may set a path of its own.
    """
    if not names:
        return []
    wanted = [parsed(name) for name in names]
    with here.transaction():
        rows = here.rows("candidates", {"names": sorted({table for _, table in wanted})})
        path = schemas(search_path(here, role), role) if rows else []
        found = [row for row in (_chosen(*name, rows, path) for name in wanted) if row is not None]
        views = [row["oid"] for row in found if row["is_view"]]
        behind = [row["oid"] for row in here.rows("tables_of_views", {"oids": views})] if views else []
    return list(dict.fromkeys([row["oid"] for row in found if not row["is_view"]] + behind))


def read(here: Visit, oids: Sequence[int], *, most: int, again: bool = False) -> Tables:
    """Return these tables, *most* at most; *again* only for what has moved, without who holds them and definitions."""
    if not oids:
        return Tables({})
    with here.transaction():
        rows = here.rows("tables", {"oids": list(oids), "most": most, "most_partitions": MOST_PARTITIONS})
        names = {row["oid"]: row["name"] for row in rows}
        holders = {} if again else held(here, list(names))
        indexes = _indexes(here, list(names), [] if again else [oid for oid in names if oid not in holders])
    return Tables(
        {row["name"]: _table(row, indexes) for row in rows},
        holders,
        {(names[i["table_oid"]], i["name"]): max(i["unused_s"], 0.0) for i in indexes if i["unused_s"] is not None},
        frozenset((names[i["table_oid"]], i["name"]) for i in indexes if i["being_built"]),
    )


def held(here: Visit, oids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return who holds tables ACCESS EXCLUSIVE, by table; where somebody only waits to, nobody yet."""
    return {row["oid"]: tuple(row["pids"] or ()) for row in here.rows("exclusive", {"oids": list(oids)})}


def maintained(here: Visit, oids: Sequence[int]) -> set[int]:
    """Return the tables that are being vacuumed or analyzed."""
    return {row["oid"] for row in here.rows("maintained", {"oids": list(oids)})}


def search_path(here: Visit, role: str | None) -> str:
    """Return the search path that *role* has in this database unless it sets another."""
    rows = here.rows("search_path", {"role": role})
    return rows[0]["path"] if rows else DEFAULT_PATH


def schemas(path: str, role: str | None) -> list[str]:
    """
    Return the schemas of a search path.

    Example: schemas('"$user", App, "My App"', "eve") == ["eve", "app", "My App"].
    """
    found = [_bare(part) for part in _split(path, ",")]
    return [role or "" if name == "$user" else name for name in found if name]


def parsed(name: str) -> tuple[str | None, str]:
    """
    Return the schema, where there is one, and the table of a name as a statement has it.

    Example: parsed('app."My.Orders"') == ("app", "My.Orders").
    """
    parts = [_bare(part) for part in _split(name, ".")]
    return (parts[-2] if len(parts) > 1 else None), parts[-1]


def _split(text: str, at: str) -> list[str]:
    """Split outside of quotes."""
    parts, quoted = [""], False
    for sign in text:
        quoted ^= sign == '"'
        if sign == at and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _bare(part: str) -> str:
    """Return a name without its quotes, folded where it has none."""
    if part.startswith('"') and part.endswith('"') and len(part) > 1:
        return part[1:-1].replace('""', '"')
    return part.lower()


def _chosen(schema: str | None, table: str, rows: Sequence[Row], path: Sequence[str]) -> Row | None:
    """Return the relation that a name means; *rows* come largest first."""
    found = {row["schema"]: row for row in reversed(rows) if row["name"] == table}
    if schema is not None or not found:
        return found.get(schema)
    first = next((s for s in path if s in found), None)
    return found[first] if first is not None else next(row for row in rows if row["name"] == table)


def _indexes(here: Visit, oids: Sequence[int], printed: Sequence[int]) -> list[Row]:
    return here.rows(
        "indexes",
        {
            "oids": list(oids),
            "printed": list(printed),
            "most_indexes": MOST_INDEXES,
            "most_partitions": MOST_PARTITIONS,
        },
        last_scan="pg_catalog.pg_stat_get_lastscan(m.oid)" if here.can.has_lastscan else "NULL::timestamptz",
    )


def _table(row: Row, indexes: Sequence[Row]) -> TableThen:
    own = [index for index in indexes if index["table_oid"] == row["oid"]]
    mine = tuple(_index(index) for index in own)
    counts = {name: row[name] for name in _COUNTS} | {
        "index_scans": sum(index.scans for index in mine),
        # Rows found by bitmaps are counted with the table, those of other index scans with the index.
        "rows_read_by_index": row["rows_read_by_index"] + sum(index["rows_read"] for index in own),
    }
    return TableThen(
        oid=row["oid"],
        state=TableState(
            at=utc(row["at"]),
            size_bytes=row["size_bytes"],
            rows=row["rows"],
            live_rows=row["live_rows"],
            dead_rows=row["dead_rows"],
            changed_since_analyze=row["changed_since_analyze"],
            vacuumed_at=row["vacuumed_at"] and utc(row["vacuumed_at"]),
            analyzed_at=row["analyzed_at"] and utc(row["analyzed_at"]),
        ),
        counts=counts,
        usual_per_s={},
        indexes=mine,
    )


def _index(row: Row) -> IndexThen:
    return IndexThen(
        name=row["name"],
        definition=_without_secrets(row["definition"]),
        unique=row["unique"],
        valid=row["valid"],
        size_bytes=row["size_bytes"],
        scans=row["scans"],
    )


def _without_secrets(definition: str | None) -> str | None:
    """Return the statement that makes an index; where it has strings in it (WHERE email = '...') without literals."""
    if definition is None or "'" not in definition:
        return definition
    return lexical.describe(definition).redacted
