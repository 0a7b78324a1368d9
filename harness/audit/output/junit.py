"""Renders a result as JUnit XML: a case per kind, and an error for each thing that could not be told."""

from __future__ import annotations

from xml.etree import ElementTree

from harness.audit.output.table import list_problems
from harness.audit.result import AuditResult, KindResult
from harness.report.formatting import count
from harness.report.junit import add_outcome, clean, count_cases


def render_junit(result: AuditResult) -> str:
    """Return the result as a JUnit XML document."""
    root = ElementTree.Element("testsuites", name="Ingester audit")
    suite = ElementTree.SubElement(root, "testsuite", name="MySQL equals Kubernetes")
    for kind in result.kinds:
        case = ElementTree.SubElement(suite, "testcase", classname="audit", name=clean(kind.name), time="0.000")
        found = {each: number for each, number in kind.tally.counts.items() if each.is_finding}
        if found:
            words = ", ".join(f"{number:,} {each}" for each, number in found.items())
            add_outcome(case, "failure", words, _describe(kind), error="AuditFinding")
    for words, hint in list_problems(result):
        case = ElementTree.SubElement(suite, "testcase", classname="audit", name=clean(words), time="0.000")
        add_outcome(case, "error", words, hint, error="HarnessError")
    count_cases(suite, result.duration_s)
    for counter in ("tests", "failures", "errors", "skipped"):
        root.set(counter, suite.get(counter, "0"))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _describe(kind: KindResult) -> str:
    """Return examples, as lines."""
    lines = []
    for audit_class, examples in kind.tally.examples.items():
        lines.append(f"{audit_class}: {count(kind.tally.counts[audit_class], 'finding')}")
        for example in examples:
            subject = example.subject
            lines.append(f"  {subject.namespace}/{subject.name}, key {subject.key}")
            lines += [f"    {difference}" for difference in example.differences]
    return "\n".join(lines)
