"""The pictures themselves: each takes what the judge saw, and an example, and returns the text of an SVG file."""

from collections.abc import Sequence

import numpy as np

from benchmarks.pictures.examples import Example, Fault, Pair
from benchmarks.pictures.history import MATERIAL_MS, History
from benchmarks.pictures.svg import Axis, Panel, head, picture
from pganomaly.detectors.supports import CAP, CLOSED
from pganomaly.records.grid import F8

SPREADS = 2.0
"""Half the width of every band: what is usual stays within it in some 95 windows of 100."""
BEFORE, AFTER, MOST = 40, 14, 110
AROUND = 40
LEAST_SHARED = float(np.log(1.2))
SURE = 0.4
"""Spread of a statement's time per piece of work beyond which one window of it says too little to be drawn."""
_BAND = ("band", f"usual ± {SPREADS:g} spreads")
_DONE = ("fault", "something is done to the server")


def time_per_call(history: History, example: Example, faults: Sequence[Fault]) -> str:
    """One statement's time per call, with the band in which it usually lies."""
    x, which = _around(history, example)
    k, since = example.statement, x.astype(np.float64) - example.fault.start
    ms, usual = history["ms"][which, k], history["usual"][which, k]
    low, high = _band_ms(usual, history["spread"][which, k])
    during = slice(example.fault.start, example.fault.end)
    title = (
        f"{history.names[k]} takes {_short(_middle(history['ms'][during, k]))} ms a call "
        f"where {_short(_middle(history['usual'][during, k]))} ms are usual"
    )
    note = (
        f"A dot is a window with some {_middle(history['calls'][during, k]):.0f} calls. "
        "The band is learned from the windows before; while the statement is in trouble nothing is learned."
    )
    values = np.concatenate([ms, low, high])
    panel = Panel(
        _windows(history, since), Axis("ms per call", *_factors(values), log=True), head(title, note) + 8, 240
    )
    _scene(panel, example, faults, since)
    panel.band(since, low, high)
    panel.line(since, usual, "other")
    panel.line(since, ms, dotted=True)
    return picture(title, note, [("dot", "time per call"), ("other", "usual"), _BAND, _done(example.fault)], [panel])


def evidence(history: History, example: Example, faults: Sequence[Fault]) -> str:
    """The evidence against the same statement, in multiples of what it takes."""
    x, which = _around(history, example)
    k, since = example.statement, x.astype(np.float64) - example.fault.start
    support = np.nan_to_num(history["support"][which, k])
    title = "Evidence adds up, window by window, until there is enough of it to tell people"
    note = (
        f"The same statement, the same windows. There is never more than {CAP:g} times the bar, and a calm window "
        "takes a third of the bar off what was told: so an alarm is soon over when its reason is."
    )
    panel = Panel(_windows(history, since), Axis("evidence, in bars", 0, 1.8), head(title, note) + 8, 200)
    _scene(panel, example, faults, since)
    panel.level(1.0, "the bar: told from here on")
    panel.level(CAP, "no more than this", "other")
    panel.level(CLOSED, "calm below a third", "other")
    panel.line(since, support, dotted=True)
    return picture(title, note, [("dot", "evidence after a window"), _done(example.fault)], [panel])


def few_and_many(history: History, pair: Pair, faults: Sequence[Fault]) -> str:
    """Two statements and the same factor: news where many calls say so, chance where few do."""
    title = "The same factor is news in many calls and chance in a few"
    note = (
        "Time per call as a multiple of the usual. The fewer calls a window has, the further their mean strays by "
        "chance, and the wider the band: it is measured for each statement, and for each window anew."
    )
    often = pair.often
    picks = [(often.statement, often.told), (pair.rare, pair.window)]
    places = [np.arange(max(at - AROUND, 0), min(at + AROUND, len(history.ends))) for _, at in picks]
    shown = [history.ratio[which, k] for which, (k, _) in zip(places, picks, strict=True)]
    spread = [history["spread"][which, k] for which, (k, _) in zip(places, picks, strict=True)]
    edges = [np.exp(sign * SPREADS * s) for s in spread for sign in (-1, 1)]
    y = Axis("times the usual", *_factors(np.concatenate([*shown, *edges])), log=True, unit="×")
    x = Axis(f"windows ({history.window_s:g} s of work each) before and after the ringed one", -AROUND, AROUND)
    top, panels = head(title, note) + 28, []
    for (k, at), which, ratio, wide in zip(picks, places, shown, spread, strict=True):
        since = which.astype(np.float64) - at
        panel = Panel(x, y, top, 150, f"{history.names[k]}, calls in the ringed window: {history['calls'][at, k]:.0f}")
        _shade(panel, faults, at, since)
        panel.band(since, np.exp(-SPREADS * wide), np.exp(SPREADS * wide))
        panel.level(1.0)
        panel.line(since, ratio, dotted=True)
        far = float(np.log(history.ratio[at, k]) / history["spread"][at, k])
        panel.picked(0.0, float(history.ratio[at, k]), f"×{_short(float(history.ratio[at, k]))} is {far:.1f} spreads")
        panels.append(panel)
        top += 150 + 38
    return picture(title, note, [("dot", "time per call"), ("level", "usual"), _BAND, _DONE], panels)


