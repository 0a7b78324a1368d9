"""Draws how long each kind's writes took to reach MySQL: an inline SVG.

Only the drawing: the values stand beside it in a table of the page, whose style sheet also has the drawing's
colours and fonts. Create and patch differ in shape as well as in colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from markupsafe import escape

from harness.report.formatting import format_duration
from harness.report.sections import LatencyRow

_DECADES = range(-2, 7)   # marks of the axis: powers of ten, in milliseconds
_WIDTH = 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 130, 24, 8, 30   # margins, for the kinds and for the axis' numbers
_ROW_HEIGHT = 26
_RADIUS = 5
_LABEL = "Latency per kind, logarithmic scale; the table beside it has the values."


def draw_latencies(rows: list[LatencyRow]) -> str:
    """Return an `<svg>` with a line per kind and a mark each for create and patch, or '' without values.

    The scale is logarithmic, in milliseconds.
    """
    powers = [place(value) for row in rows for value in (row.create_s, row.patch_s) if value is not None]
    if not powers:
        return ""
    low = min(math.floor(min(powers)), _DECADES[-2])
    high = max(math.ceil(max(powers)), low + 1)
    bottom = _TOP + len(rows) * _ROW_HEIGHT
    step = (_WIDTH - _LEFT - _RIGHT) / (high - low)
    lines = [f'<svg class="ia-plot" viewBox="0 0 {_WIDTH} {bottom + _BOTTOM}" role="img" aria-label="{_LABEL}">']
    for power in range(low, high + 1):
        x = _LEFT + (power - low) * step
        lines.append(f'<line class="ia-guide" x1="{x:.2f}" y1="{_TOP}" x2="{x:.2f}" y2="{bottom}"/>')
        lines.append(f'<text class="ia-tick" x="{x:.2f}" y="{bottom + 20}">{name_decade(power)}</text>')
    for number, row in enumerate(rows):
        y = _TOP + (number + 0.5) * _ROW_HEIGHT
        lines.append(f'<line class="ia-guide" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        lines.append(f'<text class="ia-kind" x="{_LEFT - 12}" y="{y + 4.5:.1f}">{escape(row.kind)}</text>')
        for operation, seconds in (("create", row.create_s), ("patch", row.patch_s)):
            if seconds is not None:
                x = _LEFT + (place(seconds) - low) * step
                title = escape(f"{row.kind}, {operation}: {format_duration(seconds)}")
                lines.extend(draw_mark(operation, x, y, title))
    return "\n".join([*lines, "</svg>"])


def draw_mark(operation: str, x: float, y: float, title: str) -> Iterator[str]:
    """Yield a filled circle for create, an empty diamond for patch, each with a title that browsers show."""
    if operation == "create":
        circle = f'cx="{x:.2f}" cy="{y:.1f}" r="{_RADIUS}"'
        yield f'<circle class="ia-create-mark" {circle}><title>{title}</title></circle>'
    else:
        r = _RADIUS + 1
        corners = f"M{x:.2f} {y - r:.1f}l{r} {r}l-{r} {r}l-{r} -{r}z"
        yield f'<path class="ia-patch-mark" d="{corners}"><title>{title}</title></path>'


def place(seconds: float) -> float:
    """Return where on the axis `seconds` lie, as a power of ten: a logarithmic axis has ends and no zero."""
    return min(max(math.log10(max(seconds, 1e-9) * 1000), _DECADES[0]), _DECADES[-1])


def name_decade(power: int) -> str:
    """Return the mark of the axis at this power of ten milliseconds: '10 ms'."""
    milliseconds = 10.0**power
    return f"{milliseconds:g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:g} s"
