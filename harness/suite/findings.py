"""Concludes a check of the chapters beyond the seed report's from all that it found.

Each finding is explained by itself: a check is KNOWN only if known issues of the profile explain every one of
them, and fails on the others. So a known limit hides no second defect beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.chapters.seed.run import Run
from harness.core.outcomes import Known
from harness.core.record import Check, Finding
from harness.spec.contract_issues import ContractIssue
from harness.suite.failure import fail_on, report_stale


def conclude(run: Run, check: Check, findings: Sequence[Finding], *, problem: str, look_at: str = "") -> None:
    """Pass without findings; fail on those that no known issue of the check's section and kind explains.

    Raises Known where all are explained, CheckFailure otherwise, and also where an issue that must show did not.
    """
    issues = run.profile.list_contract_issues(check.section, check.kind)
    shown: dict[str, ContractIssue] = {}
    unexplained = []
    for finding in findings:
        issue = next((issue for issue in issues if explains(issue, finding)), None)
        if issue is None:
            unexplained.append(finding)
        else:
            shown[issue.id] = issue
    check.issues = list(shown)
    fail_on(unexplained, check, problem, look_at)
    check.findings += findings
    for issue in issues:
        if issue.id not in shown and not issue.need_not_show:
            report_stale(issue.id, issue.title, "no sign of it", allow_stale=run.allow_stale)
    if shown:
        raise Known(next(iter(shown.values())), "; ".join(issue.title for issue in shown.values()))


def explains(issue: ContractIssue, finding: Finding) -> bool:
    """Whether the finding carries every part of the issue's signature."""
    return all(re.search(pattern, str(finding)) for pattern in issue.signature)
