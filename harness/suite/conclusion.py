"""What the checks of a run add up to: what became of the known issues, and the headline."""

from __future__ import annotations

from collections.abc import Iterable

from harness.core.known_issue import KnownIssue
from harness.core.record import Check, Evidence, IssueResult, IssueStatus, Record, Status
from harness.report.formatting import count
from harness.suite.chapter import Section
from harness.suite.expectations import Expectations

_EXAMINED = (Status.PASS, Status.KNOWN)   # the checks of these statuses have judged all that they found
_LINE = 500   # characters of one finding; its check has all of it


def conclude_issues(expectations: Expectations, checks: Iterable[Check]) -> list[IssueResult]:
    """Return what became of each known issue; the checks name those that showed, and those that did not."""
    selected = list(checks)
    return [_conclude_issue(issue, selected) for issue in expectations.issues]


def _conclude_issue(issue: KnownIssue, checks: list[Check]) -> IssueResult:
    shown_in = [check for check in checks if issue.id in check.issues]
    missed_in = [check for check in checks if issue.id in check.stale]
    gone = IssueStatus.STALE if any(check.status is Status.FAIL for check in missed_in) else IssueStatus.GONE
    status = IssueStatus.REPRODUCED if shown_in else gone if missed_in else IssueStatus.NOT_CHECKED
    detail = _count_sections(shown_in)
    if issue.need_not_show and not shown_in and any(_examined(issue, check) for check in checks):
        detail = f"did not show, and need not: {issue.need_not_show}"
    return IssueResult(
        issue.id,
        issue.title,
        status,
        detail,
        issue.impact,
        issue.workaround,
        issue.link,
        evidence=[*_quote(issue, shown_in), *_gather(issue, checks)],
        fix=issue.fix,
        sections=list(issue.sections),
    )


def _examined(issue: KnownIssue, check: Check) -> bool:
    return issue.concerns(check.section, check.kind) and check.status in _EXAMINED


def _count_sections(checks: list[Check]) -> str:
    """Return in how many checks of which sections an issue showed."""
    if not checks:
        return ""
    sections = ", ".join(dict.fromkeys(check.section for check in checks))
    return f"in {count(len(checks), 'check')} of {sections}"


def _gather(issue: KnownIssue, checks: list[Check]) -> list[Evidence]:
    """Return the evidence of the check that is about the issue alone."""
    return [item for check in checks if check.topic == issue.id for item in check.evidence]


def _quote(issue: KnownIssue, checks: list[Check]) -> list[Evidence]:
    """Return what the issue explains, by section; a line per finding, with its kind."""
    pieces: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for check in checks:
        titles.setdefault(check.section, f"{check.section} {check.title}")
        for finding in check.findings:
            if issue.explains(finding):
                line = " ".join(f"{check.kind or 'all kinds'}: {finding}".split())
                cut = line if len(line) <= _LINE else f"{line[:_LINE]} …"
                pieces.setdefault(check.section, []).append(cut)
    return [Evidence("note", titles[section], "\n".join(lines), 0.0) for section, lines in pieces.items()]


def summarise(record: Record, synced_section: str) -> str:
    """Return the run's verdict in one line; the checks of `synced_section` say which kinds reached MySQL."""
    failed = _select(record, Status.FAIL)
    errors = _select(record, Status.ERROR)
    invalid = _select(record, Status.INVALID)
    open_checks = _select(record, Status.NOT_RUN)
    if failed:
        return f"{count(len(failed), 'check')} failed, first {name_check(failed[0])}"
    if errors:
        return f"{count(len(errors), 'check')} could not be judged, first {name_check(errors[0])}"
    if invalid:
        return f"{count(len(invalid), 'check')} proved nothing, first {name_check(invalid[0])}"
    if record.interrupted:
        return f"Interrupted: {len(open_checks)} of {len(record.checks)} checks did not run"
    if open_checks:
        return f"{len(open_checks)} of {len(record.checks)} checks did not run: {open_checks[0].detail}"
    rows = [check for check in record.checks if check.section == synced_section]
    known = sum(issue.status is IssueStatus.REPRODUCED for issue in record.known_issues)
    rest = f"nothing failed in {count(len(record.checks), 'check')}; {count(known, 'known issue')}"
    return f"{_count_synced(rows)}; {rest}" if rows else f"{rest[0].upper()}{rest[1:]}"


def summarise_report(checks: list[Check], sections: Iterable[str], synced_section: str, seconds: float) -> str:
    """Return in one line how the seed report's chapters ended, '' where none of their checks was selected."""
    named = set(sections)
    own = [check for check in checks if check.section in named]
    if not own:
        return ""
    rows = [check for check in own if check.section == synced_section]
    short = sum(not check.status.succeeds for check in own)
    total = count(len(own), "check")
    rest = f"{short} of {total} did not pass" if short else f"nothing failed in {total}"
    return f"Chapters 1 to 4, after {seconds:.1f} s: {_count_synced(rows)}; {rest}"


def find_synced_section(sections: Iterable[Section]) -> str:
    """Return the number of the section whose checks say which kinds reached MySQL."""
    return next((section.number for section in sections if section.proves_sync), "")


def name_check(check: Check) -> str:
    """Return a check's section, kind and detail, which may begin with the kind as well."""
    return f"{check.section} {check.kind or check.title}: {check.detail.removeprefix(f'{check.kind}: ')}"


def _count_synced(rows: list[Check]) -> str:
    return f"{sum(check.status is Status.PASS for check in rows)} of {len(rows)} kinds synced"


def _select(record: Record, status: Status) -> list[Check]:
    return [check for check in record.checks if check.status is status]
