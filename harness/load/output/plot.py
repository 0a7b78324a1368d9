"""Draws lines over time and marks over load: inline SVGs, whose lines differ in stroke and marks, not just colour.

Only the drawing: the values stand beside it in tables, and colours and fonts in the page's style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 30, 52, 40   # on the left there is room for "16 min 40 s"
_TICKS = 5
_MARKS = 7       # on each line, whatever the number of its points
_RADIUS = 4.0
_SHAPES = ("circle", "diamond", "square", "triangle", "cross", "plus", "peak")
_DASHES = ("", "7 4", "2 4", "10 3 2 3", "14 5", "1 2", "9 2 2 2 2 2")
_KEY_WIDTH, _LETTER, _ROW = 20, 6.7, 18   # of the sample of a line, of a letter beside it, and from row to row


@dataclass(frozen=True)
class Series:
    """A line: its name, and its points. One that is not `joined` is marks alone."""

    name: str
    points: Sequence[tuple[float, float]]
    joined: bool = True


@dataclass(frozen=True)
class Axis:
    """An axis: what it is of, how its values are written, and whether its steps are powers of ten."""

    title: str
    write: Callable[[float], str] = "{:g}".format
    logarithmic: bool = False


@dataclass(frozen=True)
class _Scale:
    """Where on an axis a value lies, from 0 to 1."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool

    def place(self, value: float) -> float:
        if self.logarithmic:
            value = math.log10(max(value, 10**self.low))
        return (value - self.low) / (self.high - self.low)

    def list_ticks(self) -> Iterator[tuple[float, float]]:
        """Yield each mark of the axis: its value, and where it lies."""
        for tick in self.ticks:
            value = 10**tick if self.logarithmic else tick
            yield value, (tick - self.low) / (self.high - self.low)


def draw(series: Sequence[Series], x: Axis, y: Axis) -> Markup:
    """Return an `<svg>` with every series that has points, or '' without any."""
    drawn = [each for each in series if each.points]
    if not drawn:
        return Markup("")
    across = _make_scale([value for each in drawn for value, _ in each.points], x)
    up = _make_scale([value for each in drawn for _, value in each.points], y)
    label = escape(f"{y.title} over {x.title}; the tables have the values.")
    lines = [f'<svg class="ia-plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">']
    lines += _draw_axes(across, up, x, y)
    begin, row = float(_LEFT), 12.0
    for number, each in enumerate(drawn):
        style = number % len(_SHAPES)
        points = [(_across(across.place(value)), _up(up.place(height))) for value, height in each.points]
        titles = [f"{each.name}: {y.write(height)} at {x.write(value)}" for value, height in each.points]
        lines += _draw_series(points, titles, style, joined=each.joined)
        width = _KEY_WIDTH + 16 + _LETTER * len(each.name)
        if begin + width > _WIDTH and begin > _LEFT:
            begin, row = float(_LEFT), row + _ROW
        lines += _draw_key(each.name, begin, row, style, joined=each.joined)
        begin += width
    return Markup("\n".join([*lines, "</svg>"]))  # noqa: S704  our own drawing, which escapes its texts


def _across(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _up(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _make_scale(values: Sequence[float], axis: Axis) -> _Scale:
    """Return a scale with all the values: from 0 on, or from a power of ten to another."""
    if axis.logarithmic:
        powers = [math.log10(value) for value in values if value > 0] or [0.0]
        low, high = math.floor(min(powers)), math.ceil(max(powers))
        high = max(high, low + 1)
        return _Scale(low, high, tuple(map(float, range(low, high + 1))), logarithmic=True)
    step = _choose_step(max([*values, 0.0]) or 1.0)
    number = math.ceil(max([*values, step]) / step - 1e-9)
    return _Scale(0.0, number * step, tuple(step * place for place in range(number + 1)), logarithmic=False)


def _choose_step(highest: float) -> float:
    """Return the smallest step of 1, 2 or 5 by which few marks reach the highest value."""
    power = 10.0 ** math.floor(math.log10(highest / _TICKS))
    return next(factor * power for factor in (1, 2, 5, 10) if highest / (factor * power) <= _TICKS)


def _draw_axes(across: _Scale, up: _Scale, x: Axis, y: Axis) -> Iterator[str]:
    bottom, right = _up(0.0), _across(1.0)
    for value, share in up.list_ticks():
        height = _up(share)
        yield f'<line class="ia-guide" x1="{_LEFT}" y1="{height:.1f}" x2="{right:.1f}" y2="{height:.1f}"/>'
        yield f'<text class="ia-kind" x="{_LEFT - 8}" y="{height + 4.5:.1f}">{escape(y.write(value))}</text>'
    for value, share in across.list_ticks():
        place = f'x="{_across(share):.1f}" y="{bottom + 18:.1f}"'
        yield f'<text class="ia-tick" {place}>{escape(x.write(value))}</text>'
    middle = (_LEFT + right) / 2
    yield f'<text class="ia-tick" x="{middle:.1f}" y="{_HEIGHT - 4}">{escape(x.title)}</text>'


def _draw_series(
    points: Sequence[tuple[float, float]], titles: Sequence[str], style: int, *, joined: bool
) -> Iterator[str]:
    if joined:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{_DASHES[style]}"' if _DASHES[style] else ""
        yield f'<polyline class="ia-line ia-series-{style}" points="{path}"{dash}/>'
    step = max(len(points) / _MARKS, 1.0) if joined else 1.0
    chosen = {min(int((place + 0.5) * step), len(points) - 1) for place in range(math.ceil(len(points) / step))}
    for place in sorted(chosen):
        yield _draw_mark(*points[place], style, titles[place])


def _draw_mark(x: float, y: float, style: int, title: str = "") -> str:
    r = _RADIUS
    shape = {
        "circle": f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z",
        "diamond": f"M{x:.1f} {y - r - 1:.1f}l{r + 1} {r + 1}l{-r - 1} {r + 1}l{-r - 1} {-r - 1}z",
        "square": f"M{x - r:.1f} {y - r:.1f}h{2 * r}v{2 * r}h{-2 * r}z",
        "triangle": f"M{x:.1f} {y - r - 1:.1f}l{r + 1} {2 * r}h{-2 * r - 2}z",
        "plus": f"M{x - r:.1f} {y:.1f}h{2 * r}m{-r} {-r}v{2 * r}",
        "peak": f"M{x - r:.1f} {y + r:.1f}l{r} {-2 * r}l{r} {2 * r}",
        "cross": f"M{x - r:.1f} {y - r:.1f}l{2 * r} {2 * r}m0 {-2 * r}l{-2 * r} {2 * r}",
    }[_SHAPES[style]]
    words = f"<title>{escape(title)}</title>" if title else ""
    return f'<path class="ia-mark ia-series-{style}" d="{shape}">{words}</path>'


def _draw_key(name: str, begin: float, row: float, style: int, *, joined: bool) -> Iterator[str]:
    """Yield a sample of the line, above the drawing, with its name."""
    if joined:
        dash = f' stroke-dasharray="{_DASHES[style]}"' if _DASHES[style] else ""
        path = f"{begin:.1f},{row} {begin + _KEY_WIDTH:.1f},{row}"
        yield f'<polyline class="ia-line ia-series-{style}" points="{path}"{dash}/>'
    yield _draw_mark(begin + _KEY_WIDTH / 2, row, style)
    yield f'<text class="ia-key" x="{begin + _KEY_WIDTH + 6:.1f}" y="{row + 4.5}">{escape(name)}</text>'
