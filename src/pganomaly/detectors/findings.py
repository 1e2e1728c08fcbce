"""Scores in, findings out: one per odd statement and window, with value and usual value per feature."""

from math import isnan

from pganomaly.detectors.baseline import KIND
from pganomaly.records import Finding, Key, Scores

NEW_HEAVY = "new_heavy"


def findings(scores: Scores) -> tuple[Finding, ...]:
    """Return what the per-statement engine found in a window, statements that fell silent included."""
    return tuple(
        finding(part, int(column))
        for part in (scores, scores.silent)
        if part is not None
        for column in part.odd.nonzero()[0]
    )


def finding(scores: Scores, column: int) -> Finding:
    """Return the figures of one statement, odd or not, as a finding."""
    dbid, userid, queryid, toplevel = scores.keys[column].item()
    surprise = float(scores.surprise[column])
    return Finding(
        window_start=scores.window.start,
        window_end=scores.window.end,
        key=Key(dbid, userid, queryid, toplevel),
        detector=NEW_HEAVY if scores.newcomer[column] else KIND,
        anomaly_score=None,
        surprise=None if isnan(surprise) else surprise,
        reasons=scores.reasons(column),
    )
