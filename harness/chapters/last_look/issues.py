"""The known issues of this chapter."""

from __future__ import annotations

from harness.core import codes
from harness.core.known_issue import KnownIssue

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="api-server-logs-its-password",
        title="Michelangelo's API server writes its whole configuration into its log, the MySQL password included",
        sections=("11.2",),
        code=codes.LOG_SECRET,
        wording=(r"^the log of michelangelo-apiserver: expected no password, got 1 lines with it$",),
        impact="Whoever may read the pod's log, or where logs are collected, may log in to the database.",
        workaround="Let nobody read that log whom the password is not for.",
        fix="Leave secrets out of the line \"Configuration\" in go/cmd/apiserver/main.go, or drop the line.",
        need_not_show="that server is not part of each run",
    ),
)
