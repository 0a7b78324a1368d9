"""What is shown of a record: on a page that is readable without colour, in Markdown, on a console."""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from harness.load.limits import EXCEEDED, LOST, UNTOLD
from harness.load.output.html import render_page
from harness.load.output.markdown import render_markdown
from harness.load.output.plot import Axis, Series, draw
from harness.load.output.publish import publish
from harness.load.record import Audited, LoadRecord, read_record
from harness.report.formatting import format_duration
from tests.unit.load.sample import make_load, make_record

GOLDEN = Path(__file__).with_name("golden.md")
_SVG = "{http://www.w3.org/2000/svg}"


def parse_svg(text: str) -> ElementTree.Element:
    """Return the drawing as XML."""
    return ElementTree.fromstring(  # noqa: S314  our own
        str(text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def test_markdown_is_as_it_was() -> None:
    """The whole of it, but for the drawings, which it has not; UPDATE_GOLDEN=1 writes it anew."""
    text = render_markdown(make_record())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_page_has_every_part() -> None:
    """Limits, spread, each load with its drawings, the backfills; each link leads somewhere."""
    page = render_page(make_record())
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", page) == [
        "Limits and spread", "Load 1", "Load 2", "Backfill", "What was measured",
    ]  # fmt: skip
    assert page.count("<svg ") == 4 + 4 + 2
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))


def test_the_page_fetches_nothing_and_escapes_everything() -> None:
    """Whatever somebody called their things is text."""
    page = render_page(make_record())
    assert "&lt;8a8c215d&gt;" in page
    assert "&lt;Model&gt;" in page
    assert "<8a8c215d>" not in page
    assert not re.search(r'(src|href)="(?!#|data:)', page)


def test_lines_differ_without_colour() -> None:
    """Each has a stroke and a mark that no other has, and its name beside a sample of both."""
    series = [Series(f"line {number}", [(0.0, number), (1.0, number)]) for number in range(7)]
    svg = parse_svg(draw(series, Axis("s"), Axis("n")))
    lines = svg.findall(f"{_SVG}polyline")
    strokes = Counter(line.get("stroke-dasharray") for line in lines)
    assert len(strokes) == 7
    marks = [re.sub(r"^M[-\d. ]+", "", path.get("d") or "") for path in svg.findall(f"{_SVG}path")]
    assert len(set(marks)) == 7
    names = [text.text for text in svg.findall(f"{_SVG}text") if text.get("class") == "ia-key"]
    assert names == [each.name for each in series]


@pytest.mark.parametrize("logarithmic", [True, False])
def test_what_an_axis_says_has_room(logarithmic: bool) -> None:
    """A quarter of an hour is not cut off at the edge of the drawing."""
    line = Series("caught up in", [(1000.0, 25.7), (50_000.0, 364.6)])
    svg = parse_svg(draw([line], Axis("objects"), Axis("seconds", format_duration, logarithmic=logarithmic)))
    labels = [text for text in svg.findall(f"{_SVG}text") if text.get("class") == "ia-kind"]
    assert ("16 min 40 s" in [label.text for label in labels]) == logarithmic
    assert all(len(label.text or "") * 7.0 <= float(label.get("x", 0)) for label in labels)   # of 13 px


def test_points_lie_where_their_values_are() -> None:
    """Twice the value is twice as high on a plain axis, a power of ten a step on a logarithmic one."""
    points = [(1.0, 10.0), (2.0, 100.0), (4.0, 1000.0)]

    def place(*, logarithmic: bool) -> list[tuple[float, float]]:
        axis = Axis("", logarithmic=logarithmic)
        line = parse_svg(draw([Series("", points)], Axis("x"), axis)).find(f"{_SVG}polyline")
        assert line is not None
        return [(float(x), float(y)) for x, y in (pair.split(",") for pair in (line.get("points") or "").split())]

    across = [x for x, _ in place(logarithmic=False)]
    assert across[2] - across[1] == pytest.approx(2 * (across[1] - across[0]), abs=0.2)
    heights = [y for _, y in place(logarithmic=True)]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2)
    plain = [y for _, y in place(logarithmic=False)]
    assert plain[0] > plain[1] > plain[2]


@pytest.mark.parametrize("points", [[(0.0, 0.0)], [(0.0, 0.0), (5.0, 0.0)], [(3.0, 1e-9)], [(1e9, 1e12)]])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_strange_values_are_drawn(
    points: list[tuple[float, float]], logarithmic: bool
) -> None:
    """Nothing, next to nothing and very much have a place within the drawing."""
    axis = Axis("", logarithmic=logarithmic)
    numbers = re.findall(r'points="([^"]+)"', draw([Series("", points)], axis, axis))
    assert all(0 <= float(value) <= 720 for pairs in numbers for value in re.split("[ ,]", pairs))


def test_without_points_there_is_no_drawing() -> None:
    """An empty frame says nothing."""
    assert draw([Series("", [])], Axis(""), Axis("")) == ""


@pytest.mark.parametrize(
    ("exit_code", "word"),
    [(0, "WITHIN LIMITS"), (LOST, "NOT EQUAL"), (UNTOLD, "NOT ALL TOLD"), (EXCEEDED, "BEYOND")],
)
def test_the_verdict_stands_first(exit_code: int, word: str, tmp_path: Path) -> None:
    """On the page, in Markdown, and in the first line of the console."""
    record = make_record()
    record.exit_code = exit_code
    if exit_code == LOST:
        record.loads[0].audited = Audited(1, "MySQL does not equal Kubernetes: 1 finding in 3 objects", 3)
    console = Console(file=io.StringIO(), width=140)
    publish(record, tmp_path, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.strip().startswith(word)
    assert f"**{word}" in (tmp_path / "load.md").read_text(encoding="utf-8")
    assert f'<p class="ia-verdict">{word}' in (tmp_path / "load.html").read_text(encoding="utf-8")
    assert read_record(tmp_path, "--baseline").to_json() == record.to_json()


def test_what_never_came_is_said(tmp_path: Path) -> None:
    """A load that never caught up, and one that was interrupted, are written like any other."""
    load = make_load()
    load.caught_up_s, load.open, load.stalled, load.interrupted = None, 12, True, True
    load.windows, load.audited, load.controller = [], None, None
    text = render_markdown(make_record(load))
    assert "from the last write to the last row: never, 12 writes without a row and none coming" in text
    assert "the controller manager's own count: it serves no metrics" in text
    assert "Load, interrupted" in render_page(make_record(load))


def test_nothing_at_all_can_be_shown() -> None:
    """A command that ended before its first load leaves a page that says why."""
    record = LoadRecord(problem="the sandbox did not come up\nbecause")
    assert "the sandbox did not come up" in render_page(record)
    assert "the sandbox did not come up" in render_markdown(record)
