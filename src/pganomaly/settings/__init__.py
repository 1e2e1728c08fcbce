"""What users set, and what each room receives of it."""

from pganomaly.settings.rooms import alerts, called, drift, language, model, notify, store, targets
from pganomaly.settings.variables import Settings, documented, load

__all__ = [
    "Settings",
    "alerts",
    "called",
    "documented",
    "drift",
    "language",
    "load",
    "model",
    "notify",
    "store",
    "targets",
]
