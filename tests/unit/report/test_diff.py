"""`harness.report.diff`: what changed between two runs, and nothing that did not."""

from __future__ import annotations

import json

from harness.core.record import (
    Check,
    Component,
    Finding,
    IssueResult,
    IssueStatus,
    Latency,
    Record,
    Status,
)
from harness.report.diff import Area, Difference, compare_records, find_changed_cells
from harness.report.diff_formats import FORMATS, render_diff, summarise_diff
from tests.unit.report.conftest import CheckGolden
from tests.unit.report.sample import (
    build_clean_api_record,
    build_clean_record,
    build_full_record,
    build_record,
    build_short_record,
)
from tests.unit.report.sample_api import build_idle_api_checks
from tests.unit.report.sample_contents import COLUMNS, KINDS, make_cell, make_record


def _cells(*cells: tuple[str, str, Status]) -> Record:
    """Return a record whose first matrix has these cells; the others did not run."""
    return make_record(*(check for cell in cells for check in make_cell(*cell)))


def _latencies(**seconds: float) -> Record:
    return Record(latencies=[Latency(kind, "create", value) for kind, value in seconds.items()])


def test_equal_runs_do_not_differ() -> None:
    """A run compared with itself has no differences, and says so."""
    assert compare_records(build_record(), build_record()) == []
    assert render_diff([]) == "No differences.\n"


def test_a_cell_that_changed_is_named_and_judged() -> None:
    """A changed cell says what it was and is, and whether that is worse."""
    old = _cells(("Model", "synced", Status.PASS), ("Model", "updated", Status.FAIL))
    new = _cells(("Model", "synced", Status.FAIL), ("Model", "updated", Status.KNOWN))
    assert compare_records(old, new) == [
        Difference(Area.CELL, "Model, Synced to MySQL", "pass", "fail", worse=True),
        Difference(Area.CELL, "Model, Updated", "fail", "known", worse=False),
    ]
    assert find_changed_cells(old, new) == {
        ("Model", "Synced to MySQL"): Status.PASS,
        ("Model", "Updated"): Status.FAIL,
    }


def test_a_new_kind_is_no_regression() -> None:
    """A cell that only the new run has is a difference, not a worse one."""
    new = _cells(("Model", "synced", Status.PASS))
    assert compare_records(make_record(), new) == [
        Difference(Area.CELL, "Model, Synced to MySQL", "absent", "pass", worse=False)
    ]


def test_cells_that_did_not_run_are_one_difference() -> None:
    """A run of one kind does not list every cell of the others; cells that are missing count with them."""
    old = _cells(*((kind.name, column, Status.PASS) for kind in KINDS for column in COLUMNS))
    model = [("Model", column, Status.PASS) for column in COLUMNS]
    new = _cells(*model, ("Project", "created", Status.NOT_RUN))
    differences = compare_records(old, new)
    assert [(item.before, item.after, item.worse) for item in differences] == [("judged", "not run", True)]
    assert differences[0].subject.startswith("48 cells of Project, ModelFamily, Pipeline,")
    assert compare_records(old, make_record())[0].subject == "52 cells of all kinds"


def test_chapters_are_compared_apart() -> None:
    """A cell of a chapter is compared with its like, though the first matrix has a column of its name."""
    created = make_cell("Model", "created", Status.PASS)
    old, new = (
        make_record(*created, Check("4.2", "c", "Model", status=c), Check("4.1", "p", "Model", status=p))
        for c, p in ((Status.PASS, Status.FAIL), (Status.FAIL, Status.PASS))
    )
    assert compare_records(old, new) == [
        Difference(Area.CELL, "Model, 4.1 Proto agrees", "fail", "pass", worse=False),
        Difference(Area.CELL, "Model, 4.2 Created", "pass", "fail", worse=True),
    ]


def test_checks_of_no_kind_are_compared_by_name() -> None:
    """A chapter's check without a kind is a difference when it changes, and worse when it proves nothing."""
    old = make_record(Check("8.1", "a", status=Status.PASS), Check("8.2", "b", status=Status.PASS))
    new = make_record(Check("8.1", "a", status=Status.INVALID), Check("8.3", "c", status=Status.PASS))
    assert compare_records(old, new) == [
        Difference(Area.CELL, "8.1 a", "pass", "invalid", worse=True),
        Difference(Area.CELL, "8.3 c", "absent", "pass", worse=False),
        Difference(Area.CELL, "1 check (Faults under load)", "judged", "not run", worse=True),
    ]


def test_checks_in_no_matrix_are_compared() -> None:
    """Whether the controllers are registered is a cell of no kind, and worse all the same when it fails."""
    old, new = (make_record(Check("1.3", "registered", status=status)) for status in (Status.PASS, Status.FAIL))
    assert compare_records(old, new) == [Difference(Area.CELL, "1.3 registered", "pass", "fail", worse=True)]
    assert [item.worse for item in compare_records(new, old)] == [False]
    assert compare_records(make_record(), new) == []


