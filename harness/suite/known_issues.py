"""What became of the known issues of the chapters beyond the seed report's, concluded from their checks.

Each of those checks names the issues that explain what it found (`Check.issues`); here they are only gathered. The
seed report's own issues have checks of their own (`harness.suite.verdict.probe_issue`).
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.chapters.seed.issues import KnownIssue
from harness.core.record import Check, Evidence, IssueResult, IssueStatus, Status
from harness.spec.contract_issues import ContractIssue
from harness.spec.profiles import Profile
from harness.suite.findings import explains

API_ISSUES_SECTION = "4.7"
"""Its check looks for each known issue of Michelangelo's API server."""

_EXAMINED = (Status.PASS, Status.KNOWN)   # the checks of these statuses have judged all that they found
_LINE = 500   # characters of one finding; its check has all of it


def conclude_issues(profile: Profile, checks: Iterable[Check]) -> list[IssueResult]:
    """Return what became of each known issue of the API server and of the later chapters in the profile."""
    selected = list(checks)
    return [
        *(_conclude_api_issue(issue, selected) for issue in profile.api_known_issues),
        *(_conclude_contract_issue(issue, selected) for issue in profile.contract_known_issues),
    ]


def _conclude_api_issue(issue: KnownIssue, checks: list[Check]) -> IssueResult:
    shown_in = [check for check in checks if issue.id in check.issues]
    looked_for_it = [check for check in checks if check.section == API_ISSUES_SECTION]
    return IssueResult(
        issue.id,
        issue.title,
        _judge(issue.id, shown_in, looked_for_it),
        _describe(shown_in),
        issue.impact,
        issue.workaround,
        issue.link,
        sections=[API_ISSUES_SECTION],
    )


def _conclude_contract_issue(issue: ContractIssue, checks: list[Check]) -> IssueResult:
    shown_in = [check for check in checks if issue.id in check.issues]
    looked_for_it = [
        check
        for check in checks
        if check.section in issue.sections and (not issue.kinds or check.kind in issue.kinds)
    ]
    status = _judge(issue.id, shown_in, [] if issue.need_not_show else looked_for_it)
    detail = _describe(shown_in)
    if issue.need_not_show and not shown_in and any(check.status in _EXAMINED for check in looked_for_it):
        detail = f"did not show, and need not: {issue.need_not_show}"
    return IssueResult(
        issue.id,
        issue.title,
        status,
        detail,
        issue.impact,
        issue.workaround,
        issue.link,
        evidence=_quote(issue, shown_in),
        fix=issue.fix,
        sections=list(issue.sections),
    )


def _judge(issue_id: str, shown_in: list[Check], looked_for_it: list[Check]) -> IssueStatus:
    """Return whether an issue showed; it is stale only if a check that must show it came to its end without it."""
    if shown_in:
        return IssueStatus.REPRODUCED
    missed = any(
        check.status in _EXAMINED or (check.status is Status.FAIL and f"{issue_id} is stale" in check.detail)
        for check in looked_for_it
    )
    return IssueStatus.STALE if missed else IssueStatus.NOT_CHECKED


def _describe(checks: list[Check]) -> str:
    """Return in how many checks of which sections an issue showed."""
    if not checks:
        return ""
    sections = ", ".join(dict.fromkeys(check.section for check in checks))
    return f"in {len(checks)} {'check' if len(checks) == 1 else 'checks'} of {sections}"


def _quote(issue: ContractIssue, checks: list[Check]) -> list[Evidence]:
    """Return what the issue explains, by section; a line per finding, with its kind."""
    pieces: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for check in checks:
        titles.setdefault(check.section, f"{check.section} {check.title.removesuffix(f': {check.kind}')}")
        for mismatch in check.findings:
            if explains(issue, mismatch):
                line = " ".join(f"{check.kind or 'all kinds'}: {mismatch}".split())
                cut = line if len(line) <= _LINE else f"{line[:_LINE]} …"
                pieces.setdefault(check.section, []).append(cut)
    return [Evidence("note", titles[section], "\n".join(lines), 0.0) for section, lines in pieces.items()]
