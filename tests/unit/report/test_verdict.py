"""`harness.report.verdict`: no run looks better than it was."""

from __future__ import annotations

import pytest

from harness.core.record import Check, IssueResult, IssueStatus, Record, Status
from harness.report.verdict import Verdict, judge, summarise
from tests.unit.report.sample import build_clean_record, build_record
from tests.unit.report.sample_contents import COLUMNS, KINDS, make_cell, make_record


def _run(status: Status, exit_code: int | None, interrupted: bool = False) -> Record:
    checks = [check for column in COLUMNS for check in make_cell("Model", column, status)]
    record = make_record(*checks, exit_code=exit_code, interrupted=interrupted)
    record.kinds = [kind for kind in KINDS if kind.name == "Model"]
    return record


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (_run(Status.PASS, 0), Verdict("pass", "PASSED")),
        (_run(Status.KNOWN, 0), Verdict("pass", "PASSED")),
        (_run(Status.NOT_APPLICABLE, 0), Verdict("pass", "PASSED")),
        (_run(Status.FAIL, 0), Verdict("fail", "FAILED")),
        (_run(Status.PASS, 1), Verdict("fail", "FAILED")),
        (_run(Status.ERROR, 0), Verdict("warn", "COULD NOT TEST")),
        (_run(Status.PASS, 2), Verdict("warn", "COULD NOT TEST")),
        (_run(Status.INVALID, 1), Verdict("warn", "PROVED TOO LITTLE")),
        (_run(Status.INVALID, 0), Verdict("warn", "PROVED TOO LITTLE")),
        (_run(Status.INVALID, 2, interrupted=True), Verdict("warn", "INTERRUPTED")),
        (_run(Status.NOT_RUN, 0), Verdict("warn", "PARTIAL")),
        (_run(Status.PASS, None), Verdict("warn", "INCOMPLETE")),
        (_run(Status.PASS, 2, interrupted=True), Verdict("warn", "INTERRUPTED")),
        (_run(Status.FAIL, 2, interrupted=True), Verdict("fail", "FAILED, INTERRUPTED")),
        (make_record(exit_code=0), Verdict("warn", "PARTIAL")),
        (Record(exit_code=0), Verdict("warn", "PARTIAL")),
        (Record(), Verdict("warn", "INCOMPLETE")),
    ],
)
def test_the_verdict_is_the_worst_that_is_known(record: Record, expected: Verdict) -> None:
    """Green needs a complete run with exit code 0; a failure outweighs an interruption."""
    assert judge(record) == expected


def test_a_failed_check_outside_the_matrix_counts() -> None:
    """A check that belongs to no cell turns the verdict red as well."""
    record = _run(Status.PASS, 0)
    record.checks += [Check("1.3", "controllers registered", status=Status.FAIL)]
    assert judge(record) == Verdict("fail", "FAILED")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.FAIL, "FAILED"),
        (Status.ERROR, "COULD NOT TEST"),
        (Status.NOT_RUN, "PARTIAL"),
        (Status.INVALID, "PROVED TOO LITTLE"),
        (Status.NOT_APPLICABLE, "PASSED"),
    ],
)
@pytest.mark.parametrize("kind", ["Model", None])
def test_chapters_count(status: Status, word: str, kind: str | None) -> None:
    """What is wrong or missing in a chapter keeps a run from green; what can't apply does not."""
    record = _run(Status.PASS, 0)
    record.checks += [Check("6.4", "created while down", kind, status=status)]
    assert judge(record).word == word


def test_the_samples_are_judged_as_they_are_meant() -> None:
    """The sample with failures is red, the clean one green."""
    assert (judge(build_record()).word, judge(build_clean_record()).word) == ("FAILED", "PASSED")


def test_the_summary_counts_cells_and_issues() -> None:
    """The summary names each status that occurs, and the known issues that were seen."""
    record = _run(Status.PASS, 0)
    record.checks = [check for check in record.checks if check.section != "1.4"]
    record.known_issues = [
        IssueResult("a", "A", IssueStatus.REPRODUCED),
        IssueResult("b", "B", IssueStatus.STALE),
    ]
    assert summarise(record) == "4 cells: 3 pass, 1 not run. Known issues seen: 1 of 2."
    record.known_issues.append(IssueResult("c", "C", IssueStatus.GONE))
    assert summarise(record).endswith(" Known issues seen: 1 of 3. Looked for in vain, and perhaps mended: 1.")
    assert summarise(make_record()) == summarise(Record()) == "No cell was looked at."


def test_a_failure_outweighs_what_proved_nothing() -> None:
    """A run in which one check failed and another proved nothing has failed."""
    record = make_record(Check("8.1", "a", status=Status.INVALID), exit_code=1)
    record.checks.append(Check("8.2", "b", status=Status.FAIL))
    assert judge(record).word == "FAILED"


def test_a_run_of_a_chapter_alone_can_pass() -> None:
    """A run in which only a chapter's checks were selected is whole without the first matrix."""
    assert judge(make_record(Check("8.1", "a", status=Status.PASS), exit_code=0)).word == "PASSED"
    assert judge(make_record(Check("1.1", "a", status=Status.PASS), exit_code=0)).word == "PARTIAL"


def test_a_gap_in_a_matrix_of_groups_is_no_pass() -> None:
    """A run of one kind, or of one section, has not shown what the whole matrix would."""
    assert judge(make_record(*make_cell("Model", "created", Status.PASS), exit_code=0)).word == "PARTIAL"


def test_the_summary_counts_each_chapter() -> None:
    """The cells of a chapter are not mixed into the count of others; checks of no kind stand beside them."""
    record = _run(Status.PASS, 0)
    seed = len(record.checks)
    record.checks += [
        *(Check(section, section, "Model", status=Status.KNOWN) for section in ("5.1", "5.10")),
        Check("6.1", "disabled", status=Status.PASS),
        Check("6.4", "created", "Model", status=Status.PASS),
        Check("8.1", "killed", status=Status.INVALID),
    ]
    assert summarise(record) == (
        "4 cells: 4 pass. The rest of the contract: 2 cells: 2 known. "
        "Gates and backfill: 1 cell and 1 check: 2 pass. Faults under load: 1 check: 1 invalid."
    )
    del record.checks[:seed]
    assert summarise(record).startswith("The rest of the contract: 2 cells")
