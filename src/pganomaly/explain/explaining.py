"""
A case explained: the arithmetic of its lead, the causes, the culprit.

in    a Case, the shapes of texts; Evidence where the server was asked
out   an Explanation; None while nothing is known of the case
"""

from collections.abc import Mapping
from dataclasses import replace

from pganomaly.explain import clues
from pganomaly.explain.arithmetic import taken_apart
from pganomaly.explain.cases import Case, with_blockers
from pganomaly.explain.confirmation import concerns, shown
from pganomaly.explain.culprits import culprit_and_victims
from pganomaly.explain.likelihood import likely
from pganomaly.records import Evidence, Explanation, Key, Likely, Shapes

NOBODY: Mapping[int, Key] = {}


def causes(case: Case, shapes: Shapes) -> tuple[Likely, ...]:
    """Return why the statements of a case misbehave, strongest cause first; nothing while nobody ran."""
    return likely(clues.seen(case, shapes), case.signs) if case.windows else ()


def with_evidence(case: Case, evidence: Evidence, said: Mapping[int, Key] = NOBODY) -> Case:
    """
    Return a case with what the server showed: it counts in every later judgement, until it is shown anew.

    said  by process, the statements of those that others wait for, as far as they are known
    """
    keys = frozenset(t.key for t in case.members)
    roots = {c.root.pid: c for c in evidence.blockers or () if concerns(c, keys)}
    behind = {said[pid]: c.behind for pid, c in roots.items() if pid in said}
    return replace(case, signs=shown(evidence, keys), blockers=with_blockers(case.blockers, behind))


def explained(case: Case, shapes: Shapes, key: Key | None = None) -> Explanation | None:
    """Return what is known of a case, None where that is nothing yet; its numbers are those of *key*, or the lead."""
    lead = next((t for t in case.members if t.key == key), case.lead)
    if lead is None or not case.windows:
        return None
    parts, why = taken_apart(lead), causes(case, shapes)
    culprit, victims = culprit_and_victims(case, why[0].cause)
    took_ms = lead.sum("exec_time_per_call_ms").amount
    return Explanation(
        key=lead.key,
        total=parts.total,
        factors=parts.factors,
        parts=parts.parts,
        db_time_share=min(took_ms / lead.server_ms, 1.0) if lead.server_ms else None,
        excess_share=min(lead.excess_ms, took_ms) / lead.server_ms if lead.server_ms else None,
        since=case.since,
        windows=case.windows,
        causes=why,
        culprit=culprit,
        victims=victims,
    )
