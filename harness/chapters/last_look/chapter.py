"""Chapter 10, the last look: its section, with what it promises and the check that shows it."""

from __future__ import annotations

from harness.chapters.last_look.checks import LastLook, check_rows
from harness.spec.features import PRIMARY_KEY
from harness.suite.chapter import Chapter, Section

CHAPTER = Chapter(
    key="last_look",
    title="Last look",
    explanation="What was right once, looked at again when all else is over: late is a fault as well.",
    summary="every row once more, at the end",
    markers=("last_look", "contract", "restarts"),
    open=LastLook,
    sections=(
        Section(
            "10.1",
            "Rows at the end",
            "What was right stays right",
            "Each row that had followed its object has reached its last version, or is as it was when last seen.",
            check_rows,
        ),
    ),
    features=(PRIMARY_KEY,),
)
