"""Who is told: the settings, and the numbers of an incident's life."""

from pydantic import BaseModel, Field

CALM_WINDOWS = 5
"""Windows in a row in which every statement of an incident was well, after which it is closed."""
STABLE_WINDOWS = 60
"""Windows at one level after which that level is the new normal."""
JOINED_WITHIN = 4
"""Windows after the last join in which an incident is joined by whatever else starts to misbehave."""
JOINED_BY_KIN_WITHIN = 10
"""The same for statements with a tie to it: of the same role, or on the same table."""
STRONG = 1.1
"""Times the evidence it takes from which on an incident is told, whatever the day was like."""
LEAST_WEAK_PER_DAY, WEAK_PER_BUDGET = 1.0, 3.0
"""Incidents with little evidence that are told a day, whatever the budget is, and in multiples of the budget."""
MOST_MEMBERS = 200
"""Statements listed in one incident."""


class AlertSettings(BaseModel, frozen=True):
    """What must be at stake before people are told, and how much they can bear."""

    min_share: float = Field(0.003, ge=0, le=1, description="Excess share of the server's DB time that matters.")
    min_ms_per_s: float = Field(0.5, ge=0, description="Excess execution time in ms per second that matters.")
    budget_per_day: float = Field(1.0, gt=0, description="False incidents a day and server that people accept.")

    @property
    def weak_per_day(self) -> float:
        """Incidents with little evidence that are told a day; those beyond wait in the digest until there is more."""
        return max(LEAST_WEAK_PER_DAY, WEAK_PER_BUDGET * self.budget_per_day)
