"""What users set, and what each room receives of it."""

from pganomaly.settings.rooms import alerts, called, drift, language, model, notify, store, targets
from pganomaly.settings.variables import Settings, alone, app_lang, documented, load

__all__ = [
    "Settings",
    "alerts",
    "alone",
    "app_lang",
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
