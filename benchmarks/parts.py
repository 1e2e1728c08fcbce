"""
The engine without one of its parts: `python -m benchmarks.parts NAME replay DIR --out OUT`.

A part is switched off from outside, by what it would have said: nothing. So the engine carries no switches that only a
benchmark would ever turn. A part that no longer exists under the name given here is an error, never a silent no-op.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Part:
    """
    What the engine does beyond the least, and how it is made to do without.

    off  (module, name) -> what stands in its place; every module that imported the name gets it too
    """

    says: str
    off: tuple[tuple[str, str, Any], ...]


def _nan_like(*args: Any, **_: Any) -> Any:
    return np.full(len(args[0]), np.nan)


def _ignoring(method: str, *families: str) -> Callable[..., None]:
    """Return a method of Increments that says nothing on some families."""
    from pganomaly.detectors import evidence, verdicts  # noqa: PLC0415 - only where an engine is there to change

    original = getattr(evidence.Increments, method)
    unsaid = {getattr(verdicts, family) for family in families}

    def instead(self: Any, family: int, *values: Any) -> None:
        if family not in unsaid:
            original(self, family, *values)

    return instead


def _without(method: str, *families: str) -> tuple[str, str, Any]:
    return "pganomaly.detectors.evidence:Increments", method, lambda: _ignoring(method, *families)


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _says(function: Any) -> Callable[[], Any]:
    return lambda: function


PARTS = {
    "latency": Part("time per call", (_without("of_distance", "LATENCY"),)),
    "work": Part("work per call: rows, blocks, reads, temp, WAL", (_without("of_distance", "WORKING"),)),
    "traffic": Part("more calls than expected", (_without("of_ratio", "TRAFFIC"),)),
    "silence": Part("fewer calls than expected", (_without("of_ratio", "SILENCE"),)),
    "new_heavy": Part("statements without history", (_without("of_ratio", "NEW_HEAVY"),)),
    "waiting": Part("lock waits in flight", (_without("of_distance", "WAITING"),)),
    "slow_branch": Part(
        "small changes that last (slow branch of the support)",
        (("pganomaly.detectors.supports", "_SLOW_DRIFT", _constant(99.0)),),
    ),
    "fast_branch": Part(
        "large sudden changes (fast branch of the support)",
        (("pganomaly.detectors.supports", "_FAST_DRIFT", _constant(99.0)),),
    ),
    "cap": Part("support that is capped", (("pganomaly.detectors.supports", "CAP", _constant(1e6)),)),
    "peaks": Part("memory of peaks", (("pganomaly.detectors.supports", "PEAK_MARGIN", _constant(0.0)),)),
    "bursts": Part(
        "a burst that is over is a peak that the next one must exceed",
        (("pganomaly.detectors.supports", "BRIEF_WINDOWS", _constant(-1.0)),),
    ),
    "lasting": Part(
        "the windows of a burst are one piece of evidence",
        (("pganomaly.detectors.calls", "UNHEARD_OF", _constant(0.0)),),
    ),
    "alike": Part(
        "windows in a row that are alike are less evidence",
        (("pganomaly.detectors.echoes", "MOST", _constant(0.0)),),
    ),
    "wandering": Part(
        "how far a statement wanders is learned during suspicion, too",
        (("pganomaly.detectors.learning", "WELL_KNOWN_WINDOWS", _constant(1e12)),),
    ),
    "early_bar": Part(
        "a stricter bar on a server that is hardly known",
        (("pganomaly.detectors.supports", "young", _says(lambda *_: np.ones((7, 1)))),),
    ),
    "budget": Part(
        "the bar follows the alert budget",
        (("pganomaly.calibration", "LEAST_PEAKS", _constant(10**9)),),
    ),
    "cold_bar": Part(
        "a stricter bar for little-known statements",
        (("pganomaly.detectors.supports", "COLD_WINDOWS", _constant(1e-9)),),
    ),
    "easy_bar": Part(
        "a lower bar for the cost of statements that run often",
        (("pganomaly.detectors.supports", "EASY", _constant(1.0)),),
    ),
    "cold": Part(
        "a cold cache, in what all statements read",
        (("pganomaly.detectors.cold", "MORE", _constant(1e9)),),
    ),
    "releases": Part(
        "a release replaces statements by others",
        (("pganomaly.detectors.releases", "TAKEN_OVER", _constant(0.0)),),
    ),
    "stalls": Part("discount of stalls", (("pganomaly.detectors.stalls", "DISCOUNT", _constant(0.0)),)),
    "common_factor": Part(
        "common factor of the host and its incident",
        (("pganomaly.detectors.stalls", "common", _says(lambda *_: 0.0)),),
    ),
    "resources": Part(
        "a share of the server's work matters, too",
        (("pganomaly.detectors.gates", "WORK_SHARE", _constant(1e9)),),
    ),
    "strictness": Part(
        "more evidence for what just matters",
        (("pganomaly.detectors.gates", "strictness", _says(np.ones_like)),),
    ),
    "spells": Part(
        "running for longer, staying away for longer than ever",
        (
            ("pganomaly.detectors.spells", "too_long", _says(lambda past, *_: np.full_like(past.spell, np.nan))),
            ("pganomaly.detectors.spells", "missed", _says(lambda past, *_: np.full_like(past.spell, np.nan))),
        ),
    ),
    "ties": Part("ties between statements", (("pganomaly.incidents.ties", "tied", _says(lambda *_: False)),)),
    "new_normal": Part(
        "a level that lasts becomes the normal one",
        (("pganomaly.incidents.rules", "STABLE_WINDOWS", _constant(10**9)),),
    ),
}


class NoSuchPartError(Exception):
    """The engine has nothing under that name any more."""


def switch_off(part: Part) -> None:
    """Take a part out of the engine of this process."""
    for place, name, make in part.off:
        module_name, _, class_name = place.partition(":")
        owner: Any = importlib.import_module(module_name)
        if class_name:
            owner = getattr(owner, class_name)
        if not hasattr(owner, name):
            raise NoSuchPartError(f"{place}.{name}")
        before, instead = getattr(owner, name), make()
        for module in [m for n, m in sys.modules.items() if n.startswith("pganomaly.")]:
            if not class_name and getattr(module, name, None) is before:
                setattr(module, name, instead)
        setattr(owner, name, instead)


def main() -> None:
    """Run pganomaly without one part."""
    from pganomaly.cli import main as run  # noqa: PLC0415 - everything is loaded before it is changed

    name = sys.argv[1]
    if name != "nothing":
        switch_off(PARTS[name])
    sys.argv[:] = ["pganomaly", *sys.argv[2:]]
    raise SystemExit(run())


if __name__ == "__main__":
    main()
