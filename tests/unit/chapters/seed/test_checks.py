"""Sections 1.4 to 2.4, against a made-up product: each fault turns its own check red."""

from __future__ import annotations

import pytest

from harness.core import codes
from harness.core.outcomes import NotApplicable, NotRun
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.log_coverage import LogCoverage
from harness.subject.log import WORKERS_STARTED
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.world import World
from tests.unit.chapters.seed.world import Seed

BY_KIND = ("1.4", "1.5", "1.6", "2.1", "2.2", "2.3", "2.4")


@pytest.mark.parametrize("kind", CONTRACT.names)
def test_a_right_product_passes_every_check(kind: str) -> None:
    """Of each kind, with its own template, patch and columns."""
    seed = Seed(kinds=[kind])
    for number in (*BY_KIND, "1.2"):
        assert seed.carry_out(number, kind.lower()).findings == []


def test_the_kinds_of_a_run_do_not_disturb_one_another() -> None:
    """All of them, in the report's order, one section after the other."""
    seed = Seed(kinds=CONTRACT.names)
    for number in BY_KIND:
        for kind in CONTRACT.names:
            assert seed.carry_out(number, kind.lower()).findings == []
    assert seed.carry_out("1.2", "").findings == []
    assert {latency.operation for latency in seed.context.latencies} == {"create", "patch"}


@pytest.mark.parametrize(
    ("number", "fault", "found"),
    [
        ("1.4", "refuses creation", (codes.REQUEST_REFUSED, "Project ingester-test")),
        ("1.5", "logs nothing", (codes.LOG_MISSING, "controller manager's log")),
        ("1.6", "syncs nothing", (codes.ROW_MISSING, "table project")),
        ("1.6", "writes wrong values", (codes.ROW_COLUMN, "column group_ver")),
        ("2.2", "logs nothing", (codes.LOG_MISSING, "controller manager's log")),
        ("2.3", "syncs no patch", (codes.ROW_BEHIND, "column res_version")),
        ("2.4", "writes wrong values", (codes.ROW_COLUMN, "column group_ver")),
    ],
)
def test_a_fault_turns_its_check_red(number: str, fault: str, found: tuple[str, str]) -> None:
    """With the code that a known issue would name."""
    assert Seed(fault).fail(number) == [found]


def test_a_field_that_is_not_stored_is_found() -> None:
    """All that was sent must be there; what the server adds doesn't count."""
    seed = Seed("drops a field")
    ((code, where),) = seed.fail("1.4")
    assert (code, where.split(".")[0]) == (codes.ROW_JSON, "spec")


def test_a_patch_that_does_not_take_is_found() -> None:
    """It was accepted, and the answer does not hold it."""
    findings = Seed("loses patches").fail("2.1")
    assert (codes.OBJECT_FIELD, "the answer, spec.tier") in findings


def test_a_row_in_another_table_is_found() -> None:
    """Of another kind: the row must be in its own only."""
    seed = Seed("writes a stray row", kinds=["Model"])
    assert (codes.ROW_STRAY, "tables with this uid") in seed.fail("1.6", "model")


def test_a_row_that_is_not_written_again_is_found() -> None:
    """update_time is after that of the row as it was first seen."""
    seed = Seed()
    update = seed.scenario.update(CONTRACT.get_case("Project"))
    sync = seed.scenario.sync_update(CONTRACT.get_case("Project"))
    assert update.synced is not None
    assert sync.row is not None
    sync.row = type(sync.row)(
        sync.row.table,
        {**sync.row.columns, "update_time": update.synced.update_time},
        sync.row.labels,
        sync.row.annotations,
    )
    assert seed.fail("2.3") == [(codes.ROW_TIME, "column update_time")]


def test_what_stands_on_a_refused_object_does_not_run() -> None:
    """It names the section that says why."""
    seed = Seed("refuses creation")
    for number in BY_KIND[1:]:
        with pytest.raises(NotRun, match=r"^1\.4: the CR was not accepted: 400"):
            seed.carry_out(number)


def test_a_kind_without_controller_does_not_run() -> None:
    """Nothing is sent for it."""
    seed = Seed(registered=["Model"])
    seed.world.sandbox.log(WORKERS_STARTED)
    for number in BY_KIND:
        with pytest.raises(NotRun, match=r"^1\.3: 1 of 13"):
            seed.carry_out(number)
    assert seed.world.requests == []


