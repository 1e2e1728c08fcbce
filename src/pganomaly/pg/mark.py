"""The mark that tells our statements from a user's in pg_stat_statements and in the logs."""

import re

MARK = "/* pganomaly */"

_FIRST_KEYWORD = re.compile(r"\s*[A-Za-z]+")


def marked(statement: str) -> str:
    """
    Return *statement* with the mark behind its first keyword, where every version of PostgreSQL keeps it.

    A comment in front of the keyword disappears on 18.
    """
    keyword = _FIRST_KEYWORD.match(statement)
    if not keyword or statement.startswith(MARK, keyword.end() + 1):
        return statement
    return f"{statement[: keyword.end()]} {MARK}{statement[keyword.end() :]}"
