"""Promises of `harness.audit.output` and of results: one result, in every format, and of all shards."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.audit.classes import AuditClass
from harness.audit.classification import Judgement
from harness.audit.finding import AuditFinding, Subject, make_finding
from harness.audit.output.console import describe_round, print_result
from harness.audit.output.html import render_page
from harness.audit.output.junit import render_junit
from harness.audit.output.markdown import render_markdown
from harness.audit.output.prometheus import render_metrics
from harness.audit.output.publish import publish
from harness.audit.result import AuditResult, KindResult, Problem, merge_results, read_result
from harness.core import codes
from harness.core.errors import HarnessError
from harness.core.record import Finding
from harness.report.console import make_console
from tests.fakes.contract import CONTRACT

SECRET = "tell-nobody"
PROJECT = CONTRACT.get_kind("Project")


def make_differing(*, show_values: bool = False) -> AuditFinding:
    """Return a finding whose values are a user's."""
    findings = (Finding(codes.ROW_COLUMN, "column tier", f'"{SECRET}"', "NULL"),)
    subject = Subject("Project", "uid-1", "a|b", "<i>", 7, 7)
    finding = make_finding(Judgement(AuditClass.DIFFERS, findings), subject, show_values=show_values)
    return AuditFinding(finding.audit_class, subject, finding.differences, "2026-03-01T11:00:00Z")


@pytest.fixture
def result() -> AuditResult:
    """A result with a finding, a late row and something that could not be told."""
    kind = KindResult("Project", "projects", PROJECT.tables, objects=1200, rows=3, compared=1200)
    kind.tally.count(AuditClass.EQUAL, 1198)
    kind.tally.count(AuditClass.LATE)
    kind.tally.count(AuditClass.ALONE, 3)
    kind.tally.add(make_differing())
    other = KindResult("Model", "models", CONTRACT.get_kind("Model").tables)
    return AuditResult(
        "2026-03-01T12:00:00+00:00",
        60.0,
        "kubectl --context=team",
        {"contract": "discovery"},
        [kind, other],
        [Problem("Model", "the table is gone", "Make it"), Problem("Revision", "the table is gone", "Make it")],
        [0.5, 1.5],
    )


def test_result_is_read_as_it_was_written(result: AuditResult, tmp_path: Path) -> None:
    """What is written is read again, whole."""
    publish(result, tmp_path)
    assert read_result(tmp_path) == result
    with pytest.raises(HarnessError, match="no result of an audit"):
        read_result(tmp_path / "nowhere")


def test_exit_code_says_the_answer(result: AuditResult) -> None:
    """What could not be told weighs more than findings, and these more than lateness."""
    assert result.exit_code == 2
    result.problems = []
    assert result.exit_code == 1
    result.kinds[0].tally.counts[AuditClass.DIFFERS] = 0
    assert result.exit_code == 0
    assert "MySQL equals Kubernetes: 1,200 objects and 3 rows without one; 1 late" in result.verdict


def test_every_format_has_the_finding_and_no_value(result: AuditResult) -> None:
    """Each format says which object differs where, and what could not be told; what the user wrote it does not."""
    stream = io.StringIO()
    print_result(result, make_console(stream))
    texts = [render_page(result), render_markdown(result), render_junit(result)]
    for text in texts:
        assert "column tier" in text
        assert "uid-1" in text
    for text in [*texts, stream.getvalue()]:
        assert "1 h" in text or "<testsuite" in text
        assert "Model and Revision: the table is gone" in text
        assert SECRET not in text


def test_table_fits_the_terminal(result: AuditResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each class has a column where there is room; else the findings of a kind stand in words, on its line."""
    monkeypatch.setenv("COLUMNS", "110")
    lines = []
    for classes in ((), AuditClass):
        for each in classes:
            result.kinds[1].tally.count(each, 3)
        stream = io.StringIO()
        print_result(result, make_console(stream))
        lines += [line.split() for line in stream.getvalue().splitlines() if line.startswith(" Project")]
    assert lines == [
        ["Project", "1,200", "1,198", "3", "1", "1", "(1", "h)"],
        ["Project", "1,200", "1,198", "3", "1", "1", "differs", "(1", "h)"],
    ]


def test_page_is_complete_in_itself_and_can_be_trusted(result: AuditResult) -> None:
    """The page fetches nothing, escapes names, and has the commands of the class for this very object."""
    page = render_page(result)
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert "<i>" not in page
    assert "kubectl --context=team get projects.michelangelo.api &#39;&lt;i&gt;&#39; -n &#39;a|b&#39;" in page
    assert "SELECT * FROM `project` WHERE uid = &#39;uid-1&#39;;" in page


def test_markdown_table_is_not_split_by_a_name(result: AuditResult) -> None:
    """A pipe in a name breaks no table."""
    assert "`a|b/<i>`" in render_markdown(result)


def test_metrics_are_as_prometheus_reads_them(result: AuditResult) -> None:
    """Each line is a comment or a sample, and each class of each kind has one."""
    lines = render_metrics(result).splitlines()
    sample = re.compile(r'ingester_audit_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.]+')
    assert all(line.startswith("# ") or sample.fullmatch(line) for line in lines)
    assert 'ingester_audit_rows{kind="Project",class="differs"} 1' in lines
    assert 'ingester_audit_oldest_seconds{kind="Project",class="differs"} 3660' in lines
    assert 'ingester_audit_lag_seconds{quantile="0.5"} 1.5' in lines
    assert sum(line.startswith("ingester_audit_rows") for line in lines) == 2 * len(AuditClass)


def test_junit_counts_kinds_and_problems(result: AuditResult) -> None:
    """A kind with findings fails, and what could not be told is an error."""
    suites = ElementTree.fromstring(render_junit(result))  # noqa: S314  our own text
    assert [suites.get(each) for each in ("tests", "failures", "errors")] == ["3", "1", "1"]


def test_round_is_one_line(result: AuditResult) -> None:
    """A round of a watch says how many there were, what was found, and how long it took."""
    assert describe_round(3, result) == "round 3: 1,200 objects, 1 differs, 1 late, 2 things not told, 60.0 s"


def test_shards_are_added_up(result: AuditResult) -> None:
    """The merged result has every kind once, the longest time, and all that could not be told."""
    project, model = result.kinds
    first = AuditResult("2026-03-01T12:00:00+00:00", 60.0, kinds=[project], lags_s=[0.5])
    second = AuditResult("2026-03-01T12:00:01+00:00", 90.0, kinds=[model], problems=result.problems)
    merged = merge_results([first, second])
    assert [kind.name for kind in merged.kinds] == ["Model", "Project"]
    assert (merged.duration_s, merged.exit_code, merged.lags_s) == (90.0, 2, [0.5])


def test_kind_of_two_shards_is_a_problem(result: AuditResult) -> None:
    """Results that overlap are no partition, and are not passed off as one."""
    result.problems = []
    merged = merge_results([result, result])
    assert ["in two of the results" in problem.words for problem in merged.problems] == [True, True]
