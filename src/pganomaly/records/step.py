"""What to do next about a cause: a look that confirms it, and the change that would mend it."""

from dataclasses import dataclass

from pganomaly.records.account import Cause


@dataclass(frozen=True, slots=True)
class Step:
    """
    Statements for people to paste. We run none of them.

    look         read-only statements that confirm the cause, names and numbers filled in
    mend         statements that would mend it, every line a comment; empty where no statement does
    in_database  whether the look has to run in the database of the statement: it asks for its tables
    """

    cause: Cause
    look: str
    mend: str = ""
    in_database: bool = False
