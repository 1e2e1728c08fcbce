"""
Scores in, news out: who is told of what, and when it is over.

in    the Scores of one window, and the Desk: what is open and who is suspected
out   the next Desk, the Changes in the life of incidents, and what is now taken for normal
not   no opinion on how odd a statement is, no message, no store
"""

from pganomaly.incidents.desk import Desk, Held, Told
from pganomaly.incidents.life import Advance, advance
from pganomaly.incidents.rules import AlertSettings

__all__ = ["Advance", "AlertSettings", "Desk", "Held", "Told", "advance"]