def test_a_chapter_that_the_old_run_lacks_is_no_difference() -> None:
    """A baseline without a chapter says nothing about it or its issues; a run that lost it did not run it."""
    without, with_it = build_clean_record(), build_full_record(with_faults=False)
    assert compare_records(without, with_it) == []
    lost = [item for item in compare_records(with_it, without) if item.area is Area.CELL]
    assert [(item.subject, item.before, item.after, item.worse) for item in lost] == [
        (subject, "judged", "not run", True)
        for subject in (
            "78 cells of all kinds, 1 check (Through Michelangelo's API server)",
            "143 cells of all kinds (The rest of the contract)",
            "52 cells of all kinds, 4 checks (Gates and backfill)",
            "156 cells of all kinds (Hostile input)",
            "4 checks (Faults under load)",
        )
    ]


def test_cells_that_ceased_to_apply_are_few_lines() -> None:
    """A run without an API server, compared with one that had it, has a line per change, not per cell."""
    without = build_clean_record()
    without.checks += build_idle_api_checks()
    place = "(Through Michelangelo's API server)"
    assert [
        (item.subject.endswith(place), item.before, item.after, item.worse)
        for item in compare_records(build_clean_api_record(), without)
        if item.before == "pass"
    ] == [(True, "pass", "not applicable", False)]
    gained = compare_records(without, build_clean_api_record())
    subjects = [item.subject for item in gained if item.after == "pass" and item.before != "absent"]
    assert subjects == [f"59 cells of all kinds {place}"]


def test_many_cells_that_became_worse_are_named() -> None:
    """Cells that apply now and fail are never gathered in one line."""
    old, new = make_record(*build_idle_api_checks()), make_record(*build_idle_api_checks())
    for check in new.checks:
        check.status = Status.FAIL
    differences = compare_records(old, new)
    assert (len(differences), {item.worse for item in differences}) == (78, {True})


def test_known_issues_are_compared_by_id() -> None:
    """A known issue that changed its status, came or went is a difference."""
    old = Record(known_issues=[IssueResult("a", "A", IssueStatus.REPRODUCED), IssueResult("b", "B")])
    new = Record(known_issues=[IssueResult("a", "A", IssueStatus.STALE), IssueResult("c", "C")])
    assert compare_records(old, new) == [
        Difference(Area.ISSUE, "a", "reproduced", "stale"),
        Difference(Area.ISSUE, "c", "absent", "not checked"),
        Difference(Area.ISSUE, "b", "not checked", "absent"),
    ]


def test_a_known_issue_that_is_new_is_worse() -> None:
    """One that shows where all was right, or shows again, is worse; one that explains an old failure is not."""

    def build(status: Status, *issues: IssueResult) -> Record:
        shown = [issue.id for issue in issues if issue.status is IssueStatus.REPRODUCED]
        record = make_record(Check("1.4", "created", "Model", status=status, issues=shown))
        record.known_issues = list(issues)
        return record

    seen, stale, gone = (
        IssueResult("a", "A", status) for status in (IssueStatus.REPRODUCED, IssueStatus.STALE, IssueStatus.GONE)
    )
    for old, new, worse in (
        (build(Status.PASS), build(Status.KNOWN, seen), True),
        (build(Status.FAIL, stale), build(Status.KNOWN, seen), True),
        (build(Status.PASS, gone), build(Status.KNOWN, seen), True),
        (build(Status.FAIL), build(Status.KNOWN, seen), False),
        (build(Status.KNOWN, seen), build(Status.FAIL, stale), False),
    ):
        assert [item.worse for item in compare_records(old, new) if item.area is Area.ISSUE] == [worse]


def test_a_finding_more_is_worse() -> None:
    """A cell that fails by something more is worse; by less, it has changed; old records knew none."""

    def build(*codes: str) -> Record:
        findings = [Finding(code, "x", "", "") for code in codes]
        return make_record(Check("1.4", "created", "Model", status=Status.FAIL, findings=findings))

    one, both = build("row.column"), build("row.column", "row.json")
    subject = "Model, Created"
    assert compare_records(one, both) == [
        Difference(Area.FINDING, subject, "row.column", "row.column, row.json", worse=True)
    ]
    assert [item.worse for item in compare_records(both, one)] == [False]
    assert compare_records(build(), one) == []


