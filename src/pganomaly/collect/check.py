"""One thing that the doctor looked at: the fact, what follows from it, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CheckState(StrEnum):
    """How a check ended; unknown means that our role may not look."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """
    The answer to one question.

    fact, consequence  English sentences with {names}, the keys of their translations; values fills them in
    fix                what to run or to change, as it is; None where there is nothing to mend
    """

    code: str
    name: str
    state: CheckState
    fact: str
    consequence: str | None = None
    fix: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self) -> str:
        """Return fact and consequence in English."""
        return " ".join(sentence.format(**self.values) for sentence in (self.fact, self.consequence) if sentence)


def ok(code: str, name: str, fact: str, **values: object) -> Check:
    """Return the answer that all is well."""
    return Check(code, name, CheckState.OK, fact, values=values)
