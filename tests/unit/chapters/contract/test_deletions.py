"""Sections 5.6 to 5.12: what a right product does passes, and each section's fault turns it red."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping

import pytest

from harness.chapters.contract import deletions, lifecycle
from harness.chapters.contract.issues import ISSUES
from harness.core import codes
from harness.core.errors import CheckFailure
from harness.core.outcomes import Known, NotApplicable
from harness.suite.expectations import Expectations
from harness.suite.recorder import Recorder
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World
from tests.unit.chapters.contract.world import Contract

NUMBERS = ("5.6", "5.7", "5.8", "5.9", "5.10", "5.11")
FOR_ALL = ("5.9",)
FOR_IMMUTABLE = ("5.9", "5.12")
LEAVING = dataclasses.replace(CONTRACT, features={"kubernetes-delete": "release"})


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "_USUALLY_S", 0.03)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_right_product_passes(number: str) -> None:
    """Each section alone, with the steps that it stands on."""
    assert Contract().record(number).findings == []


@pytest.mark.parametrize("number", FOR_IMMUTABLE)
def test_a_right_product_passes_with_an_immutable_kind(number: str) -> None:
    """Its objects are retired without being asked to."""
    assert Contract(kind="Model").record(number).findings == []


@pytest.mark.parametrize("number", [number for number in NUMBERS if number not in FOR_ALL])
def test_the_others_are_not_for_immutable_kinds(number: str) -> None:
    """There is nothing left to delete."""
    with pytest.raises(NotApplicable, match="immutable kind"):
        Contract(kind="Model").record(number)


def test_they_pass_one_after_the_other() -> None:
    """In the report's order, and backwards."""
    for numbers in (NUMBERS, NUMBERS[::-1]):
        contract = Contract()
        for number in numbers:
            contract.conclude(number)


@pytest.mark.parametrize(
    ("number", "fault", "code"),
    [
        ("5.6", "keeps the row", codes.ROW_LIVE),
        ("5.6", "removes the row", codes.ROW_LOST),
        ("5.6", "wrong time", codes.ROW_TIME),
        ("5.6", "releases first", codes.ORDER),
        ("5.6", "keeps the finalizer", codes.OBJECT_KEPT),
        ("5.7", "orphans", codes.ROW_LIVE),
        ("5.7", "removes the row", codes.ROW_LOST),
        ("5.8", "ignores the annotation", codes.OBJECT_KEPT),
        ("5.8", "retires what is to be deleted", codes.ROW_LIVE),
        ("5.8", "releases first", codes.ORDER),
        ("5.8", "keeps the row", codes.ROW_LIVE),
        ("5.9", "keeps the object", codes.OBJECT_KEPT),
        ("5.9", "forgets retired rows", codes.ROW_DELETED),
        ("5.10", "removes the row", codes.ROW_LOST),
        ("5.10", "deletes over again", codes.ROW_CHANGED),
        ("5.10", "revives the namesake", codes.ROW_DUPLICATE),
        ("5.11", "revives the namesake", codes.ROW_DUPLICATE),
    ],
)
def test_a_fault_turns_its_section_red(number: str, fault: str, code: str) -> None:
    """With a code of its own."""
    assert code in Contract(fault).find(number)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("keeps the object", codes.OBJECT_KEPT),
        ("retires without a row", codes.ROW_MISSING),
        ("forgets retired rows", codes.ROW_DELETED),
        ("retires first", codes.ORDER),
    ],
)
def test_an_immutable_kind_that_is_not_retired_is_found(fault: str, code: str) -> None:
    """It leaves Kubernetes, and a live row stays."""
    assert code in Contract(fault, kind="Model").find("5.9")


