"""The watched server: what may be read of it, the reading itself, and what a doctor finds."""

from pganomaly.collect.capabilities import Capabilities
from pganomaly.collect.check import SUBJECTS, Check, CheckState
from pganomaly.collect.doctor import doctor
from pganomaly.collect.evidence import evidence
from pganomaly.collect.evidence_reference import reference
from pganomaly.collect.grants import grant_sql
from pganomaly.collect.known import KnownTexts
from pganomaly.collect.names import outsiders
from pganomaly.collect.questions import Asked
from pganomaly.collect.session import Session
from pganomaly.collect.target import Limits, Target

__all__ = [
    "SUBJECTS",
    "Asked",
    "Capabilities",
    "Check",
    "CheckState",
    "KnownTexts",
    "Limits",
    "Session",
    "Target",
    "doctor",
    "evidence",
    "grant_sql",
    "outsiders",
    "reference",
]
