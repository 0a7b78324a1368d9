"""Which lines of the system's own sources ran, as the record tells it."""

from __future__ import annotations

from harness.core.record import Record

TITLE = "What ran of the Ingester"
EXPLANATION = (
    "Counted by the controller manager itself, in all of its runs that came to their end. That a line ran says "
    "that a check reached it, not that one would notice if it were wrong."
)


def describe_total(record: Record) -> str:
    """Return how much ran of all files together, in words; '' where it was not counted."""
    statements = sum(file.statements for file in record.coverage)
    ran = sum(file.ran for file in record.coverage)
    return f"{ran} of {statements} statements, {100 * ran / statements:.0f} %" if statements else ""