def test_a_log_that_can_not_be_read_is_not_judged() -> None:
    """The rows are the proof, and are judged all the same."""

    class Deaf(FakeSandbox):
        log_coverage = LogCoverage.NONE
        log_limit = "the logs are somebody else's"

    seed = Seed(world=World(["logs nothing"], sandbox=Deaf()))
    for number in ("1.5", "2.2"):
        with pytest.raises(NotApplicable, match="somebody else's"):
            seed.carry_out(number)
    for number in ("1.4", "1.6", "2.1", "2.3", "2.4"):
        seed.carry_out(number)


def test_an_immutable_object_leaves_and_its_row_stays() -> None:
    """What a patch would show is not applicable, once that has been seen."""
    seed = Seed(kinds=["Model"], immutable_kinds=["Model"])
    for number in ("1.4", "1.5", "1.6"):
        assert seed.carry_out(number, "model").findings == []
    for number, reason in (
        ("2.1", "the object has left Kubernetes"),
        ("2.2", "there is no update to reconcile"),
        ("2.3", "the row stays as it is"),
        ("2.4", "the other row is whole"),
    ):
        with pytest.raises(NotApplicable, match=reason):
            seed.carry_out(number, "model")


@pytest.mark.parametrize(
    ("number", "fault", "code"),
    [("2.1", "keeps the object", codes.OBJECT_KEPT), ("2.3", "forgets retired rows", codes.ROW_CHANGED)],
)
def test_an_immutable_object_is_judged_not_assumed(number: str, fault: str, code: str) -> None:
    """One that stays, or takes its row along, is a finding."""
    seed = Seed(fault, kinds=["Model"], immutable_kinds=["Model"])
    if fault == "forgets retired rows":
        seed.world.faults.clear()
        seed.scenario.update(CONTRACT.get_case("Model"))
        seed.world.rows["model"].clear()
    assert [found for found, _ in seed.fail(number, "model")] == [code]


def test_a_restart_is_told_of_a_row_that_came_after_it() -> None:
    """The report says so beside the check that passes."""
    seed = Seed()
    seed.scenario.create(CONTRACT.get_case("Project"))
    seed.world.sandbox.restarts = 1
    assert seed.carry_out("1.6").detail == "after restart"


@pytest.mark.parametrize(
    ("number", "name", "act", "code"),
    [
        ("1.1", "", "restart", codes.COMPONENT_STATE),
        ("1.2", "", "drop", codes.TABLE_MISSING),
        ("1.2", "project", "drop", codes.TABLE_MISSING),
        ("1.2", "project", "narrow", codes.TABLE_COLUMN),
        ("1.3", "", "forget", codes.CONTROLLER_MISSING),
    ],
)
def test_what_stands_before_the_first_object_is_judged(number: str, name: str, act: str, code: str) -> None:
    """Components, tables with their columns, registered controllers."""
    seed = Seed(registered=CONTRACT.names if act != "forget" else ["Project"])
    seed.world.sandbox.log(WORKERS_STARTED)
    tables = {table: {"uid": "varchar(36)"} for table in CONTRACT.tables} | _make_tables(seed.world)
    seed.context.__dict__["tables"] = tables
    if act == "restart":
        seed.world.sandbox.restarts = 1
    if act == "drop":
        del tables["project_labels"]
    if act == "narrow":
        tables["project"]["name"] = "varchar(100)"
    found = seed.fail(number, name)
    assert {code} == {each for each, _ in found}
    assert len(found) == (12 if act == "forget" else 1)
    if act == "restart":
        assert found[0][1] == CONTROLLERMGR


def _make_tables(world: World) -> dict[str, dict[str, str]]:
    """Return Project's tables as they should be."""
    kind = CONTRACT.get_kind("Project")
    world.create(kind, {"metadata": {"namespace": "n", "name": "m"}, "spec": {"tier": 1}})
    return world.get_columns()


def test_all_is_well_before_the_first_object() -> None:
    """One component without restart, and a controller for each kind."""
    seed = Seed()
    assert seed.carry_out("1.1", "").findings == []
    assert seed.carry_out("1.3", "").findings == []
