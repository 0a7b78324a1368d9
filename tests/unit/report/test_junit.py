"""`harness.report.junit`: valid XML that CI systems count as the record does."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from harness.core.record import Check, Evidence, Finding, IssueResult, IssueStatus, Record, Status
from harness.report.junit import render_junit
from tests.unit.report.conftest import CheckGolden
from tests.unit.report.sample import build_record, build_short_record
from tests.unit.report.sample_contents import make_record


def _parse(record: Record) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(record).encode())  # noqa: S314  our own text


def test_the_whole_document(check_golden: CheckGolden) -> None:
    """A run with everything in it is written as the golden file says."""
    check_golden("junit.xml", render_junit(build_short_record()))


def test_every_check_is_counted_once() -> None:
    """There is a case per check and per known issue, and the totals are those of the record."""
    record = build_record()
    root = _parse(record)
    statuses = [check.status for check in record.checks]
    assert len(root.findall("testsuite/testcase")) == len(record.checks) + len(record.known_issues)
    assert root.get("tests") == str(len(record.checks) + len(record.known_issues))
    assert root.get("failures") == str(statuses.count(Status.FAIL) + 1)   # and the stale issue
    assert root.get("errors") == str(statuses.count(Status.ERROR))
    skipped = statuses.count(Status.NOT_RUN) + statuses.count(Status.NOT_APPLICABLE) + 1   # an issue not checked
    assert root.get("skipped") == str(skipped)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.PASS, []),
        (Status.FAIL, [("failure", "why")]),
        (Status.ERROR, [("error", "why")]),
        (Status.NOT_RUN, [("skipped", "NOT RUN: why")]),
        (Status.NOT_APPLICABLE, [("skipped", "NOT APPLICABLE: why")]),
        (Status.KNOWN, [("system-out", None)]),
    ],
)
def test_each_status_has_its_element(status: Status, expected: list[tuple[str, str | None]]) -> None:
    """A check's status becomes the element that CI systems know for it."""
    case = _parse(make_record(Check("1.4", "t", "Model", status=status, detail="why"))).find(".//testcase")
    assert case is not None
    assert case.get("classname") == "Model"
    assert [(child.tag, child.get("message")) for child in case] == expected


def test_a_failure_tells_what_was_found() -> None:
    """A failure's text has the findings, the command and the evidence."""
    check = Check(
        "1.6",
        "row",
        "Project",
        status=Status.FAIL,
        reproduce="pytest -k row",
        findings=[Finding("row.column", "column tier", "3", "1")],
        evidence=[
            Evidence("row", "last look", "", 1.0, {"columns": {"tier": 1}}),
            Evidence("log", "lines", "Syncing", 0.5),
        ],
    )
    failure = _parse(make_record(check)).find(".//failure")
    assert failure is not None
    assert failure.text == (
        "column tier: expected 3, got 1\nReproduce: pytest -k row\n\n"
        "--- row: last look\ntier: 1\n\n--- log: lines\nSyncing"
    )


def test_what_xml_cannot_hold_is_replaced() -> None:
    """Control characters, lone surrogates and markup in a log leave the document valid."""
    check = Check("1.5", "log", status=Status.FAIL, detail="\x1b[31m<&>\x00 \udce9 😀", evidence=[])
    failure = _parse(Record(checks=[check])).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "\ufffd[31m<&>\ufffd \ufffd 😀"


def test_long_evidence_is_cut_with_a_note() -> None:
    """One piece of evidence does not blow up the document; it says where the rest is."""
    check = Check("1.5", "log", status=Status.FAIL, evidence=[Evidence("log", "log", "x" * 5000, 1.0)])
    failure = _parse(Record(checks=[check])).find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.endswith("x\n[1000 more characters in report.json]")


@pytest.mark.parametrize(("exit_code", "expected"), [(1, ["failure"]), (None, ["failure"]), (0, ["system-out"])])
def test_a_stale_issue_fails_unless_it_was_allowed(exit_code: int | None, expected: list[str]) -> None:
    """A stale known issue fails, but not in a run that allowed it and so succeeded."""
    issue = IssueResult("a", "A", IssueStatus.STALE)
    case = _parse(Record(exit_code=exit_code, known_issues=[issue])).find(".//testcase")
    assert case is not None
    assert [child.tag for child in case] == expected


def test_issues_that_have_checks_are_counted_once() -> None:
    """Where the run has a check for each known issue, no second suite repeats them."""
    record = make_record(Check("3", "known issue shows", topic="a"), known_issues=[IssueResult("a", "A")])
    suites = list(_parse(record))
    assert [suite.get("name") for suite in suites] == ["3 Known issues"]
    assert [case.get("name") for case in suites[0].findall("testcase")] == ["known issue shows: a"]
    record.known_issues.append(IssueResult("b", "B"))
    assert [suite.get("name") for suite in _parse(record)] == ["3 Known issues", "Known issues"]


def test_versions_are_properties() -> None:
    """What was tested stands in the properties, without empty ones."""
    properties = _parse(build_record()).findall("testsuite/properties/property")
    values = {item.get("name"): item.get("value") for item in properties}
    assert values["etcd version"] == "3.6.8"
    assert values["profile"] == "report-2026-03"
    assert "" not in values.values()
