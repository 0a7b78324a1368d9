"""What a CI system shows of a record beside its log: a summary in Markdown, and GitHub's annotations.

Both are cut to what the system takes; the report itself has all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.core.record import Check, Record
from harness.report.formatting import count
from harness.report.markdown import write_matrix
from harness.report.markdown_syntax import escape, quote
from harness.report.matrix import list_matrices
from harness.report.sections import list_failures
from harness.report.verdict import judge, summarise
from harness.report.view import name_row

SUMMARY_LIMIT = 1_000_000
"""Bytes of a step's summary; GitHub refuses one of more than 1 MiB whole."""

ANNOTATIONS = 10
"""GitHub shows so many errors of a step."""

_FINDINGS, _WIDTH = 5, 300   # of a check, and characters of each, in a summary
_REST = "The rest is in the report.\n"
_SOURCE = re.compile(r"(?P<file>[^\s:;]+):(?P<line>\d+)")
_KINDS = "Kinds"   # the group of the contract's facts that says where a kind is declared


def render_summary(record: Record, limit: int = SUMMARY_LIMIT) -> str:
    """Return verdict, matrices and what failed, as Markdown of at most `limit` bytes."""
    text = ""
    for part in _write_summary(record):
        if len(f"{text}{part}\n\n".encode()) > limit - len(_REST.encode()):
            return f"{text}{_REST}"
        text += f"{part}\n\n"
    return text


def _write_summary(record: Record) -> Iterator[str]:
    yield f"## {judge(record).word}: {escape(record.system_under_test or 'unknown')}"
    yield f"{escape(record.headline)}. {summarise(record)}"
    failures = list_failures(record)
    if failures:
        yield f"### {count(len(failures), 'check')} failed or could not be judged"
        for check in failures:
            yield "\n".join(_write_failure(check))
    for matrix in list_matrices(record):
        yield from write_matrix(matrix)


def _write_failure(check: Check) -> Iterator[str]:
    yield f"- {check.status.symbol} **{escape(name_row(check))}**: {escape(check.detail)}"
    for finding in check.findings[:_FINDINGS]:
        yield f"  - {quote(str(finding)[:_WIDTH])}"
    if len(check.findings) > _FINDINGS:
        yield f"  - and {count(len(check.findings) - _FINDINGS, 'more finding')}"


def render_annotations(record: Record) -> str:
    """Return GitHub's workflow commands: an error for each kind, or check of no kind, that fails.

    It stands where the kind is declared, as far as the version's sources were read.
    """
    failures = list_failures(record)
    groups: dict[str, list[Check]] = {}
    for check in failures:
        groups.setdefault(check.kind or name_row(check), []).append(check)
    places = {fact.name: fact.source for fact in record.contract if fact.group == _KINDS}
    lines = [_annotate(name, checks, places.get(name, "")) for name, checks in groups.items()]
    if len(lines) > ANNOTATIONS:
        rest = f"{count(len(lines) - ANNOTATIONS + 1, 'kind or check', 'kinds and checks')} more"
        lines = [*lines[: ANNOTATIONS - 1], f"::error title={rest}::The summary and the report name them."]
    return "".join(f"{line}\n" for line in lines)


def _annotate(name: str, checks: list[Check], source: str) -> str:
    place = _SOURCE.match(source)
    properties = {"title": f"{name}: {', '.join(dict.fromkeys(check.section for check in checks))}"}
    if place:
        properties = {"file": place["file"], "line": place["line"], **properties}
    text = "\n".join(f"{check.section} {check.title}: {check.detail}" for check in checks)
    written = ",".join(f"{key}={_escape(value, ',:')}" for key, value in properties.items())
    return f"::error {written}::{_escape(text)}"


def _escape(text: str, more: str = "") -> str:
    """Return the text as GitHub's workflow commands take it; in a property `more` characters are special."""
    return "".join(f"%{ord(each):02X}" if each in f"%\r\n{more}" else each for each in text)
