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
    "as a superuser, run the statement that this prints, and restart PostgreSQL: "
    "SELECT 'ALTER SYSTEM SET shared_preload_libraries = ' || string_agg(quote_literal(l), ', ') || ';' FROM "
    "regexp_split_to_table(concat_ws(',', nullif(current_setting('shared_preload_libraries'), ''), "
    f"'{LIBRARY}'), '\\s*,\\s*') AS l;"
)


def fix(current: str | None, platform: Platform | None) -> str:
    """
    Return how to load the library, without losing those that are loaded today.

    Every name is quoted on its own: one string with commas is one library that does not exist, and PostgreSQL would
    not start again.
    """
    if platform is not None:
        wanted = ",".join([*names(current or ""), LIBRARY])
        more = "" if current is not None else " (and what it holds today)"
        return f"{platform.how}, set shared_preload_libraries to {wanted}{more}, then {platform.restart} ({platform.name})."
    if current is None:
        return _HOW_TO_ASK
    quoted = ", ".join(_quoted(name) for name in [*names(current), LIBRARY])
    return f"ALTER SYSTEM SET shared_preload_libraries = {quoted}; and restart PostgreSQL."


def names(setting: str) -> list[str]:
    """Return the libraries of a shared_preload_libraries, unquoted, in their order."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^,]+))\s*(?:,|$)', setting)
    return [
        quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in found if quoted or plain.strip()
    ]


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
