"""How a check ends: the one place where findings become a verdict, in the light of what the profile expects.

Without findings a check passes. It is KNOWN only if known issues of its section and kind explain every finding,
and fails on the others. A known issue that must show and does not has gone stale, which fails as well where it is
certain that the version has it.
"""

from __future__ import annotations

import warnings

from harness.core.errors import CheckFailure
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import Known, StaleKnownIssueWarning
from harness.core.record import Check, Finding
from harness.suite.expectations import Expectations, explain_all
from harness.suite.recorder import Recorder

_SHOWN = 20   # findings of a message; the record has all of them


def conclude(
    check: Check,
    recorder: Recorder,
    expectations: Expectations,
    *,
    expects_issues: bool = True,
    stale_tolerated: str = "",
    basis: str = "",
) -> None:
    """End the check with what was recorded; `basis` says which facts of the version it was judged by.

    Raises Known where known issues explain all that was found, CheckFailure where they don't, and also where an
    issue did not show that must (`expects_issues`), unless something says that stale ones are tolerated: it warns.
    """
    issues = expectations.list_for(check.section, check.kind)
    shown, unexplained = explain_all(recorder.findings, issues)
    check.issues = [*shown, *(issue.id for issue in recorder.shown)]
    if unexplained:
        check.findings += unexplained
        raise CheckFailure(_describe(recorder.problem or check.title, unexplained, recorder.look_at, basis))
    check.findings += recorder.findings
    expected = [issue for issue in issues if expects_issues and not issue.need_not_show]
    missed = [*recorder.missed, *(issue for issue in expected if issue.id not in shown)]
    check.stale = [issue.id for issue in missed]
    check.detail = recorder.detail
    for issue in missed:
        _report_stale(issue, tolerated=bool(stale_tolerated))
        check.detail = f"known issue {issue.id} did not show; tolerated, since {stale_tolerated}"
    if shown:
        raise Known("; ".join(issue.title for issue in shown.values()))


def _report_stale(issue: KnownIssue, *, tolerated: bool) -> None:
    """Fail because a known issue of the profile did not show; warn where that is tolerated."""
    if tolerated:
        warnings.warn(f"known issue {issue.id} is stale", StaleKnownIssueWarning, stacklevel=2)
        return
    versions = f" of versions with {', '.join(issue.features)}" if issue.features else ""
    otherwise = "; or whether it is not such a version: say so with --feature" if issue.features else ""
    raise CheckFailure(
        f"known issue {issue.id} is stale\n  expected: {issue.title}, as the profile says{versions}\n"
        "  last seen: no sign of it\n"
        "  look at: whether this version has mended it: prune it from the profile, or pass "
        f"--allow-stale-known-issues for now{otherwise}"
    )


def _describe(problem: str, findings: list[Finding], look_at: str, basis: str) -> str:
    shown = "\n".join(f"  {finding}" for finding in findings[:_SHOWN])
    more = f"\n  … and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
    hints = {"look at": look_at, "judged by": basis}
    return f"{problem}\n{shown}{more}" + "".join(f"\n{name}: {text}" for name, text in hints.items() if text)
