"""Chapters and kinds that the harness has never heard of: the contents alone bring them into each format."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest
from rich.console import Console

from harness.core.record import (
    ChapterContents,
    Check,
    Evidence,
    Finding,
    KindContents,
    Layout,
    Record,
    SectionContents,
    Status,
)
from harness.report.console import print_matrix, render_matrix_svg
from harness.report.diff import compare_records
from harness.report.diff_formats import render_diff
from harness.report.html import render_page
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.verdict import judge, summarise
from tests.unit.report.page import Page

CHAPTERS = [
    ChapterContents(
        "9",
        "Moods of widgets",
        "What a widget feels.",
        Layout.MATRIX,
        [SectionContents("9.1", "Joy"), SectionContents("9.2", "Grief")],
    ),
    ChapterContents("10", "Weather", "What happens to widgets.", Layout.TABLE, [SectionContents("10.1", "Rain")]),
]
KINDS = [KindContents("Widget", ["widget"]), KindContents("Gadget", ["gadget", "gadget_labels", "gadget_notes"])]


def _build(grief: Status = Status.PASS, rain: Status = Status.PASS) -> Record:
    lost = Finding("widget.sad", "mood", "glad", "sad")
    return Record(
        exit_code=0,
        chapters=list(CHAPTERS),
        kinds=list(KINDS),
        checks=[
            Check("9.1", "is glad", "Gadget", status=Status.PASS),
            Check("9.1", "is glad", "Widget", status=Status.PASS),
            Check(
                "9.2",
                "mourns",
                "Widget",
                status=grief,
                detail="Widget: it laughed" if grief is Status.FAIL else "",
                findings=[lost] if grief is Status.FAIL else [],
                evidence=[Evidence("response", "its mood", "", 1.0, {"mood": "sad"})],
            ),
            Check("10.1", "gets wet", topic="rain-17", status=rain, facts={"litres": "17"}),
        ],
        row_counts={"widget": 3, "gadget": 4},
    )


@pytest.fixture
def record() -> Record:
    """A run in which a widget failed."""
    return _build(grief=Status.FAIL)


def test_the_page_shows_them(record: Record) -> None:
    """Both have heading, link and table; a cell opens to its evidence; a row has its facts; kinds their counts."""
    page = Page(render_page(record, _build()))
    assert [text for _, text in page.find("h2")][:2] == ["Moods of widgets", "Weather"]
    assert {"#ia-chapter-9", "#ia-chapter-10"} <= {attributes["href"] for attributes, _ in page.find("a")}
    cells = [text for _, text in page.find("td", "ia-cell")]
    grief = "Widget, 9.2 Grief: FAIL it laughed baseline: pass"
    starts = ["Widget, 9.1 Joy: PASS", grief, "Gadget, 9.1 Joy: PASS"]
    assert [cell[: len(start)] for cell, start in zip(cells, starts, strict=False)] == starts
    assert cells[3] == "Gadget, 9.2 Grief: NOT RUN not selected"
    assert '{ "mood": "sad" }' in cells[1]
    assert page.find("table", "ia-list")[0][1].startswith("Check Result Litres 10.1 gets wet: rain-17")
    rows = [text for _, text in page.find("tr")]
    assert {"widget3", "gadget4\u2013\u2013"} <= set(rows)


def test_markdown_shows_them(record: Record) -> None:
    """Their tables have the contents' headings, and the seed report's own sections don't appear."""
    text = render_markdown(record, _build())
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[:4] == ["Summary", "Moods of widgets", "Weather", "What failed"]
    assert not [heading for heading in headings if heading.startswith("Section")]
    assert "| CRD | 9.1 Joy | 9.2 Grief |\n| --- | --- | --- |\n| Widget | ✅ | ❌ fail (it laughed) |" in text
    assert "| 10.1 gets wet: rain-17 | ✅ | 17 |" in text
    assert "### ❌ 9.2 mourns (Widget)" in text


def test_the_console_shows_them(record: Record) -> None:
    """The matrix, the row with its facts, and what failed are printed; the picture shows the first chapter."""
    stream = io.StringIO()
    print_matrix(record, None, Console(file=stream, width=100, color_system=None, highlight=False, markup=False))
    lines = [line.strip() for line in stream.getvalue().splitlines()]
    assert re.split(r"\s{2,}", next(line for line in lines if line.startswith("Widget"))) == [
        "Widget",
        "✓ pass",
        "✗ fail",
    ]
    for line in ("Moods of widgets", "What a widget feels.", "✓ pass 10.1 gets wet: rain-17", "litres: 17"):
        assert line in lines
    assert "✗ fail 9.2 mourns (Widget)" in lines
    assert "Gadget" in render_matrix_svg(record)


def test_junit_shows_them(record: Record) -> None:
    """Each section is a suite by its heading, in the contents' order, and each check a case."""
    root = ElementTree.fromstring(render_junit(record).encode())  # noqa: S314  our own text
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert [suite.get("name") for suite in root] == ["9.1 Joy", "9.2 Grief", "10.1 Rain"]
    assert cases == [
        ("Gadget", "is glad"),
        ("Widget", "is glad"),
        ("Widget", "mourns"),
        ("sandbox", "gets wet: rain-17"),
    ]
    assert root.get("failures") == "1"


def test_a_diff_shows_them(record: Record) -> None:
    """A cell that failed and a row that proved nothing are differences, by their names."""
    record.checks[-1].status = Status.INVALID
    assert render_diff(compare_records(_build(), record)) == (
        "Cells\n"
        "  Widget, 9.2 Grief: before: pass, now: fail (worse)\n"
        "  10.1 gets wet: rain-17: before: pass, now: invalid (worse)\n"
    )


def test_the_verdict_counts_them(record: Record) -> None:
    """They decide the verdict as any chapter does, and are counted in its sentence."""
    assert (judge(record).word, judge(_build()).word, judge(_build(rain=Status.INVALID)).word) == (
        "FAILED",
        "PASSED",
        "PROVED TOO LITTLE",
    )
    assert summarise(record) == "3 cells: 2 pass, 1 fail. Weather: 1 check: 1 pass."
