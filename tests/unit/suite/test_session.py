"""`harness.suite.session`: what a run of single cases shows at its end."""

from __future__ import annotations

from harness.spec.cases import CASES_BY_NAME

from harness.core.progress import SILENT
from harness.core.record import Cell, Column, IssueResult, IssueStatus
from harness.suite.session import RunSettings, Session


def test_the_focus_is_on_the_runs_kinds() -> None:
    """Cells and known issues of other kinds are left out, and those of later chapters that nobody looked for."""
    session = Session(RunSettings(cases=(CASES_BY_NAME["SparkJob"],)), "pytest", SILENT)
    session.record.cells = [Cell(kind, Column.SYNCED) for kind in ("SparkJob", "Model")]
    session.record.known_issues += [
        IssueResult("orphan", "T", IssueStatus.REPRODUCED, sections=["5.7"]),
        IssueResult("unseen", "T", sections=["5.4"]),
    ]
    focus = session.get_focus()
    assert [cell.kind for cell in focus.cells] == ["SparkJob"]
    assert [issue.id for issue in focus.known_issues] == [
        "sparkjob-double-panic",
        "sparkjob-driver-fields",
        "orphan",
    ]
    assert len(session.record.known_issues) == 6
