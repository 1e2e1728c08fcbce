"""
A statement's time, taken apart: calls, times work per call, times time per piece of work.

A piece of work is a block looked at, wherever it comes from, or a block of a temporary file; a call is one piece
besides, because a call that looks at nothing costs something too. With the usual of each taken in the same way

    time / usual time = calls / usual calls  *  work / usual work  *  pace / usual pace

holds exactly. Rows, blocks found in the cache, blocks read, temporary blocks and log are parts of the work: shown one
by one, each against its own usual.
"""

from math import erf, exp, isfinite, log, nan, sqrt
from typing import NamedTuple

from pganomaly.catalog import Unit
from pganomaly.explain.sums import BLOCKS, EXEC, PACE, READS, ROWS, TEMP, WAL, Sum, Tally
from pganomaly.records import Factor
from pganomaly.records.account import FactorName, PartName

RANGE = 2.0
"""Standard deviations, up and down, that windows usually lie between."""
_TELLING = 0.2
"""Smallest residual from which what is material can be told."""


class Parts(NamedTuple):
    """A statement's time and what it is made of."""

    total: Factor
    factors: tuple[Factor, Factor, Factor]
    parts: tuple[Factor, ...]


class _Band(NamedTuple):
    """How far a figure may wander by itself: its distance and deviation as logarithms, and what of it is material."""

    z: float = nan
    spread: float = nan
    material: float = 0.0


def taken_apart(tally: Tally) -> Parts:
    """Return the factors of what a statement did since its incident began."""
    work, usual_work = _work(tally)
    exec_, calls = tally.sum(EXEC), _per(tally.judged, tally.judged_s)
    usual_calls = _per(tally.expected, tally.judged_s)
    pace, usual_pace = exec_.value / (1.0 + work), exec_.usual / (1.0 + usual_work)
    calls_band = _Band(tally.calls_z, sqrt(_per(tally.calls_spread2, tally.judged_s)))
    exec_band, blocks_band = _band(exec_), _band(max(tally.sum(BLOCKS), tally.sum(TEMP), key=_oddness))
    both = _Band(_furthest(calls_band.z, exec_band.z), sqrt(calls_band.spread**2 + exec_band.spread**2))
    return Parts(
        _factor("time", Unit.MS_PER_S, calls * exec_.value if calls else 0.0, usual_calls * exec_.usual, both),
        (
            _factor("calls", Unit.PER_S, calls, usual_calls, calls_band),
            _factor("work", Unit.BLOCKS, work, usual_work, blocks_band, 1.0),
            _factor("pace", Unit.MS, pace, usual_pace, _band(tally.sum(PACE))),
        ),
        _parts(tally),
    )


def _work(tally: Tally) -> tuple[float, float]:
    """Return the blocks of a call, temporary ones included, and the usual."""
    blocks, temp = tally.sum(BLOCKS), tally.sum(TEMP)
    usual_temp = temp.usual if isfinite(temp.usual) else 0.0
    return blocks.value + (temp.value if isfinite(temp.value) else 0.0), blocks.usual + usual_temp


def _parts(tally: Tally) -> tuple[Factor, ...]:
    blocks, reads = tally.sum(BLOCKS), tally.sum(READS)
    hits, usual_hits = max(blocks.value - reads.value, 0.0), max(blocks.usual - reads.usual, 0.0)
    return (
        _part("rows", Unit.ROWS, tally.sum(ROWS)),
        _factor("hits", Unit.BLOCKS, hits, usual_hits, _band(blocks)),
        _part("reads", Unit.BLOCKS, reads),
        _part("temp", Unit.BLOCKS, tally.sum(TEMP)),
        _part("wal", Unit.BYTES, tally.sum(WAL)),
    )


def _part(name: PartName, unit: Unit, channel: Sum) -> Factor:
    return _factor(name, unit, channel.value, channel.usual, _band(channel))


def _factor(
    name: FactorName | PartName, unit: Unit, value: float, usual: float, band: _Band, besides: float = 0.0
) -> Factor:
    """Return a factor; *besides* is what is added on both sides of it."""
    above = (usual + band.material) if isfinite(usual + band.spread) else nan
    return Factor(
        name,
        unit.value,
        _known(value),
        _known(usual),
        low=_known(max(above * exp(-RANGE * band.spread) - band.material, 0.0) if isfinite(above) else nan),
        high=_known(above * exp(RANGE * band.spread) - band.material),
        factor=_known((value + besides) / (usual + besides)) if usual + besides > 0 else None,
        certainty=erf(abs(band.z) / sqrt(2.0)) if isfinite(band.z) else None,
    )


def _band(channel: Sum) -> _Band:
    return _Band(channel.z, channel.spread, _material(channel))


def _material(channel: Sum) -> float:
    """Return the amount d that a residual ln((value + d) / (usual + d)) was made with; 0 where it is near 0."""
    r = channel.residual
    if not isfinite(r) or abs(r) < _TELLING:
        return 0.0
    return max((channel.value - channel.usual * exp(r)) / (exp(r) - 1.0), 0.0)


def _oddness(channel: Sum) -> float:
    return abs(channel.z) if isfinite(channel.z) else -1.0


def _furthest(*z: float) -> float:
    known = [x for x in z if isfinite(x)]
    return max(known, key=abs) if known else nan


def _per(amount: float, base: float) -> float:
    return amount / base if base else nan


def _known(number: float) -> float | None:
    return number if isfinite(number) else None


def logarithms(parts: Parts) -> dict[str, float]:
    """Return ln of each known factor: they add up to ln of the whole."""
    return {f.name: log(f.factor) for f in parts.factors if f.factor}
