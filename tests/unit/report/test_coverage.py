"""Promises of `harness.report.coverage`: each format tells what ran of the Ingester, where it was counted."""

from __future__ import annotations

import io

from harness.core.record import FileCoverage, Record
from harness.report.console import make_console, print_matrix
from harness.report.coverage import describe_total
from harness.report.html import render_page
from harness.report.markdown import render_markdown

RECORD = Record(
    coverage=[FileCoverage("ingester/controller.go", 7, 3, ["12-15", "20"]), FileCoverage("m.go", 3, 3)]
)


def test_every_format_has_it() -> None:
    """HTML and Markdown have each file and the lines that never ran, the console the total."""
    page, text = render_page(RECORD), render_markdown(RECORD)
    assert '<h2 id="ia-coverage">What ran of the Ingester</h2>' in page
    assert "<td>12-15, 20</td>" in page
    assert "6 of 10 statements, 60 %" in page
    assert "| `ingester/controller.go` | 3 of 7 | 12-15, 20 |" in text
    assert "| `m.go` | 3 of 3 | none |" in text
    printed = io.StringIO()
    print_matrix(RECORD, None, make_console(printed))
    assert "What ran of the Ingester: 6 of 10 statements, 60 %\n" in printed.getvalue()


def test_a_record_without_it_has_no_such_part() -> None:
    """It is asked for by an option; and it survives JSON."""
    assert "ia-coverage" not in render_page(Record())
    assert "What ran of the Ingester" not in render_markdown(Record())
    assert describe_total(Record()) == ""
    assert Record.from_json(RECORD.to_json()).coverage == RECORD.coverage
