"""
Why, and who: what is odd, taken apart into arithmetic, causes with their probabilities, culprits and victims.

in    what the judge made of the windows of an incident, who waited meanwhile, and what the server showed (Evidence)
out   Explanations
not   no clock, no disk, no sentences but the causes' own
"""

from pganomaly.explain.fingerprints import FINGERPRINTS, Fingerprint, fingerprint

__all__ = ["FINGERPRINTS", "Fingerprint", "fingerprint"]
