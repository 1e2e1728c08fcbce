"""The applications, by name."""

from benchmarks.recorder.application import App
from benchmarks.recorder.apps.festival import FESTIVAL
from benchmarks.recorder.apps.garage import GARAGE

APPS: dict[str, App] = {app.name: app for app in (GARAGE, FESTIVAL)}
