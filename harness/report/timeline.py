"""Draws what was measured over time: rates above, lag below, and what happened meanwhile; and says it as a table.

Only the drawing, an inline SVG, of the data of evidence of kind `timeline`: `step_s` seconds to a step; `rates`,
each with a number a second for every step, of which the first is filled and the others are outlined on top of it;
`lag_s` for every step, known to `resolution_s`; `bands` with `text`, `from_s` and `to_s`; `marks` with `text` and
`at_s`. All of it can be told apart by shape and by words as well as by colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import escape

from harness.report.formatting import format_duration

_WIDTH = 720
_LEFT, _RIGHT = 64, 16
_RATES, _LAG = (40, 150), (178, 270)   # top and bottom of the two parts
_HEIGHT = 306
_TICKS = 8
_LABEL = "Operations a second, and the lag of the rows, over time; the table below has the values."


def draw_timeline(data: Mapping[str, Any]) -> str:
    """Return an `<svg>` of the timeline."""
    steps = len(data["lag_s"])
    end_s = steps * data["step_s"]
    scale = (_WIDTH - _LEFT - _RIGHT) / end_s
    lines = [f'<svg class="ia-plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{_LABEL}">']
    for band in data["bands"]:
        lines.extend(_draw_band(band, scale, end_s))
    rates = list(data["rates"].values())
    most = _round_up(max(map(sum, zip(*rates, strict=True)), default=0.0))
    longest = _round_up(max(data["lag_s"], default=0.0))
    lines.extend(_draw_axes(most, longest, end_s, scale))
    base = [0.0] * steps
    for number, (name, values) in enumerate(data["rates"].items()):
        lines.extend(_draw_bars(name, values, base, most, data["step_s"] * scale, filled=number == 0))
        base = [below + value for below, value in zip(base, values, strict=True)]
    lines.extend(_draw_lag(data["lag_s"], longest, data["step_s"] * scale))
    for mark in data["marks"]:
        x = _LEFT + mark["at_s"] * scale
        lines.append(
            f'<path class="ia-event" d="M{x:.1f} {_RATES[0]}V{_LAG[1]}"><title>{escape(mark["text"])},'
            f' {format_duration(mark["at_s"])}</title></path>'
        )
    lines.extend(_write_marks(data["marks"], scale))
    return "\n".join([*lines, "</svg>"])


def list_steps(data: Mapping[str, Any]) -> list[list[str]]:
    """Return the timeline as a table: a row for each step, under `list_headings`."""
    rows = []
    for number, lag_s in enumerate(data["lag_s"]):
        began = number * data["step_s"]
        ended = began + data["step_s"]
        events = [band["text"] for band in data["bands"] if band["from_s"] < ended and began < band["to_s"]]
        events += [mark["text"] for mark in data["marks"] if began <= mark["at_s"] < ended]
        rates = [f"{values[number]:g}" for values in data["rates"].values()]
        rows.append([f"{began:g}", *rates, _format_lag(lag_s, data["resolution_s"]), "; ".join(events)])
    return rows


def list_headings(data: Mapping[str, Any]) -> list[str]:
    """Return the headings of the table."""
    return ["From, s", *(f"{name}, 1/s".capitalize() for name in data["rates"]), "Lag", "Meanwhile"]


def describe_timeline(data: Mapping[str, Any]) -> str:
    """Return the table as text."""
    rows = [list_headings(data), *list_steps(data)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _format_lag(seconds: float, resolution_s: float) -> str:
    """Return it in words; what the looks at the rows can't tell from none is less than their distance."""
    if seconds == 0:
        return "none"
    return f"< {format_duration(resolution_s)}" if seconds <= resolution_s else format_duration(seconds)


def _draw_band(band: Mapping[str, Any], scale: float, end_s: float) -> Iterator[str]:
    left, right = (_LEFT + min(band[key], end_s) * scale for key in ("from_s", "to_s"))
    width = max(right - left, 2.0)
    words = f"{band['text']}, from {format_duration(band['from_s'])} to {format_duration(band['to_s'])}"
    yield (
        f'<rect class="ia-band" x="{left:.1f}" y="{_RATES[0] - 14}" width="{width:.1f}"'
        f' height="{_LAG[1] - _RATES[0] + 14}"><title>{escape(words)}</title></rect>'
    )
    anchor, x = ("start", left) if left < _WIDTH / 2 else ("end", left + width)
    yield f'<text x="{x:.1f}" y="{_RATES[0] - 20}" text-anchor="{anchor}">{escape(band["text"])}</text>'


def _draw_axes(most: float, longest: float, end_s: float, scale: float) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    for (top, bottom), high, words in ((_RATES, most, f"{most:g}/s"), (_LAG, longest, format_duration(longest))):
        for value, text in ((0.0, "0"), (high, words)):
            y = bottom - (bottom - top) * value / high
            yield f'<path class="ia-guide" d="M{_LEFT} {y:.1f}H{right}"/>'
            yield f'<text class="ia-kind" x="{_LEFT - 8}" y="{y + 4.5:.1f}">{text}</text>'
    yield f'<text x="{_LEFT}" y="{_LAG[0] - 8}">lag</text>'
    step_s = _round_up(end_s / _TICKS)
    for number in range(int(end_s / step_s) + 1):
        x = _LEFT + number * step_s * scale
        yield f'<path class="ia-guide" d="M{x:.1f} {_LAG[1]}v6"/>'
        if x < right - 60:
            yield f'<text class="ia-tick" x="{x:.1f}" y="{_LAG[1] + 20}">{number * step_s:g}</text>'
    yield f'<text class="ia-kind" x="{right}" y="{_LAG[1] + 20}">{end_s:g} s</text>'


def _draw_bars(
    name: str, values: Sequence[float], base: Sequence[float], most: float, width: float, *, filled: bool
) -> Iterator[str]:
    top, bottom = _RATES
    for number, (value, below) in enumerate(zip(values, base, strict=True)):
        if not value:
            continue
        height = (bottom - top) * value / most
        x, y = _LEFT + number * width, bottom - (bottom - top) * below / most - height
        shape = f'x="{x + 0.5:.1f}" y="{y:.1f}" width="{max(width - 1, 1):.1f}" height="{height:.1f}"'
        title, name_of_class = escape(f"{name}: {value:g}/s"), "ia-done" if filled else "ia-undone"
        yield f'<rect class="{name_of_class}" {shape}><title>{title}</title></rect>'


def _draw_lag(values: Sequence[float], longest: float, width: float) -> Iterator[str]:
    """Yield the lag as steps, each step as wide as the time that it is the longest of."""
    top, bottom = _LAG
    heights = [bottom - (bottom - top) * value / longest for value in values]
    course = "".join(f"V{y:.1f}h{width:.2f}" for y in heights)
    yield f'<path class="ia-lag" d="M{_LEFT} {bottom}{course}"/>'


def _write_marks(marks: Sequence[Mapping[str, Any]], scale: float) -> Iterator[str]:
    """Write what the marks are, each on the side of its line where there is room."""
    for number, mark in enumerate(marks):
        x = _LEFT + mark["at_s"] * scale
        anchor, aside = ("end", -4) if x > _WIDTH * 0.7 else ("start", 4)
        y = _RATES[0] + 12 + 16 * number
        yield f'<text x="{x + aside:.1f}" y="{y}" text-anchor="{anchor}">{escape(mark["text"])}</text>'


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, ... that is not less, so that an axis ends with a plain number."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * 0.9999)
