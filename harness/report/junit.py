"""Renders a record as JUnit XML, for CI systems: a suite per section, a case per check.

A known issue passes with a note, a check that did not run is skipped, one that proved nothing is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from harness.core.record import Check, IssueResult, IssueStatus, Record, Status
from harness.report.evidence import describe_evidence
from harness.report.formatting import format_moment, parse_time
from harness.report.sections import group_by_section

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EVIDENCE_LIMIT = 4000   # characters of one piece; report.json has all of it


def render_junit(record: Record) -> str:
    """Return `record` as a JUnit XML document; characters that XML can't hold become U+FFFD."""
    root = ElementTree.Element("testsuites", name="Ingester acceptance")
    suites = [_render_suite(record, heading, checks) for heading, checks in group_by_section(record)]
    suites += _render_issues(record)
    if suites:
        _add_properties(suites[0], record)   # the format has no place for them above the suites
    for counter in ("tests", "failures", "errors", "skipped"):
        root.set(counter, str(sum(int(suite.get(counter, "0")) for suite in suites)))
    root.set("time", f"{record.duration_s:.3f}")
    root.extend(suites)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _render_suite(record: Record, heading: str, checks: list[Check]) -> ElementTree.Element:
    suite = _start_suite(record, heading)
    for check in checks:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=clean(check.kind or "sandbox"),
            name=clean(f"{check.title}: {check.topic}" if check.topic else check.title),
            time=f"{check.duration_s:.3f}",
        )
        _render_status(case, check)
    return count_cases(suite, sum(check.duration_s for check in checks))


def _render_status(case: ElementTree.Element, check: Check) -> None:
    detail = check.detail or check.status.label
    match check.status:
        case Status.FAIL:
            add_outcome(case, "failure", detail, _describe(check), error="CheckFailure")
        case Status.ERROR:
            add_outcome(case, "error", detail, _describe(check), error="HarnessError")
        case Status.INVALID:
            add_outcome(case, "error", f"INVALID: {detail}", _describe(check), error="Invalid")
        case Status.NOT_RUN | Status.NOT_APPLICABLE:
            add_outcome(case, "skipped", f"{check.status.label}: {check.detail}".removesuffix(": "))
        case Status.KNOWN:
            issues = f" ({', '.join(check.issues)})" if check.issues else ""
            _say(case, [f"KNOWN ISSUE{issues}: {detail}", *map(str, check.findings), *_list_facts(check)])
        case Status.PASS:
            _say(case, _list_facts(check))


def _render_issues(record: Record) -> Iterator[ElementTree.Element]:
    """Yield a suite for the issues that no check stands for; a stale one fails unless the run allowed it.

    Those of which the record says in which sections they show are counted by these sections' checks.
    """
    topics = {check.topic for check in record.checks}
    issues = [issue for issue in record.known_issues if not issue.sections and issue.id not in topics]
    if not issues:
        return
    suite = _start_suite(record, "Known issues")
    for issue in issues:
        case = ElementTree.SubElement(
            suite, "testcase", classname="known issue", name=clean(f"{issue.id}: {issue.title}"), time="0.000"
        )
        if issue.status == IssueStatus.NOT_CHECKED:
            add_outcome(case, "skipped", f"NOT CHECKED: {issue.detail}".removesuffix(": "))
        elif issue.status == IssueStatus.STALE and record.exit_code != 0:
            what = "stale: it did not show in this run"
            add_outcome(case, "failure", what, issue.detail, error="StaleKnownIssue")
        else:
            _say(case, [_describe_issue(issue)])
    yield count_cases(suite, 0.0)


def _describe_issue(issue: IssueResult) -> str:
    """Return the issue's status and what was seen of it."""
    return f"{issue.status.value.upper()}: {issue.detail}".removesuffix(": ")


def _start_suite(record: Record, name: str) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=name)
    if parse_time(record.started_at) is not None:
        suite.set("timestamp", format_moment(record.started_at).removesuffix(" UTC").replace(" ", "T"))
    return suite


def _add_properties(suite: ElementTree.Element, record: Record) -> None:
    properties = ElementTree.Element("properties")
    suite.insert(0, properties)
    for key, value in _list_properties(record):
        if value:
            ElementTree.SubElement(properties, "property", name=clean(key), value=clean(value))


def _list_properties(record: Record) -> Iterable[tuple[str, str]]:
    yield from (
        ("profile", record.profile),
        ("system under test", record.system_under_test),
        ("backend", record.backend),
        ("harness", record.harness_version),
        ("command", record.command),
    )
    for component in record.components:
        yield f"{component.name} version", component.version
        yield f"{component.name} sha256", component.sha256
    yield from record.environment.items()
    yield from record.digests.items()


def count_cases(suite: ElementTree.Element, time_s: float) -> ElementTree.Element:
    """Write into a suite how many cases it has, how they ended, and its seconds; return it."""
    for counter, path in (
        ("tests", "testcase"),
        ("failures", "testcase/failure"),
        ("errors", "testcase/error"),
        ("skipped", "testcase/skipped"),
    ):
        suite.set(counter, str(len(suite.findall(path))))
    suite.set("time", f"{time_s:.3f}")
    return suite


def _describe(check: Check) -> str:
    """Return what a reader of the CI page needs: the findings, how to reproduce them, and the evidence."""
    lines = [*map(_cut, map(str, check.findings)), *_list_facts(check)]
    if check.reproduce:
        lines.append(f"Reproduce: {check.reproduce}")
    for item in check.evidence:
        lines += ["", f"--- {item.kind}: {item.title}", _cut(describe_evidence(item))]
    return "\n".join(lines)


def _list_facts(check: Check) -> list[str]:
    return [f"{name}: {value}" for name, value in check.facts.items()]


def _cut(text: str) -> str:
    if len(text) <= _EVIDENCE_LIMIT:
        return text
    return f"{text[:_EVIDENCE_LIMIT]}\n[{len(text) - _EVIDENCE_LIMIT} more characters in report.json]"


def _say(case: ElementTree.Element, lines: list[str]) -> None:
    if lines:
        ElementTree.SubElement(case, "system-out").text = clean("\n".join(map(_cut, lines)))


def add_outcome(case: ElementTree.Element, tag: str, message: str, text: str = "", error: str = "") -> None:
    """Add to a case how it ended: `tag` is failure, error or skipped, `error` the type of what was raised."""
    element = ElementTree.SubElement(case, tag, message=clean(message))
    if error:
        element.set("type", error)
    if text:
        element.text = clean(text)


def clean(text: str) -> str:
    """Return `text` with U+FFFD in place of what XML can't hold."""
    return _NOT_XML.sub("\ufffd", text)
