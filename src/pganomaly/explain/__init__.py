"""
Why, and who: what is odd, taken apart into arithmetic, causes with their probabilities, culprits and victims.

in    what the judge made of the windows of an incident, who waited meanwhile, and what the server showed (Evidence)
out   Explanations
not   no clock, no disk, no sentences but the causes' own
"""

from pganomaly.explain.about import About
from pganomaly.explain.fingerprints import FINGERPRINTS, Fingerprint, fingerprint
from pganomaly.explain.steps import next_step, usual_cause

__all__ = ["FINGERPRINTS", "About", "Fingerprint", "fingerprint", "next_step", "usual_cause"]
