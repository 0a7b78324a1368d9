"""The known issues of this chapter. The wording names the fields, and so explains no other."""

from __future__ import annotations

from harness.core.known_issue import KnownIssue

ISSUES: tuple[KnownIssue, ...] = ()
