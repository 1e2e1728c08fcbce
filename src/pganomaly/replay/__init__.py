"""Sends a recording through the very judge that the service runs: what would it have told, and when."""

from pganomaly.replay.recording import Recording
from pganomaly.replay.run import Summary, replay

__all__ = ["Recording", "Summary", "replay"]