def test_versions_are_compared_where_both_runs_know_them() -> None:
    """A version or digest that changed is a difference; one that only one run knows is none."""
    old = Record(
        environment={"Python": "3.11.7", "pytest": "8.3"},
        digests={"schema": "aa"},
        components=[Component("mysql", "Running", version="10.11", sha256="11")],
    )
    new = Record(
        harness_version="0.2.0",
        environment={"Python": "3.12.1", "rich": "13.9"},
        digests={"schema": "bb"},
        components=[Component("mysql", "Running", version="10.11", sha256="22")],
    )
    assert compare_records(old, new) == [
        Difference(Area.VERSION, "mysql, SHA-256", "11", "22"),
        Difference(Area.VERSION, "Python", "3.11.7", "3.12.1"),
        Difference(Area.VERSION, "schema, digest", "aa", "bb"),
    ]


def test_only_latencies_beyond_factor_and_noise_are_differences() -> None:
    """A latency must change by the factor and by more than noise, in either direction."""
    old = _latencies(Model=0.01, Project=1.0, RayJob=1.0)
    new = _latencies(Model=0.05, Project=1.9, RayJob=2.0)
    slower = Difference(Area.LATENCY, "RayJob, create to row", "1.0 s", "2.0 s", worse=True)
    assert compare_records(old, new) == [slower]
    faster = Difference(Area.LATENCY, "RayJob, create to row", "2.0 s", "1.0 s", worse=False)
    assert compare_records(new, old) == [faster]
    assert len(compare_records(old, new, latency_factor=1.5, latency_floor_s=0.0)) == 3


def test_what_all_kinds_take_longer_is_seen() -> None:
    """All kinds from 5 to 95 ms are worse, although no single one is beyond noise; 5 to 20 ms is not."""

    def build(seconds: float) -> Record:
        return _latencies(**{kind.name: seconds + place / 1000 for place, kind in enumerate(KINDS)})

    assert compare_records(build(0.005), build(0.095)) == [
        Difference(Area.LATENCY, "13 kinds, create to row", "11.0 ms", "101 ms", worse=True)
    ]
    assert compare_records(build(0.005), build(0.020)) == []
    assert [item.worse for item in compare_records(build(0.095), build(0.005))] == [False]


def test_every_format_says_what_is_worse() -> None:
    """Text, Markdown, JSON and the page have each difference and the sum of them."""
    old, new = build_short_record(with_faults=False), build_short_record()
    differences = compare_records(old, new)
    texts = {name: render(old, new, differences) for name, render in FORMATS.items()}
    for text in texts.values():
        assert all(item.subject in text for item in differences)
    assert summarise_diff(differences) == "2 worse; 1 other change."
    assert texts["text"].splitlines()[0] == texts["markdown"].splitlines()[0] == "2 worse; 1 other change."
    data = json.loads(texts["json"])
    assert (data["worse"], [item["area"] for item in data["differences"]]) == (2, ["cell", "cell", "issue"])
    assert texts["html"].startswith("<!DOCTYPE html>")
    assert "WORSE" in texts["html"]


def test_equal_runs_are_told_in_every_format() -> None:
    """Without a difference each format still says so."""
    record = build_short_record()
    texts = {name: render(record, record, []) for name, render in FORMATS.items()}
    assert (texts["text"], json.loads(texts["json"])["worse"]) == ("No differences.\n", 0)
    assert "NOT WORSE" in texts["html"]


def test_the_diff_as_text(check_golden: CheckGolden) -> None:
    """The text names both runs and groups what changed."""
    differences = compare_records(build_short_record(with_faults=False), build_short_record())
    check_golden("diff.txt", render_diff(differences, before="seed"))


def test_every_change_of_a_large_run_is_named() -> None:
    """Cells, checks of no kind and issues that changed are listed in the report's order, the rest counted."""
    differences = compare_records(build_clean_api_record(), build_record())
    assert [(item.subject, item.before, item.after, item.worse) for item in differences] == [
        ("Model, Synced to MySQL", "pass", "fail", True),
        ("Revision, Update in MySQL", "pass", "fail", True),
        ("RayJob, Updated", "pass", "error", True),
        ("1 cell of RayJob", "judged", "not run", True),
        ("Revision, 4.1 Proto agrees", "pass", "fail", True),
        ("RayJob, 4.4 Updated", "pass", "error", True),
        ("1 cell of RayJob (Through Michelangelo's API server)", "judged", "not run", True),
        ("cluster-outside-ma-system", "reproduced", "stale", False),
        ("sparkjob-driver-fields", "reproduced", "not checked", False),
    ]


def test_the_diff_as_markdown() -> None:
    """In Markdown the values are code, so that a version is not taken for markup."""
    differences = [
        Difference(Area.CELL, "Model, Updated", "pass", "fail", worse=True),
        Difference(Area.VERSION, "Python", "3.11", "3.12"),
    ]
    assert render_diff(differences, markdown=True) == (
        "**Cells**\n\n- Model, Updated: before: `pass`, now: `fail` (worse)\n\n"
        "**Versions**\n\n- Python: before: `3.11`, now: `3.12`\n"
    )
