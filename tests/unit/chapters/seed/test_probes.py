"""Section 3: each known issue is looked for, shown by evidence, or stale."""

from __future__ import annotations

import dataclasses

import pytest

from harness.chapters.seed.issues import ISSUES
from harness.core import codes
from harness.core.errors import CheckFailure, HarnessError
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import Known, NotApplicable, NotRun, StaleKnownIssueWarning
from harness.sandbox.log_coverage import LogCoverage
from harness.subject.log import WORKERS_STARTED
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.world import World
from tests.unit.chapters.seed.world import Seed

BY_ID = {issue.id: issue for issue in ISSUES}
SHOWS = {
    "sparkjob-double-panic": "panics",
    "triggerrun-deleted": "deletes trigger runs",
    "cluster-outside-ma-system": "rejects clusters",
    "sparkjob-driver-fields": "knows nothing special",   # a CRD that doesn't know the fields is how it is
}


def seed_for(issue: str, *faults: str, **options: object) -> Seed:
    """Return chapters whose version has that issue, with its kind alone."""
    return Seed(*faults, kinds=BY_ID[issue].kinds, issues=[BY_ID[issue]], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("issue", "fault"), SHOWS.items())
def test_an_issue_that_shows_is_shown(issue: str, fault: str) -> None:
    """From evidence: the check passes and names it."""
    check = seed_for(issue, fault).carry_out("3", issue)
    assert (check.issues, check.stale) == ([issue], [])
    assert check.evidence


@pytest.mark.parametrize("issue", SHOWS)
def test_an_issue_that_does_not_show_is_stale(issue: str) -> None:
    """It fails its check, or warns where that is tolerated."""
    faults = ["knows driver fields"] if issue == "sparkjob-driver-fields" else []
    seed = seed_for(issue, *faults)
    assert seed.fail("3", issue) == []
    assert (seed.last.issues, seed.last.stale) == ([], [issue])
    with pytest.warns(StaleKnownIssueWarning, match=issue):
        check = seed_for(issue, *faults).carry_out("3", issue, stale_tolerated="nobody minds")
    assert check.stale == [issue]


@pytest.mark.parametrize(
    ("issue", "faults"),
    [
        ("sparkjob-double-panic", ["syncs nothing"]),
        ("triggerrun-deleted", ["loses patches"]),
        ("cluster-outside-ma-system", ["logs nothing"]),
    ],
)
def test_a_fault_that_only_looks_like_it_is_not_it(issue: str, faults: list[str]) -> None:
    """No row, or no patch, but for another reason."""
    seed = seed_for(issue, *faults)
    seed.fail("3", issue)
    assert seed.last.stale == [issue]


def test_the_workaround_is_part_of_the_evidence() -> None:
    """What was done, and what came of it."""
    check = seed_for("sparkjob-double-panic", "panics").carry_out("3", "sparkjob-double-panic")
    assert any(item.title.startswith("deleted sparkjobs/") for item in check.evidence)
    check = seed_for("triggerrun-deleted", "deletes trigger runs").carry_out("3", "triggerrun-deleted")
    assert any(item.body.startswith("still there") for item in check.evidence)


def test_the_double_panic_runs_through_the_chapters() -> None:
    """Creation is accepted, log and row are known to be missing, all later sections are ruled out."""
    seed = seed_for("sparkjob-double-panic", "panics")
    assert seed.carry_out("1.4", "sparkjob").findings == []
    for number in ("1.5", "1.6"):
        with pytest.raises(Known, match="panics twice"):
            seed.carry_out(number, "sparkjob")
        assert seed.last.issues == ["sparkjob-double-panic"]
    for number in ("2.1", "2.2", "2.3", "2.4"):
        with pytest.raises(NotApplicable, match="known issue sparkjob-double-panic"):
            seed.carry_out(number, "sparkjob")


def test_a_section_is_ruled_out_only_where_the_issue_has_shown() -> None:
    """A version that has mended it is judged in full: only section 3 fails, since the list is stale."""
    seed = seed_for("sparkjob-double-panic")
    for number in ("1.4", "1.5", "1.6", "2.1", "2.2", "2.3"):
        assert seed.carry_out(number, "sparkjob").findings == []
    seed.fail("3", "sparkjob-double-panic")


def test_a_crash_that_the_version_is_not_known_for_fails() -> None:
    """Log and row are missing, and nothing excuses them."""
    seed = Seed("panics", kinds=["SparkJob"])
    assert [code for code, _ in seed.fail("1.6", "sparkjob")] == [codes.ROW_MISSING]
    assert [code for code, _ in seed.fail("1.5", "sparkjob")] == [codes.LOG_MISSING]


