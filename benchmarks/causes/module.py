"""Writes the table into the package, as a module that people can read."""

from collections.abc import Collection
from pathlib import Path

from benchmarks.causes.fitting import NAMES, Table
from pganomaly.records import Cause

FILE = Path(__file__).parents[2] / "src" / "pganomaly" / "explain" / "weights.py"
SET_BY_HAND = {
    Cause.COMMIT_WAIT: (-4.0, {"commits": 5.0, "committing": 6.0, "crowd_slow": 0.5, "blocks_up": -1.0}),
}
"""Causes that no made-up server shows: bias and weights."""


def write(table: Table, events: Collection[str], servers: Collection[str], seeds: Collection[int]) -> None:
    """Write weights.py."""
    lines = [
        '"""',
        "What a clue says of a cause, in nats per unit of the clue. Written by python -m benchmarks.causes --write.",
        "",
        f"Learned from {len(events)} faults of {len(servers)} made-up servers"
        f" (seeds {', '.join(map(str, sorted(seeds)))}), none of them a recording,",
        f"beginning with the table before it; prior {table.prior}, temperature {table.temperature}.",
        "CENTRES are the averages of the clues there: what is average says nothing. Set by hand:"
        f" {', '.join(c.value for c in SET_BY_HAND)}.",
        '"""',
        "",
        "from collections.abc import Mapping",
        "",
        "from pganomaly.records import Cause",
        "",
        "CENTRES: Mapping[str, float] = {",
        *(f'    "{name}": {centre:.3f},' for name, centre in zip(NAMES, table.centres, strict=True)),
        "}",
        "",
        "BIAS: Mapping[Cause, float] = {",
        *(f"    Cause.{cause.name}: {bias:.2f}," for cause, bias, _ in _lines(table)),
        "}",
        "",
        "WEIGHTS: Mapping[Cause, Mapping[str, float]] = {",
    ]
    for cause, _, weights in _lines(table):
        lines += [f"    Cause.{cause.name}: {{", *_wrapped(weights), "    },"]
    FILE.write_text("\n".join([*lines, "}", ""]), encoding="utf-8")


def _lines(table: Table) -> list[tuple[Cause, float, dict[str, float]]]:
    learned = [
        (Cause(name), float(bias), {n: float(w) for n, w in zip(NAMES, row, strict=True) if w})
        for name, bias, row in zip(table.causes, table.bias, table.weights, strict=True)
    ]
    learned += [(cause, bias, dict(weights)) for cause, (bias, weights) in SET_BY_HAND.items()]
    return sorted(learned, key=lambda line: list(Cause).index(line[0]))


def _wrapped(weights: dict[str, float]) -> list[str]:
    """Return the weights of one cause, the strongest first, a line each."""
    return [f'        "{name}": {w:.2f},' for name, w in sorted(weights.items(), key=lambda one: -abs(one[1]))]
