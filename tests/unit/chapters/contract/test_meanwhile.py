"""Sections 5.21 and 5.23: what others do to an object that is being let go of, and who undoes it."""

from __future__ import annotations

import pytest

from harness.chapters.contract import deletions
from harness.chapters.contract.issues import ISSUES
from harness.core import codes
from harness.core.outcomes import Known, NotApplicable
from tests.unit.chapters.contract.world import Contract

FINALIZERS = (codes.FINALIZER_MISSING, codes.FINALIZER_KEPT)


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "_USUALLY_S", 0.03)


@pytest.mark.parametrize("kind", ["Project", "PipelineRun"])
def test_a_right_product_passes(kind: str) -> None:
    """It takes its own finalizer off what the object is by then."""
    contract = Contract(kind=kind)
    assert contract.record("5.21").findings == []
    deletes = [request for request in contract.world.requests if request.startswith("delete")]
    assert bool(deletes) is (kind == "Project")   # else it stays held for as long as others hold it


@pytest.mark.parametrize("number", ["5.21", "5.23"])
def test_where_no_row_can_be_held_it_does_not_apply(number: str) -> None:
    """As on a replica, which the Ingester writes nothing to."""
    with pytest.raises(NotApplicable, match="is a replica"):
        Contract("is a replica").record(number)


def test_it_is_not_for_immutable_kinds() -> None:
    """They leave with their creation."""
    with pytest.raises(NotApplicable):
        Contract(kind="Model").record("5.21")


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("writes its copy back", {*FINALIZERS, codes.OBJECT_FIELD, codes.ROW_BEHIND}),
        ("writes its finalizers back", {*FINALIZERS, codes.ROW_BEHIND}),
        ("lets go of any version", {codes.ROW_BEHIND}),
        ("keeps the finalizer", {codes.OBJECT_KEPT}),
        ("takes all finalizers off", {codes.FINALIZER_MISSING}),
        ("keeps the row", {codes.ROW_LIVE}),
        ("removes the row", {codes.ROW_LOST}),
    ],
)
def test_a_fault_is_found(fault: str, found: set[str]) -> None:
    """By its code."""
    assert Contract(fault).find("5.21") == found


@pytest.mark.parametrize("kind", ["Project", "PipelineRun"])
def test_a_successor_stays(kind: str) -> None:
    """A right product sees that the name is another object's by now."""
    assert Contract(kind=kind).record("5.23").findings == []


@pytest.mark.parametrize(
    ("fault", "found"), [("lets go of any version", {codes.OBJECT_GONE}), ("syncs nothing", {codes.ROW_MISSING})]
)
def test_a_successor_that_goes_is_found(fault: str, found: set[str]) -> None:
    """It was deleted by its name, or has no row."""
    assert Contract(fault).find("5.23") == found


def test_what_a_merge_patch_undoes_is_known() -> None:
    """A version that takes its finalizer off so is not blamed for anything else."""
    ids = {"list-of-finalizers-written-back", "last-word-of-a-retired-object-lost"}
    issues = [issue for issue in ISSUES if issue.id in ids]
    contract = Contract("writes its finalizers back", kind="PipelineRun", issues=issues)
    with pytest.raises(Known):
        contract.conclude("5.21")
    assert set(contract.last.issues) == ids


def test_locks_that_hold_nobody_show_nothing() -> None:
    """Where the row is written all the same, nothing is undone by a right product, and nothing is found."""
    assert Contract("locks hold nobody").record("5.21").findings == []