@pytest.mark.parametrize(("busy_for", "remark"), [(3, {}), (99, {"order": "perhaps not observed"})])
def test_a_row_that_others_write_is_held_anew(
    monkeypatch: pytest.MonkeyPatch, busy_for: int, remark: Mapping[str, str]
) -> None:
    """Who waits for it then waits with something else; of an object that is never left alone, the run says so."""
    monkeypatch.setattr(lifecycle, "_QUIET_S", 0.001)
    contract, recorder, looks = Contract(), Recorder(), itertools.count()
    subject = contract.life.make(contract.case, "busy", finalizer=True)
    monkeypatch.setattr(World, "is_awaited", property(lambda _: next(looks) < busy_for))
    with contract.life.hold_quiet(subject, recorder):
        assert next(looks) >= min(busy_for, 8)
    assert {name: text.partition(":")[0] for name, text in recorder.facts.items()} == remark


@pytest.mark.parametrize(
    ("number", "kind"), [("5.6", "Project"), ("5.8", "Project"), ("5.9", "Project"), ("5.9", "Model")]
)
def test_a_server_whose_locks_hold_nobody_shows_no_order(number: str, kind: str) -> None:
    """As a replica's: a right ingester has written the row by then, and is not blamed."""
    recorder = Contract("locks hold nobody", kind=kind).record(number)
    assert recorder.findings == []
    assert recorder.facts["order"] == "not observed: this server's shared locks keep nobody from writing"


def test_the_sibling_of_a_deleted_object_is_looked_at() -> None:
    """An Ingester that deletes by name alone takes it along."""
    contract = Contract()
    contract.record("5.6")
    sibling = contract.life.find(contract.case, "deleted sibling")
    assert sibling.read() is not None
    row = sibling.read_row()
    assert row is not None
    assert row.live


def test_what_upstream_leaves_undone_is_known() -> None:
    """Orphans and ghost rows, where the version is known for them; anything else beside them still fails."""
    contract = Contract("orphans", "ghost rows", issues=ISSUES)
    for number, issue in (("5.7", "orphan-without-finalizer"), ("5.11", "ghost-row")):
        with pytest.raises(Known):
            contract.conclude(number)
        assert contract.last.issues == [issue]
    immutable = Contract("ghost rows", kind="Model", issues=ISSUES)
    with pytest.raises(Known):
        immutable.conclude("5.12")
    with pytest.raises(CheckFailure):
        Contract("orphans", "writes wrong values", issues=ISSUES).conclude("5.7")


def test_a_product_that_has_mended_them_makes_them_stale() -> None:
    """The list is then pruned."""
    for number, issue in (("5.7", "orphan-without-finalizer"), ("5.11", "ghost-row")):
        contract = Contract(issues=ISSUES)
        with pytest.raises(CheckFailure, match=f"{issue} is stale"):
            contract.conclude(number)


def test_a_held_deletion_is_known_by_its_error() -> None:
    """Which depends on timing and need not show; without that error in the log it is a failure."""
    issues = Expectations(ISSUES).fit(CONTRACT).issues
    contract = Contract("keeps the finalizer", issues=issues)
    with pytest.raises(CheckFailure):
        contract.conclude("5.6")
    Contract(issues=issues).conclude("5.6")


def test_a_row_that_a_version_is_known_to_leave_is_no_failure() -> None:
    """Where only the annotation soft-deletes, the live row is known; where it does not stay, that is stale."""
    features, issues = {"kubernetes-delete": "release"}, Expectations(ISSUES).fit(LEAVING).issues
    with pytest.raises(Known, match="stays live, although it has the finalizer"):
        Contract("keeps the row", features=features, issues=issues).conclude("5.6")
    with pytest.raises(CheckFailure, match="kubernetes-delete-leaves-the-row is stale"):
        Contract(features=features, issues=issues).conclude("5.6")


def test_every_object_is_let_go_of_in_the_end() -> None:
    """Whatever the product left undone, so that the namespace can be removed."""
    contract = Contract("keeps the finalizer")
    for number in ("5.6", "5.8"):
        contract.record(number)
    left = contract.world.list_objects(contract.case.kind, "")
    assert not any("deletionTimestamp" in obj["metadata"] for obj in left)
