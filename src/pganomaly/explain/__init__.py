"""
Why, and who: what is odd, taken apart into arithmetic, causes with their probabilities, culprits and victims.

in    what the judge made of the windows of an incident, who waited meanwhile, and what the server showed (Evidence)
out   Explanations
not   no clock, no disk, no sentences but the causes' own

    cases = explain.follow(cases, open incidents, scores, matrix, activity, shapes)     every window
    case = explain.with_evidence(case, evidence)                                        when the server was asked
    explanation = explain.explained(case, shapes)                                       when people are told
"""

from pganomaly.explain.about import About
from pganomaly.explain.cases import Case, dumps, follow, loads
from pganomaly.explain.explaining import causes, explained, with_evidence
from pganomaly.explain.fingerprints import FINGERPRINTS, Fingerprint, fingerprint
from pganomaly.explain.steps import next_step, usual_cause

__all__ = [
    "FINGERPRINTS",
    "About",
    "Case",
    "Fingerprint",
    "causes",
    "dumps",
    "explained",
    "fingerprint",
    "follow",
    "loads",
    "next_step",
    "usual_cause",
    "with_evidence",
]
