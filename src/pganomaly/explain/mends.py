"""
What would mend a cause: statements that we show and never run.

in    About
out   statements, a few, the likeliest first; none where no statement mends it, and people do
"""

import re
from collections.abc import Callable, Iterable, Iterator

from pganomaly.explain.about import About, relation_of
from pganomaly.explain.quoting import identifier, literal, qualified
from pganomaly.explain.templates import template
from pganomaly.records import Cause
from pganomaly.records.evidence import Index, IndexState, Setting

MOST = 3
"""Statements shown for one cause."""
OLD_TRANSACTION_S = 300.0
"""A transaction open for so long keeps vacuum from its work."""

_CREATE = re.compile(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)")
_SCOPE = re.compile(r"(?:role (?P<role>.+?))?(?: in )?(?:database (?P<database>.+))?\Z", re.DOTALL)
_LISTS = frozenset(
    {
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories",
    }
)  # fmt: skip
"""Settings whose value is a list of quoted names: written as one string they would be one name."""

Mend = Callable[[About], Iterator[str]]


def mends(cause: Cause, about: About) -> tuple[str, ...]:
    """Return statements that would mend *cause*."""
    found = dict.fromkeys(_MENDS[cause](about)) if cause in _MENDS else {}
    return tuple(found)[:MOST]


def _with_tables(name: str) -> Mend:
    def mend(about: About) -> Iterator[str]:
        for table in about.tables:
            yield _filled(name, about, table=table, table_literal=literal(table))

    return mend


def _for_role(name: str) -> Mend:
    def mend(about: About) -> Iterator[str]:
        if about.role is not None:
            yield _filled(name, about, role=identifier(about.role))

    return mend


def _plain(name: str) -> Mend:
    def mend(about: About) -> Iterator[str]:
        yield _filled(name, about)

    return mend


def _settings_first(pattern: str, otherwise: Mend) -> Mend:
    """Return a mend that puts back the settings which changed and are called like *pattern*, or else another one."""

    def mend(about: About) -> Iterator[str]:
        changed = about.evidence.settings or () if about.evidence else ()
        named = [s for s in changed if re.search(pattern, s.name) and s.name not in _LISTS]
        yield from (_as_it_was(about, s) for s in named)
        if not named:
            yield from otherwise(about)

    return mend


def _as_it_was(about: About, setting: Setting) -> str:
    name = qualified(*setting.name.split(".", 1))
    change = f"SET {name} = {literal(setting.was)}" if setting.was is not None else f"RESET {name}"
    scope = _SCOPE.match(setting.scope or "")
    role, database = (scope["role"], scope["database"]) if scope else (None, None)
    if role is None and database is None:
        return _filled("mend_setting", about, change=change)
    whose = f"ROLE {identifier(role)}" if role else f"DATABASE {identifier(database or '')}"
    within = f" IN DATABASE {identifier(database)}" if role and database else ""
    return _filled("mend_setting_of", about, whose=f"{whose}{within}", change=change)


def _index(about: About) -> Iterator[str]:
    changed: Iterable[Index] = about.evidence.indexes or () if about.evidence else ()
    known = [i for i in changed if i.state in (IndexState.DROPPED, IndexState.INVALID)]
    for index in known:
        if index.state is IndexState.INVALID:
            yield _filled("mend_reindex", about, index=index_of(index))
        elif index.definition:
            definition = _CREATE.sub(r"CREATE \1INDEX CONCURRENTLY ", index.definition.rstrip(";"), count=1)
            yield _filled("mend_create_index", about, definition=definition)
    if not known and about.compared:
        yield _filled("mend_new_index", about, table=about.tables[0], columns=", ".join(about.compared))


def index_of(index: Index) -> str:
    """Return the name of an index with its schema, quoted: it lies where its table lies."""
    schema = relation_of(index.table).rpartition(".")[0]
    named = index.name if index.name.startswith('"') else identifier(index.name)
    return f"{schema}.{named}" if schema else named


def _blockers(about: About) -> Iterator[str]:
    chains = about.evidence.blockers or () if about.evidence else ()
    roots = {c.root.pid: c.root for c in sorted(chains, key=lambda c: -c.behind) if c.root.pid}
    yield from (_filled("mend_end_session", about, pid=pid) for pid in roots)
    for root in roots.values():
        if root.role and (root.state or "").startswith("idle in transaction"):
            yield _filled("mend_idle_limit", about, role=identifier(root.role))
    if not roots:
        yield from _for_role("mend_lock_limit")(about)


def _vacuum(about: About) -> Iterator[str]:
    oldest = about.evidence.sessions.oldest if about.evidence and about.evidence.sessions else None
    if oldest and oldest.pid and (oldest.transaction_age_s or 0) >= OLD_TRANSACTION_S:
        yield _filled("mend_end_session", about, pid=oldest.pid)
    yield from _with_tables("mend_vacuum")(about)


def _work_mem(about: About) -> Iterator[str]:
    if about.role is not None:
        yield _filled("mend_work_mem", about, role=identifier(about.role), work_mem=literal(about.work_mem))


def _statistics(about: About) -> Iterator[str]:
    if about.database is not None and about.tables:
        yield _filled("mend_statistics", about, database=identifier(about.database), table=about.tables[0])


def _filled(name: str, about: About, **facts: object) -> str:
    return template(name, about.major).format(**facts)


_PLANNER = r"^(enable_|jit|geqo|plan_cache)|_cost$|collapse_limit$|^(default_statistics_target|effective_cache_size)$"
_COMMIT = r"^(synchronous_|wal_sync_method$|commit_|fsync$)"
_CHECKPOINT = r"^(max_wal_size|min_wal_size|checkpoint_|wal_compression|full_page_writes)"
_WORKERS = r"^(max_parallel_|max_worker_|parallel_|jit)"

_MENDS: dict[Cause, Mend] = {
    Cause.MISSING_INDEX: _index,
    Cause.PLAN_CHANGE: _settings_first(_PLANNER, _with_tables("mend_analyze")),
    Cause.LOCK_WAIT: _blockers,
    Cause.COMMIT_WAIT: _settings_first(_COMMIT, _for_role("mend_commit")),
    Cause.COLD_CACHE: _with_tables("mend_prewarm"),
    Cause.MORE_IO: _settings_first(r"^(shared_buffers|effective_io_concurrency|.*_cost)$", _with_tables("mend_vacuum")),
    Cause.TEMP_SPILL: _settings_first(r"^(work_mem|hash_mem_multiplier)$", _work_mem),
    Cause.DATA_GROWTH: _with_tables("mend_analyze"),
    Cause.DATA_SKEW: _statistics,
    Cause.BLOAT: _vacuum,
    Cause.CALL_SURGE: _for_role("mend_connections"),
    Cause.RETRY_STORM: _for_role("mend_lock_limit"),
    Cause.NEW_QUERY: _for_role("mend_time_limit"),
    Cause.WAL_GROWTH: _settings_first(_CHECKPOINT, _plain("mend_wal")),
    Cause.HOST_SLOW: _settings_first(_CHECKPOINT, lambda about: iter(())),
    Cause.CPU_SATURATION: _settings_first(_WORKERS, _plain("mend_fewer_workers")),
    Cause.SLOW_DRIFT: _vacuum,
}
"""Those of N+1, calls that stopped, wrong hours and the unknown are people's: no statement mends them."""
