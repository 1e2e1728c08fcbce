"""
Pictures as text: axes, lines, bands and marks of a few colours, readable on light and dark pages.

A picture brings its own background, so that it never depends on the page around it; no script, no font, no file.
"""

from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, isfinite, log10
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from pganomaly.records.grid import F8

WIDTH, LEFT, RIGHT = 760, 66, 18
LINE = 17
_TITLE_CHARS, _NOTE_CHARS = 80, 108
_LEGEND_CHAR, _LEGEND_GAP = 6.4, 44
_STYLE = """
text{font:12px sans-serif;fill:#57606a}.title{font-size:14px;font-weight:bold;fill:#1f2328}.paper{fill:#fff}
.on{paint-order:stroke;stroke:#fff;stroke-width:3.5;stroke-linejoin:round}
.frame{fill:none;stroke:#d0d7de}.grid{stroke:#d0d7de;stroke-width:.6}
.value,.other,.level,.told{fill:none;stroke-width:1.6;stroke-linejoin:round}
.value{stroke:#0550ae}.dot{fill:#0550ae}.other{stroke:#57606a;stroke-dasharray:5 3}.level{stroke:#57606a}
.band{fill:#54aeff;fill-opacity:.32;stroke:none}.fault{fill:#d4a72c;fill-opacity:.3;stroke:none}
.thin{stroke-width:1}.strong{stroke-width:2.2}.told{stroke:#cf222e}.telling{fill:#cf222e}.picked{fill:none;stroke:#cf222e;stroke-width:2}
@media (prefers-color-scheme:dark){
text{fill:#9198a1}.title{fill:#f0f6fc}.paper{fill:#0d1117}.on{stroke:#0d1117}.frame{stroke:#3d444d}.grid{stroke:#3d444d}
.value{stroke:#79c0ff}.dot{fill:#79c0ff}.other,.level{stroke:#9198a1}.band{fill:#388bfd;fill-opacity:.42}
.fault{fill:#bb8009;fill-opacity:.27}.told,.picked{stroke:#ff7b72}.telling{fill:#ff7b72}}
"""


@dataclass(frozen=True, slots=True)
class Axis:
    """A direction: what it shows, with its unit, from where to where; *log* where equal steps are equal factors."""

    label: str
    low: float
    high: float
    log: bool = False
    unit: str = ""

    def share(self, values: F8 | float) -> F8:
        """Return how far along the axis values lie, from 0 to 1; what lies beyond an end is at the end."""
        v, low, high = np.asarray(values, dtype=np.float64), self.low, self.high
        if self.log:
            v, low, high = np.log(np.maximum(v, low / 2)), float(np.log(low)), float(np.log(high))
        return np.clip((v - low) / (high - low), 0.0, 1.0)

    def ticks(self) -> list[float]:
        """Return round numbers along the axis, no more than eight."""
        if not self.log:
            rough = (self.high - self.low) / 5
            power = 10.0 ** floor(log10(rough))
            step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
            first = ceil(self.low / step - 1e-9)
            return [round(i * step, 10) for i in range(first, floor(self.high / step + 1e-9) + 1)]
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        for within in ((1, 2, 5), (1, 3), (1,)):
            found = [m * 10.0**p for p in powers for m in within if self.low <= m * 10.0**p <= self.high]
            if len(found) <= 8:
                break
        return found


