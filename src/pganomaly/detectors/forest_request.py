"""
The order to fit a forest, and what comes back: bytes on the standard input and output of a child process.

scikit-learn takes 1.5 s and 160 MB to import. Whoever trains starts `python` with COMMAND, writes request(...) to it
and reads answer(...) from it. Where fitting fails, the child exits with 1 and one line on its standard error.
"""

from dataclasses import asdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import modelfile
from pganomaly.detectors.forest import Facts, Forest
from pganomaly.detectors.rows import ALL_FEATURES

KIND = "forest_request"
COMMAND = ("-m", "pganomaly.detectors.forest_fit")

Rows = NDArray[np.float32] | NDArray[np.float64]


class Order(NamedTuple):
    """What to fit: rows of ALL_FEATURES, NaN where not known, and the facts that say how."""

    X: Rows
    facts: Facts


def request(X: Rows, facts: Facts) -> bytes:
    """Return the order to fit a forest to the rows of *X* as *facts* say."""
    # A value that is not finite is not a measurement, whatever wrote it.
    known = np.where(np.isfinite(X), X, np.nan).astype(X.dtype, copy=False)
    return modelfile.pack(KIND, {"features": ALL_FEATURES, "facts": asdict(facts)}, {"rows": known}, small=False)


def ordered(data: bytes) -> Order:
    """Return what request() was given."""
    manifest, arrays = modelfile.unpack(data, KIND)
    return Order(arrays["rows"], Facts(**manifest["facts"]))


def answer(data: bytes) -> Forest:
    """Return the forest that the child process wrote; an errors.ModelFileError where it wrote something else."""
    return Forest.loads(data)
