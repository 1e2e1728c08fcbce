"""Memory stays with a process that asked for it, as far as its C library can be asked."""

import subprocess
import sys

CHURN = """
import resource
import numpy as np
from pganomaly.service import heap

def faults():
    for _ in range(50):
        many = [np.ones(100_000) for _ in range(8)]
        del many
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

kept = heap.keep()
first, second = faults(), faults()
print(int(kept), second - first)
"""


def test_a_second_tick_asks_the_kernel_for_no_memory():
    """In a process of its own: what is said here holds for all that a process does."""
    said = subprocess.run([sys.executable, "-c", CHURN], check=True, capture_output=True, text=True).stdout
    kept, page_faults = map(int, said.split())

    # Eight arrays of 800 kB, fifty times: 78,000 pages.
    assert not kept or page_faults < 1_000
