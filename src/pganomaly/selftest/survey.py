"""A first look at the past: how long it is, who ran in it how often, and whose time it was."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pganomaly.records import KEY, KeyArray, Outsiders, Shapes, Window, locate
from pganomaly.records.grid import F8

LIVELY = 0.5
"""Share of the windows in which a statement must have run to be tried: no minutes can be told of who seldom runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """
    What there is to test with.

    windows   that may be judged at all
    window_s  seconds that one usually lasts
    keys      every statement that ran
    ran       in how many windows
    share     of the server's DB time, nested statements in multiples of the toplevel ones'
    """

    windows: int
    window_s: float
    keys: KeyArray
    ran: F8
    share: F8

    def lively(self, shapes: Shapes, outsiders: Outsiders) -> KeyArray:
        """Return who can be tried: nobody's system statement, no DDL, running most of the time. Dearest first."""
        lexical, system = shapes.of(self.keys)
        business = ~system & ~outsiders.among(self.keys) & ~(lexical["has_ddl"] == 1)
        lively = np.flatnonzero(business & (self.ran >= LIVELY * self.windows))
        by_share: KeyArray = self.keys[lively[np.argsort(-self.share[lively], kind="stable")]]
        return by_share

    def shares(self, keys: KeyArray) -> F8:
        """Return the shares of DB time of some statements."""
        return np.asarray(self.share[locate(keys, self.keys)])


def survey(windows: Iterable[Window]) -> Survey:
    """Return what *windows* hold."""
    keys, sums = np.empty(0, KEY), np.empty((2, 0))
    total_ms, lengths = 0.0, []
    for window in windows:
        place = locate(window.keys, keys)
        new = place < 0
        place[new] = len(keys) + np.arange(new.sum())
        keys = np.concatenate([keys, window.keys[new]])
        sums = np.concatenate([sums, np.zeros((2, int(new.sum())))], axis=1)
        sums[0, place] += 1
        sums[1, place] += window.deltas["total_exec_time"]
        total_ms += float(window.deltas["total_exec_time"][window.keys["toplevel"]].sum())
        lengths.append(window.length_s)
    usual_s = float(np.median(lengths)) if lengths else float("nan")
    return Survey(len(lengths), usual_s, keys, sums[0], sums[1] / max(total_ms, 1e-9))
