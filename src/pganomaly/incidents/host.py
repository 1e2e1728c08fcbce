"""Who suffers while the whole server is slow: the members of the one incident that stands for all of them."""

import numpy as np

from pganomaly.incidents.looks import Look
from pganomaly.records import Incident, IncidentKind, Key, Scores

SUFFERS_Z = 2.5
"""Deviations by which a statement must be slower, what all share included."""
LEAST_SHARE = 0.003
TIME = "exec_time_per_call_ms"


def stands_for_all(incident: Incident) -> bool:
    """Return whether an incident is of the whole server: from the beginning, or because it began just before that."""
    return incident.kind is IncidentKind.HOST or any(m.kind is IncidentKind.HOST for m in incident.members)


def victims(scores: Scores, others: set[Key]) -> list[Look]:
    """Return those that are slower and cost the server, but for *others*; the dearest alone where nobody stands out."""
    row = scores.channels.index(TIME)
    calls = scores.window.deltas["calls"]
    excess = np.maximum(np.nan_to_num(calls * (scores.value[row] - scores.usual[row])), 0.0)
    share = excess / max(float(scores.window.deltas["total_exec_time"].sum()), 1e-9)
    z = np.nan_to_num(scores.residual[row] / scores.spread[row])
    suffering = np.flatnonzero((z >= SUFFERS_Z) & (share >= LEAST_SHARE))
    if not suffering.size and not others and len(scores):
        suffering = np.array([int(np.argmax(excess))])
    found = (Look.at(scores, int(c))._replace(kind=IncidentKind.HOST, demand=float(share[c])) for c in suffering)
    return [look for look in found if look.key not in others]
