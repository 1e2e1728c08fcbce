"""The table of causes is whole."""

from pganomaly.explain import FINGERPRINTS, fingerprint
from pganomaly.records import Cause


def test_every_cause_has_one_fingerprint_and_a_sentence_of_its_own():
    assert sorted(f.cause for f in FINGERPRINTS) == sorted(Cause)
    assert len({f.says for f in FINGERPRINTS}) == len(Cause)
    assert all(fingerprint(cause).cause is cause for cause in Cause)
