"""How a check fails: with a message that says what was expected, what was seen, and what to look at."""

from __future__ import annotations

import warnings
from typing import NoReturn

from harness.core.errors import CheckFailure
from harness.core.outcomes import StaleKnownIssueWarning
from harness.core.record import Check, Finding


def fail_on(mismatches: list[Finding], check: Check, problem: str, look_at: str) -> None:
    """Fail where there are mismatches; all of them go into the check's record, the first 20 into the message."""
    if mismatches:
        check.findings += mismatches
        shown = "\n".join(f"  {mismatch}" for mismatch in mismatches[:20])
        more = f"\n  … and {len(mismatches) - 20} more" if len(mismatches) > 20 else ""
        raise CheckFailure(f"{problem}\n{shown}{more}" + (f"\nlook at: {look_at}" if look_at else ""))


def fail(problem: str, *, expected: str, seen: str, look_at: str) -> NoReturn:
    """Fail with what was expected, what was seen last, and what to look at."""
    raise CheckFailure(f"{problem}\n  expected: {expected}\n  last seen: {seen}\n  look at: {look_at}")


def report_stale(issue_id: str, title: str, seen: str, *, allow_stale: bool) -> None:
    """Fail because a known issue of the profile did not show; warn where that is tolerated."""
    if allow_stale:
        warnings.warn(f"known issue {issue_id} is stale", StaleKnownIssueWarning, stacklevel=3)
        return
    fail(
        f"known issue {issue_id} is stale",
        expected=f"{title}, as the profile says",
        seen=seen,
        look_at="prune it from fixtures/profiles, or pass --allow-stale-known-issues for now",
    )