def test_a_controller_manager_that_stays_down_fails_the_others() -> None:
    """The workaround did not help: the row of another kind does not come, and its check says why."""
    seed = Seed("panics", "stays down", kinds=["Project", "SparkJob"], issues=[BY_ID["sparkjob-double-panic"]])
    assert seed.carry_out("1.3", "").findings == []
    seed.scenario.create(CONTRACT.get_case("SparkJob"))
    assert [code for code, _ in seed.fail("1.6")] == [codes.ROW_MISSING]


def test_the_recreated_trigger_run_is_known_in_its_sections() -> None:
    """The refused patch is known; log and row are those of the second object."""
    seed = seed_for("triggerrun-deleted", "deletes trigger runs")
    with pytest.raises(Known, match="deleted by its business controller"):
        seed.carry_out("2.1", "triggerrun")
    assert seed.last.issues == ["triggerrun-deleted"]
    assert seed.carry_out("2.2", "triggerrun").findings == []
    assert seed.carry_out("2.3", "triggerrun").detail == "on re-create"
    assert seed.carry_out("2.4", "triggerrun").findings == []


def test_a_recreated_trigger_run_that_goes_again_fails() -> None:
    """The workaround's promise is judged."""
    seed = seed_for("triggerrun-deleted", "deletes trigger runs", "deletes trigger runs again")
    assert [code for code, _ in seed.fail("2.3", "triggerrun")] == [codes.OBJECT_GONE]


def test_a_refused_patch_that_the_version_is_not_known_for_fails() -> None:
    """With what is known of the object's deletion."""
    seed = Seed("deletes trigger runs", kinds=["TriggerRun"])
    assert [code for code, _ in seed.fail("2.1", "triggerrun")] == [codes.REQUEST_REFUSED]
    assert "TRIGGER_RUN_STATE_INVALID" in seed.last.findings[0].actual


def test_an_issue_of_the_log_needs_the_log() -> None:
    """Where it can't be read, nobody looked: that is no stale issue."""

    class Deaf(FakeSandbox):
        log_coverage = LogCoverage.NONE
        log_limit = "the logs are somebody else's"

    seed = seed_for("cluster-outside-ma-system", world=World(sandbox=Deaf()))
    with pytest.raises(NotApplicable, match="somebody else's"):
        seed.carry_out("3", "cluster-outside-ma-system")


def test_a_kind_without_controller_is_not_looked_at() -> None:
    """Its issue neither shows nor is stale."""
    seed = seed_for("cluster-outside-ma-system", registered=["Project"])
    seed.world.sandbox.log(WORKERS_STARTED)
    with pytest.raises(NotRun, match=r"1\.3"):
        seed.carry_out("3", "cluster-outside-ma-system")


def test_an_issue_that_needs_an_object_needs_it_accepted() -> None:
    """A refused CR fails 1.4; that its issue can't be seen then is no second failure."""
    for issue in ("sparkjob-double-panic", "triggerrun-deleted"):
        with pytest.raises(NotRun, match="not accepted"):
            seed_for(issue, "refuses creation").carry_out("3", issue)


def test_a_probe_changes_nothing() -> None:
    """The fields are sent as a dry run."""
    seed = seed_for("sparkjob-driver-fields")
    seed.carry_out("3", "sparkjob-driver-fields")
    found = seed.world.list_objects(CONTRACT.get_kind("SparkJob"), "")
    assert [obj["metadata"]["name"].endswith("-probe") for obj in found] == [False, False]


def test_only_issues_of_the_runs_kinds_are_looked_for() -> None:
    """And those that name this section."""
    elsewhere = dataclasses.replace(BY_ID["sparkjob-driver-fields"], id="elsewhere", sections=("1.4",))
    seed = Seed(kinds=["SparkJob"], issues=[*ISSUES, elsewhere])
    for issue in ("triggerrun-deleted", "elsewhere"):
        with pytest.raises(StopIteration):
            seed.carry_out("3", issue)


def test_an_issue_that_nobody_can_look_for_is_an_error() -> None:
    """A user's own issue of this section, say: it says so rather than to pass."""
    odd = KnownIssue("odd", "T", ("3",), "i", "w", kinds=("Project",), code="row.odd")
    with pytest.raises(HarnessError, match=r"section 3 has no way to look for row\.odd"):
        Seed(issues=[odd]).carry_out("3", "odd")


def test_a_stale_issue_says_what_to_do() -> None:
    """Prune it from the profile."""
    with pytest.raises(CheckFailure, match="prune it from the profile"):
        seed_for("triggerrun-deleted").carry_out("3", "triggerrun-deleted")
