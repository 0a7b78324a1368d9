"""Draws how long each kind's writes took to reach MySQL: an inline SVG, made by pygal.

Only the drawing: the values stand beside it in a table of the page, whose style sheet also has the
drawing's colours and fonts.
"""

from __future__ import annotations

import sys
from typing import Any
from xml.etree import ElementTree

from harness.report.outline import LatencyRow
from harness.report.wording import format_duration

_DECADES = [10.0**power for power in range(-2, 7)]   # marks of the axis, in milliseconds
_WIDTH = 560
_ROW_HEIGHT = 26
_FONT_SIZE = 13


def draw_latencies(rows: list[LatencyRow]) -> str:
    """Return an `<svg>` with a line per kind and a mark each for create and patch, or '' without values.

    The scale is logarithmic, in milliseconds.
    """
    seconds = [value for row in rows for value in (row.create_s, row.patch_s) if value is not None]
    if not seconds:
        return ""
    pygal = _import_pygal()
    marks = _choose_marks([_place(value) for value in seconds])
    chart = pygal.HorizontalLine(
        stroke=False,
        logarithmic=True,
        width=_WIDTH,
        height=len(rows) * _ROW_HEIGHT + 50,
        margin=8,
        margin_right=20,
        margin_bottom=18,
        dots_size=5,
        show_legend=False,
        show_y_guides=True,
        range=(marks[0], marks[-1]),
        y_labels=marks,
        value_formatter=lambda value: f"{value:g} ms" if value < 1000 else f"{value / 1000:g} s",
        style=pygal.style.Style(label_font_size=_FONT_SIZE, major_label_font_size=_FONT_SIZE),
        css=[],
        js=[],
    )
    chart.uuid = "latency"   # a random one would make equal records render unequally
    chart.x_labels = [row.kind for row in rows]
    chart.add("create", [None if row.create_s is None else _place(row.create_s) for row in rows])
    chart.add("patch", [None if row.patch_s is None else _place(row.patch_s) for row in rows])
    root: ElementTree.Element = chart.render_tree()
    _name_marks(root, rows)
    _clean(root)
    return ElementTree.tostring(root, encoding="unicode")


def _import_pygal() -> Any:
    """Return pygal, whose import is slow and leaves Python's other imports as they were.

    It hooks a finder for its plugins into them, which this project has none of; having no `find_spec`, it would
    make Python warn of every later import that fails.
    """
    import pygal  # noqa: PLC0415
    import pygal.style  # noqa: PLC0415

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    return pygal


def _place(seconds: float) -> float:
    """Return where on the axis `seconds` lie, in milliseconds: a logarithmic axis has ends and no zero."""
    return min(max(seconds * 1000, _DECADES[0]), _DECADES[-1])


def _choose_marks(milliseconds: list[float]) -> list[float]:
    """Return the powers of ten around all values, two at least."""
    low = max(mark for mark in _DECADES[:-1] if mark <= max(min(milliseconds), _DECADES[0]))
    high = min(mark for mark in _DECADES if mark >= max(milliseconds) and mark > low)
    return [mark for mark in _DECADES if low <= mark <= high]


def _name_marks(root: ElementTree.Element, rows: list[LatencyRow]) -> None:
    """Replace pygal's descriptions of the marks, which its script would read, by titles that browsers show."""
    seconds = {(row.kind, "0"): row.create_s for row in rows} | {(row.kind, "1"): row.patch_s for row in rows}
    for series in root.iter("g"):
        number = series.get("class", "").partition("series serie-")[2][:1]
        for dots in series.findall("g[@class='dots']"):
            kind = dots.findtext("desc[@class='x_label']", "")
            value = seconds.get((kind, number))
            for description in dots.findall("desc"):
                dots.remove(description)
            mark = dots.find("circle")
            if mark is not None and value is not None:
                mark.set("class", "dot")
                operation = "create" if number == "0" else "patch"
                ElementTree.SubElement(mark, "title").text = f"{kind}, {operation}: {format_duration(value)}"


def _clean(root: ElementTree.Element) -> None:
    """Drop pygal's style, script, credits and tooltip, and give the drawing a name for screen readers."""
    for parent in list(root.iter()):
        for child in list(parent):
            tag: Any = child.tag   # a function for comments, which ElementTree's types don't say
            unnamed = tag == "title" and parent.tag != "circle"
            tooltip = "tooltip-overlay" in child.get("class", "")
            if unnamed or tooltip or callable(tag) or tag in {"defs", "desc"}:
                parent.remove(child)
    root.attrib.pop("xmlns", None)
    root.set("class", "ia-plot")
    root.set("role", "img")
    root.set("aria-label", "Latency per kind, logarithmic scale; the table beside it has the values.")
