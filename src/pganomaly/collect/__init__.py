"""The watched server: what may be read of it, the reading itself, and what a doctor finds."""

from pganomaly.collect.capabilities import Capabilities
from pganomaly.collect.known import KnownTexts
from pganomaly.collect.names import outsiders
from pganomaly.collect.session import Session
from pganomaly.collect.target import Limits, Target

__all__ = ["Capabilities", "KnownTexts", "Limits", "Session", "Target", "outsiders"]
