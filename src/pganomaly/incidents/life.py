"""The life of an incident: suspected, opened, updated window by window, closed or accepted as the new normal."""

from typing import NamedTuple

from pganomaly.incidents.desk import Desk
from pganomaly.incidents.rules import AlertSettings
from pganomaly.records import Change, KeyArray, Scores


class Advance(NamedTuple):
    """
    What one window changed.

    accepted  statements whose new level is the new normal from now on: the baseline moves there
    """

    desk: Desk
    changes: tuple[Change, ...]
    accepted: KeyArray


def advance(desk: Desk, scores: Scores, *, instance: int, rules: AlertSettings, newcomers: bool) -> Advance:
    """
    Return the desk after a window.

    instance   the watched server's number: incident ids derive from (instance, onset, lead statement)
    newcomers  whether statements without history are judged already: not before the end of the baseline
    """
    raise NotImplementedError
