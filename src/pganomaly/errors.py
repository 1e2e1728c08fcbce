"""
Every error that a user can meet: a code, the fact, the consequence, the runnable fix.

The docstring of a class is its message and the key of its translation; {names} in it are filled in from the arguments.
"""

from typing import ClassVar


class PganomalyError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "PGA-000"
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.template().format(**facts))

    @classmethod
    def template(cls) -> str:
        """Return the message in English, with its {names}."""
        return " ".join((cls.__doc__ or "").split())
