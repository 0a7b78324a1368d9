"""`harness.report.markdown`: the seed report's shape, with this run's data."""

from __future__ import annotations

import re

from harness.report.markdown import render_markdown
from harness.results import Cell, Check, Column, Evidence, Record, Status
from tests.unit.report.conftest import CheckGolden
from tests.unit.report.sample import (
    SCRIPT,
    build_clean_record,
    build_record,
    build_short_record,
)


def test_the_whole_document(check_golden: CheckGolden) -> None:
    """A run with everything in it is written as the golden file says."""
    check_golden("report.md", render_markdown(build_short_record(), build_clean_record()))


def test_it_has_the_seed_reports_headings() -> None:
    """The seed report's parts come in its order."""
    headings = re.findall(r"^##+ (.*)$", render_markdown(build_clean_record()), re.MULTILINE)
    wanted = ["Summary", "Results at a glance", "Section 1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"]
    wanted += ["Section 2", "2.1", "2.2", "2.3", "Known issues", "Issue 1", "Ingester behaviour confirmed"]
    found = [next((start for start in wanted if heading.startswith(start)), "") for heading in headings]
    assert [start for start in found if start] == [
        *wanted[:-2],
        *["Issue 1"],
        "Ingester behaviour confirmed",
    ]


def test_it_shows_both_versions_of_a_row() -> None:
    """Section 2.3 shows how res_version and update_time advanced, per kind."""
    text = render_markdown(build_clean_record())
    row = "| Project | `ingester-test-project` | 300 → 325 | 2026-03-09 20:50:06 → 2026-03-09 20:50:17 |"
    assert row in text


def test_log_lines_are_shown_once() -> None:
    """Section 1.5 shows the log lines of the cells too, and a line that several pieces quote only once."""
    log = [Evidence("log", "first", "one\ntwo", 1.0), Evidence("log", "second", "two\nthree", 2.0)]
    record = Record(
        cells=[Cell("Model", Column.SYNCED, Status.PASS, evidence=log)],
        checks=[Check("1.5", "log lines", "Model", Column.SYNCED, Status.PASS)],
    )
    assert "```\none\ntwo\nthree\n```" in render_markdown(record)


def test_evidence_cannot_end_its_block() -> None:
    """A body that holds a fence itself is put into a longer one."""
    check = Check("1.5", "log", evidence=[Evidence("log", "log", "a\n```\nb", 1.0)])
    assert "````\na\n```\nb\n````" in render_markdown(Record(checks=[check]))


def test_text_is_no_markup() -> None:
    """Outside code, neither HTML nor Markdown of a detail takes effect, and a pipe does not split a cell."""
    record = Record(cells=[Cell("Model", Column.SYNCED, Status.FAIL, f"{SCRIPT} | *b* _c_ res_version [l](u)\nx")])
    text = render_markdown(record)
    expected = r"&lt;script>alert('evidence')&lt;/script> \| \*b\* \_c\_ res_version \[l\](u) x"
    assert f"❌ fail ({expected})" in text
    assert SCRIPT not in text


def test_markup_of_the_sample_stays_in_code() -> None:
    """In the whole sample, markup from evidence stands in code only."""
    text = render_markdown(build_record(), build_clean_record())
    without_blocks = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "<script" not in re.sub(r"`[^`\n]*`", "", without_blocks)


def test_an_empty_record_is_still_a_document() -> None:
    """A run that ended before it began leaves a document that claims nothing."""
    text = render_markdown(Record())
    assert "**INCOMPLETE.**" in text
    assert "✅" not in text


def test_a_claim_is_only_as_good_as_its_worst_cell() -> None:
    """The list of confirmed behaviour counts what held, and marks a claim by its worst result."""
    text = render_markdown(build_record())
    assert "❌ A created object reaches MySQL: 11 of 13 (worst: fail)" in text
    assert "✅ An ingester controller is registered per kind: 1 of 1" in text
