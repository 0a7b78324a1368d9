"""What checks and statuses are called in the report: a check by its number, its title, and what it is about.

A title never names the kind or the topic; both stand beside it, so that equal checks of several kinds are equal.
"""

from __future__ import annotations

from harness.core.record import Check, Record, Status
from harness.report.contents import Contents

GLYPHS = {
    Status.PASS: "✓",
    Status.FAIL: "✗",
    Status.KNOWN: "!",
    Status.NOT_APPLICABLE: "·",
    Status.NOT_RUN: "-",
    Status.ERROR: "?",
    Status.INVALID: "∅",
}
"""A status in one character, for tables of many narrow columns."""


def name_subject(check: Check) -> str:
    """Return what `check` is about beside its section: its kind and its topic, or ''."""
    return ", ".join(filter(None, (check.kind, check.topic)))


def name_place(record: Record, check: Check) -> str:
    """Return the subject of `check`, and its column where its section is not it: 'Model, Updated', or ''."""
    column = Contents(record).find_group(check)
    return ", ".join(filter(None, (name_subject(check), column.text if column else "")))


def number_check(check: Check) -> str:
    """Return the section and the title of `check`, without what it is about."""
    return f"{check.section} {check.title}".strip()


def name_check(check: Check) -> str:
    """Return the title of `check`, and what it is about: 'rows are whole: Model'."""
    subject = name_subject(check)
    return f"{check.title}: {subject}" if subject else check.title


def name_row(check: Check) -> str:
    """Return the name of a check that has a row of its own: section, title, and what it is about."""
    return f"{check.section} {name_check(check)}".strip()
