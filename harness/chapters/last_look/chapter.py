"""Chapter 11, the last look: its section, with what it promises and the check that shows it."""

from __future__ import annotations

from harness.chapters.last_look.checks import LastLook, check_rest, check_rows, check_secrets
from harness.chapters.last_look.issues import ISSUES
from harness.spec.features import PRIMARY_KEY
from harness.suite.chapter import Chapter, Section, whole_run

CHAPTER = Chapter(
    key="last_look",
    title="Last look",
    explanation="What was right once, and the logs, looked at when all else is over: late is a fault as well.",
    summary="every row once more, at the end",
    markers=("last_look", "contract", "restarts"),
    open=LastLook,
    issues=ISSUES,
    sections=(
        Section(
            "11.1",
            "Rows at the end",
            "What was right stays right",
            "Each row that had followed its object has reached its last version, or is as it was when last seen.",
            check_rows,
        ),
        Section(
            "11.2",
            "Secrets in logs",
            "No log has the MySQL password",
            "What the programs under test write says nothing of the password that they log in with.",
            check_secrets,
            topics=whole_run,
        ),
        Section(
            "11.3",
            "Objects at rest",
            "An object that nobody changes is not written again and again",
            "A row that holds its object's version is not rewritten every second: no reconcile asks for the next.",
            check_rest,
        ),
    ),
    features=(PRIMARY_KEY,),
)
