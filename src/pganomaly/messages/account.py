"""What is known of an incident besides its numbers: why, who else, what the server shows, what to do next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pganomaly.records import Cause, Evidence, Explanation, Key, Shape, Step

SaysOf = Callable[[Cause], str]
"""The clause that completes "probably because ..."; rooms on one floor never meet, so the caller hands it in."""


@dataclass(frozen=True, slots=True)
class Account:
    """
    What to say of an incident.

    explanation  None where only the next step is known
    says         a cause's clause
    shapes       texts of other statements, to call them by their names
    """

    says: SaysOf
    explanation: Explanation | None = None
    evidence: Evidence | None = None
    step: Step | None = None
    shapes: Mapping[Key, Shape] = field(default_factory=dict)