def rhythm(history: History, example: Example, day: float) -> str:
    """The calls of a page through a day, what was expected of them, and how many would be a surge."""
    k = example.statement
    start = max(example.told - int(0.75 * day), 0)
    which = np.arange(start, min(example.told + int(0.25 * day), len(history.ends)))
    since = which.astype(np.float64) - example.fault.start
    calls, expected, surge = (history[row][which, k] for row in ("calls", "expected", "surge"))
    during = slice(example.fault.start, example.fault.end)
    now, usual = (_middle(history[row][during, k]) for row in ("calls", "expected"))
    title = (
        f"A busy hour is no surge, this is one: {history.names[k]} is called {now:.0f} times a window "
        f"where {usual:.0f} are expected"
    )
    note = (
        f"A day of this recording is {day:g} windows. A window is a surge only beyond twice what is expected, and "
        "beyond what calm windows of the last days have seen."
    )
    high = float(np.nanmax(np.concatenate([calls, expected, surge]))) * 1.1
    panel = Panel(_windows(history, since), Axis("calls a window", 0, high), head(title, note) + 8, 220)
    _shade(panel, [example.fault], example.fault.start, since)
    panel.line(since, calls, "value thin")
    panel.line(since, surge, "level")
    panel.line(since, expected, "other strong")
    panel.told(float(example.told - example.fault.start), "told")
    legend = [
        ("value thin", "calls"),
        ("other strong", "expected"),
        ("level", "a surge from here on"),
        _done(example.fault),
    ]
    return picture(title, note, legend, [panel])


def slow_host(history: History, faults: Sequence[Fault]) -> str | None:
    """Everything is slower at once, and what is left of each when that is taken off; None where it never happened."""
    smooth = np.convolve(history.factor, np.ones(9) / 9, mode="same")
    smooth[:100] = 0.0
    at = int(np.argmax(smooth))
    if smooth[at] < LEAST_SHARED:
        return None
    which = np.arange(max(at - AROUND, 0), min(at + AROUND, len(history.ends)))
    since = which.astype(np.float64) - at
    pace = np.where(history["pace_spread"][which] < SURE, history["pace"][which], np.nan)
    shared = np.maximum(history.factor[which], 0.0)
    done = next((_done(fault) for fault in faults if fault.start <= at < fault.end), _DONE)
    title = "Everything is slower at once: what all share is no statement's fault"
    note = (
        "Time per piece of work as a multiple of the usual, of all statements called often enough. What they share is "
        "taken off whoever is slower, and only the rest is judged."
    )
    shares = [_quantiles(pace), _quantiles(pace - shared[:, None] * (pace > 0))]
    y = Axis("times the usual", *_factors(np.exp(np.concatenate([s.ravel() for s in shares]))), log=True, unit="×")
    x = _windows(history, since, "windows ({:g} s of work each) before and after the slowest")
    top, panels = head(title, note) + 28, []
    for heading, (low, middle, high) in zip(("as measured", "without what all share"), shares, strict=True):
        panel = Panel(x, y, top, 140, heading)
        _shade(panel, faults, at, since)
        panel.band(since, np.exp(low), np.exp(high))
        panel.level(1.0)
        panel.line(since, np.exp(middle))
        panels.append(panel)
        top += 140 + 38
    legend = [("value", "middle statement"), ("band", "eight of ten"), ("level", "usual"), done]
    return picture(title, note, legend, panels)


def _done(fault: Fault) -> tuple[str, str]:
    return "fault", f"something is done (at 0: {fault.kind.replace('_', ' ')})"


def _quantiles(values: F8) -> F8:
    """Return the 10 %, 50 % and 90 % quantiles of every row with five values or more."""
    found = np.full((3, len(values)), np.nan)
    for place, row in enumerate(values):
        told = row[np.isfinite(row)]
        if len(told) >= 5:
            found[:, place] = np.quantile(told, (0.1, 0.5, 0.9))
    return found


def _around(history: History, example: Example) -> tuple[F8, slice]:
    """Return the windows around a fault, as positions and as a slice."""
    start = max(example.fault.start - BEFORE, 0)
    end = min(example.over + AFTER, start + MOST, len(history.ends))
    return np.arange(start, end).astype(np.float64), slice(start, end)


def _scene(panel: Panel, example: Example, faults: Sequence[Fault], since: F8) -> None:
    start = example.fault.start
    _shade(panel, faults, start, since)
    panel.told(float(example.told - start), "told")
    if example.over - start <= since[-1]:
        panel.told(float(example.over - start), "over")


def _shade(panel: Panel, faults: Sequence[Fault], origin: int, since: F8) -> None:
    """Shade every fault that falls into the windows shown, *since* the window *origin*."""
    for fault in faults:
        if fault.end - origin > since[0] and fault.start - origin < since[-1]:
            panel.fault(fault.start - origin - 0.5, fault.end - origin - 0.5)


def _windows(history: History, since: F8, label: str = "windows ({:g} s of work each) since the fault began") -> Axis:
    return Axis(label.format(history.window_s), float(since[0]) - 0.5, float(since[-1]) + 0.5)


def _band_ms(usual: F8, spread: F8) -> tuple[F8, F8]:
    low, high = ((usual + MATERIAL_MS) * np.exp(sign * SPREADS * spread) - MATERIAL_MS for sign in (-1, 1))
    return np.maximum(low, usual / 10), high


def _factors(values: F8) -> tuple[float, float]:
    """Return the ends of an axis of factors: a little beyond the smallest and the largest value."""
    there = values[np.isfinite(values) & (values > 0)]
    return float(there.min()) * 0.8, float(there.max()) * 1.6


def _middle(values: F8) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
