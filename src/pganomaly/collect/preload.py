"""
The line that makes a server load pg_stat_statements at its next start.

in    the current shared_preload_libraries, as far as it may be read, and the cloud that runs the server
out   the fix as text
not   nothing is changed here
"""

import re

from pganomaly.collect.platforms import Platform

LIBRARY = "pg_stat_statements"

_HOW_TO_ASK = (
    "SELECT 'ALTER SYSTEM SET shared_preload_libraries = ' || string_agg(quote_literal(l), ', ') || ';' FROM "
    "regexp_split_to_table(concat_ws(',', nullif(current_setting('shared_preload_libraries'), ''), "
    f"'{LIBRARY}'), '\\s*,\\s*') AS l; -- as a superuser; run what it prints, "
    "then restart PostgreSQL"
)


def fix(current: str | None, platform: Platform | None) -> str:
    """
    Return how to load the library, without losing those that are loaded today.

    Every name is quoted on its own: one string with commas is one library that does not exist, and PostgreSQL would
    not start again.
    """
    if platform is not None:
        return _on_platform(current, platform)
    if current is None:
        return _HOW_TO_ASK
    quoted = ", ".join(_quoted(name) for name in [*others(current), LIBRARY])
    return f"ALTER SYSTEM SET shared_preload_libraries = {quoted}; -- then restart PostgreSQL"


def _on_platform(current: str | None, platform: Platform) -> str:
    if platform.preloads:
        return f"{platform.name} loads it by itself: {platform.restart}; if that does not help, ask its support."
    wanted = ",".join([*others(current or ""), LIBRARY])
    beside = "" if current is not None else " beside what it holds today"
    return (
        f"{platform.name}: {platform.where}, set shared_preload_libraries to {wanted}{beside}; then {platform.restart}."
    )


def others(setting: str) -> list[str]:
    """Return the libraries of a shared_preload_libraries beside ours, unquoted, in their order."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^,]+))\s*(?:,|$)', setting)
    names = (quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in found)
    return [name for name in names if name not in ("", LIBRARY)]


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
