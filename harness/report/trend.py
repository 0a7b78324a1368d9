"""Draws how latencies developed from run to run, with their spread: an inline SVG.

Only the drawing, on the logarithmic scale of `harness.report.latency`; the values stand beside it in a table.
Create and patch differ in shape and in the stroke of their spread as well as in colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import escape

from harness.report.formatting import format_duration
from harness.report.history import OPERATIONS, Run, Spread, format_day
from harness.report.latency import draw_mark, name_decade, place

_WIDTH, _HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 34
_ASIDE = 4   # create and patch of one run stand beside each other
_DAYS = 12   # more don't fit below the axis
_LABEL = "Latency over time, logarithmic scale, bars for the half of all writes; the table below has the values."


def draw_trend(runs: Sequence[Run]) -> str:
    """Return an `<svg>` with a mark and a bar per run and operation, the oldest run on the left, or ''."""
    spreads = [spread for run in runs for spread in run.spreads.values()]
    if not spreads:
        return ""
    low = math.floor(min(place(spread.low_s) for spread in spreads))
    high = max(math.ceil(max(place(spread.high_s) for spread in spreads)), low + 1)
    bottom = _HEIGHT - _BOTTOM
    scale = (bottom - _TOP) / (high - low)
    step = (_WIDTH - _LEFT - _RIGHT) / len(runs)
    lines = [f'<svg class="ia-plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{_LABEL}">']
    for power in range(low, high + 1):
        y = bottom - (power - low) * scale
        lines.append(f'<line class="ia-guide" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        lines.append(f'<text class="ia-kind" x="{_LEFT - 8}" y="{y + 4.5:.1f}">{name_decade(power)}</text>')
    for number, run in enumerate(runs):
        x = _LEFT + (number + 0.5) * step
        if number % math.ceil(len(runs) / _DAYS) == 0:
            lines.append(f'<text class="ia-tick" x="{x:.1f}" y="{bottom + 22}">{escape(format_day(run))}</text>')
        for operation, aside in zip(OPERATIONS, (-_ASIDE, _ASIDE), strict=True):
            if operation in run.spreads:
                lines.extend(_draw(run, operation, x + aside, bottom, scale, low))
    return "\n".join([*lines, "</svg>"])


def _draw(run: Run, operation: str, x: float, bottom: float, scale: float, low: int) -> Iterator[str]:
    """Yield the bar of the spread, and the mark of the median, which says what it is."""
    spread = run.spreads[operation]
    y, top, base = (bottom - (place(s) - low) * scale for s in (spread.median_s, spread.high_s, spread.low_s))
    yield f'<line class="ia-{operation}-bar" x1="{x:.1f}" y1="{base:.1f}" x2="{x:.1f}" y2="{top:.1f}"/>'
    title = escape(f"{run.name}, {run.started_at[:16]}, {operation}: {describe_spread(spread)}")
    yield from draw_mark(operation, x, y, title)


def describe_spread(spread: Spread) -> str:
    """Return the spread in words: '8.0 ms, half of 13 from 6.1 to 12.4 ms'."""
    low, high = format_duration(spread.low_s), format_duration(spread.high_s)
    return f"{format_duration(spread.median_s)}, half of {spread.samples} from {low} to {high}"