@dataclass(slots=True)
class Panel:
    """One plot: *x* from left to right, *y* upwards, *top* and *height* in pixels."""

    x: Axis
    y: Axis
    top: float
    height: float
    heading: str = ""
    shapes: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    def across(self, values: F8 | float) -> F8:
        """Return pixels from the left."""
        return LEFT + self.x.share(values) * (WIDTH - LEFT - RIGHT)

    def down(self, values: F8 | float) -> F8:
        """Return pixels from the top."""
        return self.top + (1 - self.y.share(values)) * self.height

    def line(self, x: F8, y: F8, kind: str = "value", *, dotted: bool = False) -> None:
        """Draw values; a line ends where one is missing, and one that stands alone is a dot, all with *dotted*."""
        runs = _runs(np.isfinite(y))
        for run in runs:
            if len(run) > 1:
                points = _points(self.across(x[run]), self.down(y[run]))
                self.shapes.append(f'<polyline class="{kind}" points="{points}"/>')
        shown = [run for run in runs if dotted or len(run) == 1]
        if shown:
            self.dots(x[np.concatenate(shown)], y[np.concatenate(shown)])

    def dots(self, x: F8, y: F8) -> None:
        """Draw values as dots."""
        for px, py in zip(self.across(x), self.down(y), strict=True):
            self.shapes.append(f'<circle class="dot" cx="{_n(px)}" cy="{_n(py)}" r="2.4"/>')

    def band(self, x: F8, low: F8, high: F8) -> None:
        """Fill what lies between two rows of values, window by window."""
        for run in _runs(np.isfinite(low) & np.isfinite(high)):
            edges = np.repeat(np.append(x[run], x[run][-1] + 1) - 0.5, 2)[1:-1]
            there, back = np.repeat(high[run], 2), np.repeat(low[run], 2)
            outline = np.concatenate([self.down(there), self.down(back)[::-1]])
            points = _points(np.concatenate([self.across(edges), self.across(edges)[::-1]]), outline)
            self.shapes.insert(0, f'<polygon class="band" points="{points}"/>')

    def fault(self, start: float, end: float) -> None:
        """Shade windows in which something was done to the server."""
        left, right = float(self.across(start)), float(self.across(end))
        self.shapes.insert(
            0,
            f'<rect class="fault" x="{_n(left)}" y="{_n(self.top)}" width="{_n(right - left)}" '
            f'height="{_n(self.height)}"/>',
        )

    def level(self, y: float, words: str = "", kind: str = "level") -> None:
        """Draw a horizontal line, named at its left end."""
        at = float(self.down(y))
        self.shapes.append(f'<path class="{kind}" d="M{LEFT} {_n(at)}H{WIDTH - RIGHT}"/>')
        if words:
            self.marks.append(_text(LEFT + 6, at - 5, words, "on"))

    def told(self, x: float, words: str) -> None:
        """Mark the moment at which people were told."""
        at = float(self.across(x))
        self.marks.append(f'<path class="told" d="M{_n(at)} {_n(self.top)}V{_n(self.top + self.height)}"/>')
        right = at < WIDTH * 0.7
        self.marks.append(
            _text(at + (6 if right else -6), self.top + 14, words, "telling on", "start" if right else "end")
        )

    def picked(self, x: float, y: float, words: str) -> None:
        """Put a ring around one value, and say why."""
        px, py = float(self.across(x)), float(self.down(y))
        self.marks.append(f'<circle class="picked" cx="{_n(px)}" cy="{_n(py)}" r="6.5"/>')
        self.marks.append(_text(px - 12, max(py - 4, self.top + 14), words, "telling on", "end"))

    def drawn(self, *, with_x: bool = True) -> str:
        """Return the panel with its axes."""
        bottom, width = self.top + self.height, WIDTH - LEFT - RIGHT
        parts = [_text(LEFT, self.top - 8, self.heading)] if self.heading else []
        for tick in self.y.ticks():
            at = float(self.down(tick))
            parts.append(f'<path class="grid" d="M{LEFT} {_n(at)}h{width}"/>')
            parts.append(_text(LEFT - 7, at + 4, _number(tick) + self.y.unit, anchor="end"))
        below = [(tick, float(self.across(tick))) for tick in self.x.ticks() if with_x]
        parts += [_text(at, bottom + 16, _number(tick), anchor="middle") for tick, at in below]
        middle = self.top + self.height / 2
        parts.append(
            f'<text x="15" y="{_n(middle)}" text-anchor="middle" transform="rotate(-90 15 {_n(middle)})">'
            f"{escape(self.y.label)}</text>"
        )
        if with_x:
            parts.append(_text(LEFT + width / 2, bottom + 34, self.x.label, anchor="middle"))
        frame = f'<rect class="frame" x="{LEFT}" y="{_n(self.top)}" width="{width}" height="{_n(self.height)}"/>'
        return "\n".join([*parts, *self.shapes, frame, *self.marks])


def head(title: str, note: str = "") -> float:
    """Return how many pixels the title, the note and the legend of a picture take."""
    lines = len(wrap(title, _TITLE_CHARS)) + (len(wrap(note, _NOTE_CHARS)) if note else 0)
    return 14 + LINE * lines + 26


def picture(title: str, note: str, legend: list[tuple[str, str]], panels: list[Panel]) -> str:
    """Return a whole SVG file: *legend* is pairs of a class and words; the last panel has the common x axis."""
    parts, y = [], 8
    for words, kind, chars in ((title, "title", _TITLE_CHARS), (note, "", _NOTE_CHARS)):
        for line in wrap(words, chars) if words else []:
            y += LINE
            parts.append(_text(16, y, line, kind))
    left = 16.0
    for kind, words in legend:
        parts.append(_swatch(kind, left, y + 19) + _text(left + 26, y + 23, words))
        left += _LEGEND_CHAR * len(words) + _LEGEND_GAP
    height = panels[-1].top + panels[-1].height + 44
    plots = [panel.drawn(with_x=panel.x is not panels[-1].x or panel is panels[-1]) for panel in panels]
    body = "\n".join([*parts, *plots])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(height)}" width="{WIDTH}" '
        f'height="{_n(height)}" role="img">\n<title>{escape(title)}</title>\n<desc>{escape(note)}</desc>\n'
        f'<style>{_STYLE}</style>\n<rect class="paper" width="100%" height="100%" rx="6"/>\n{body}\n</svg>\n'
    )


def _swatch(kind: str, x: float, y: float) -> str:
    if kind in ("band", "fault"):
        return f'<rect class="{kind}" x="{_n(x)}" y="{_n(y - 6)}" width="20" height="12"/>'
    if kind == "dot":
        return f'<circle class="dot" cx="{_n(x + 10)}" cy="{_n(y)}" r="2.4"/>'
    return f'<path class="{kind}" d="M{_n(x)} {_n(y)}h20"/>'


def _runs(there: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return the stretches in which nothing is missing."""
    places = np.flatnonzero(there)
    return [run for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(run)]


def _points(x: F8, y: F8) -> str:
    return " ".join(f"{_n(a)},{_n(b)}" for a, b in zip(x, y, strict=True))


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text{of_kind} x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(words)}</text>'


def _n(value: float) -> str:
    """Return a coordinate, to a tenth of a pixel."""
    return f"{float(value):.1f}".removesuffix(".0")


def _number(value: float) -> str:
    """Return a tick as people write it."""
    return f"{value:,.0f}" if isfinite(value) and abs(value) >= 1000 else f"{value:g}"
