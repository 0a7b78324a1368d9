"""The report's last section: every known issue of the profile still shows, or is pruned."""

from __future__ import annotations

import pytest

from harness.chapters.seed import checks
from harness.chapters.seed.issues import KnownIssue
from harness.chapters.seed.run import Run
from harness.core.record import Check, IssueResult
from harness.suite.verdict import probe_issue

pytestmark = pytest.mark.report


@pytest.mark.order(41)
@pytest.mark.section("3", "Known issue shows")
def test_3_known_issue_shows(
    issue: KnownIssue, issue_result: IssueResult, run: Run, check: Check, allow_stale: bool
) -> None:
    """The known issue is reproduced from evidence and its workaround applied; one that isn't seen is stale."""
    probe_issue(run, issue, issue_result)
    checks.check_issue(issue_result, check, allow_stale=allow_stale)
