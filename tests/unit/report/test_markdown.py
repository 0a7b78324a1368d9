"""`harness.report.markdown`: the seed report's shape, with this run's data."""

from __future__ import annotations

import re

from harness.core.record import Check, Evidence, Record, Status
from harness.report.markdown import render_markdown
from tests.unit.report.conftest import CheckGolden
from tests.unit.report.sample import (
    SCRIPT,
    build_clean_record,
    build_record,
    build_short_record,
)
from tests.unit.report.sample_api import build_idle_api_checks
from tests.unit.report.sample_contents import make_cell, make_record


def test_the_whole_document(check_golden: CheckGolden) -> None:
    """A run with everything in it is written as the golden file says."""
    check_golden("report.md", render_markdown(build_short_record(), build_short_record(with_faults=False)))


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


def test_the_second_matrix_follows_the_first() -> None:
    """It has a heading, a sentence and a table of its own, and the check of its known issues below."""
    text = render_markdown(build_record())
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[1:4] == ["Results at a glance", "Through Michelangelo's API server", "What failed"]
    part = text[text.index("## Through Michelangelo's") : text.index("## What failed")]
    assert "written through Michelangelo's own API server instead of kubectl" in part
    assert "| Model | ✅ | ✅ | ✅ | N/A (immutable kind: the object has left Kubernetes) |" in part
    assert part.rstrip().endswith("| 4.7 Known issues of the API server show | ✅ (1 shows) |")
    assert "### ❌ 4.1 Proto column agrees (Revision)" in text


def test_a_run_without_the_second_matrix_does_not_speak_of_it() -> None:
    """Where none of its checks was selected, there is neither its part nor a word to tell it apart."""
    text = render_markdown(build_clean_record())
    assert "Michelangelo's" not in text
    assert "as kubectl" not in text


def test_a_second_matrix_that_does_not_apply_is_one_line() -> None:
    """Without an API server the reason stands in place of the table; a shared one stands beside it."""
    text = render_markdown(make_record(*build_idle_api_checks("none was built")))
    part = text[text.index("## Through Michelangelo's") : text.index("## Known issues")]
    assert part.rstrip().endswith("\n\nN/A none was built")
    assert "|" not in part
    checks = [*build_idle_api_checks("none was built"), Check("4.1", "proto", "Widget", status=Status.PASS)]
    assert "\n\nN/A 78 cells do not apply: none was built\n" in render_markdown(make_record(*checks))


def test_it_shows_both_versions_of_a_row() -> None:
    """Section 2.3 shows how res_version and update_time advanced, per kind."""
    text = render_markdown(build_clean_record())
    row = "| Project | `ingester-test-project` | 300 → 325 | 2026-03-09 20:50:06 → 2026-03-09 20:50:17 |"
    assert row in text


def test_log_lines_are_shown_once() -> None:
    """Section 1.5 shows the log lines of all its checks, and a line that several pieces quote only once."""
    log = [Evidence("log", "first", "one\ntwo", 1.0), Evidence("log", "second", "two\nthree", 2.0)]
    checks = [Check("1.5", "log lines", item.title, evidence=[item]) for item in log]
    assert "```\none\ntwo\nthree\n```" in render_markdown(make_record(*checks))


def test_evidence_cannot_end_its_block() -> None:
    """A body that holds a fence itself is put into a longer one."""
    check = Check("1.5", "log", evidence=[Evidence("log", "log", "a\n```\nb", 1.0)])
    assert "````\na\n```\nb\n````" in render_markdown(make_record(check))


def test_text_is_no_markup() -> None:
    """Outside code, neither HTML nor Markdown of a detail takes effect, and a pipe does not split a cell."""
    detail = f"{SCRIPT} | *b* _c_ res_version [l](u)\nx"
    text = render_markdown(make_record(*make_cell("Model", "synced", Status.FAIL, detail)))
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
    text = render_markdown(make_record())
    assert "**INCOMPLETE.**" in text
    assert "✅" not in text
    text = render_markdown(Record())
    assert "**INCOMPLETE.**" in text
    assert "✅" not in text


def test_a_claim_is_only_as_good_as_its_worst_cell() -> None:
    """The list of confirmed behaviour counts what held, and marks a claim by its worst result."""
    text = render_markdown(build_record())
    assert "❌ A created object reaches MySQL: 11 of 13 (worst: fail)" in text
    assert "✅ An ingester controller is registered per kind: 1 of 1" in text


def test_checks_of_no_chapter_are_listed() -> None:
    """A check that neither a matrix nor a section of the seed report shows has a row among the other checks."""
    record = make_record(Check("12.1", "something | else", "Model", status=Status.FAIL, detail="lost"))
    part = render_markdown(record).partition("## Other checks\n\n")[2].partition("\n\n")[0]
    assert part.splitlines()[2] == "| 12.1 something \\| else: Model | ❌ fail (lost) |"
    assert "Other checks" not in render_markdown(build_record())
