"""
What every detector promises, whatever it learns from.

in    the Matrix of one window
out   one number per statement of it: higher is odder, NaN is "cannot say"
not   no opinion on who is told, no clock, no disk; chance only as an argument

Detectors differ in how they learn, so learning is not part of the contract: the per-statement baseline learns window by
window as it goes, the forest once from many rows, in a child process. What comes out of either keeps these promises
(tests/detectors/test_promises.py, written once, kept by every detector):

higher is odder         a statement that does far more than it ever did scores above those that do as usual
one seed, one answer    the same past and the same seed give the same scores, bit for bit
rows are scored alone   a statement's score depends neither on its place in the matrix nor on calm company
input is left alone     no array that was passed in is written to, neither in learning nor in scoring
too little past is NaN  who has learned nothing cannot say, and says so
silence is respected    nothing is said of a window in which nothing may be judged (Quality.silent)
survives saving         what was saved and loaded scores the same, bit for bit
"""

from typing import Protocol, Self

from pganomaly.records import Matrix
from pganomaly.records.grid import F8


class Scores(Protocol):
    """What a detector thinks of the statements of one window. A detector may say more than this, never less."""

    @property
    def surprise(self) -> F8:
        """One number per statement of the matrix, in its order: higher is odder, NaN is "cannot say", never 0."""
        ...


class Detector(Protocol):
    """What has learned from a past and judges windows. A value: judging changes nothing in it."""

    def score(self, matrix: Matrix) -> Scores:
        """Return what it thinks of every statement of *matrix*."""
        ...

    def dumps(self) -> bytes:
        """Return all that it knows: arrays and JSON, nothing that could ever be executed (modelfile.pack)."""
        ...

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Return what dumps() was called on, exactly; an errors.ModelFileError where *data* is something else."""
        ...
