"""Who is told: the settings, and the numbers of the simple rule."""

from pydantic import BaseModel, Field

ODD_OF_LAST = (2, 3)
"""An incident opens when so many of the last so many windows in which the statement ran were odd."""
SUSPECT_WINDOWS = 60
"""Odd windows further apart than this many windows have nothing to do with each other."""
CALM_WINDOWS = 5
"""Windows in a row in which a statement ran and was well, after which its incident is closed."""
ABSENT_WINDOWS = 15
"""Windows in a row in which a statement did not run, after which its incident is closed: nobody suffers from it now."""
STABLE_WINDOWS = 60
"""Windows at one level after which that level is the new normal."""


class AlertSettings(BaseModel, frozen=True):
    """What must be at stake before people are told, and how much they can bear."""

    min_share: float = Field(0.003, ge=0, le=1, description="Excess share of the server's DB time that matters.")
    min_ms_per_s: float = Field(0.5, ge=0, description="Excess execution time in ms per second that matters.")
    told_per_day: int = Field(10, ge=0, description="Incidents told a day; those beyond are recorded only.")
