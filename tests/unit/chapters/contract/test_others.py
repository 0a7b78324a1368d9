"""Sections 5.16, 5.17, 5.25 and 5.26: what a right product leaves alone, and each section's faults."""

from __future__ import annotations

import pytest

from harness.chapters.contract import deletions
from harness.chapters.contract.issues import ISSUES
from harness.core import codes
from harness.core.outcomes import Known, NotApplicable
from tests.unit.chapters.contract.world import Contract


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "_USUALLY_S", 0.03)


@pytest.mark.parametrize(("number", "kind"), [("5.16", "Project"), ("5.17", "Project"), ("5.17", "Model")])
def test_a_right_product_passes(number: str, kind: str) -> None:
    """It lets go of its own finalizer alone, and knows rows by their keys."""
    assert Contract(kind=kind).record(number).findings == []


@pytest.mark.parametrize("kind", ["Model", "PipelineRun"])
def test_what_others_hold_is_for_kinds_that_are_soft_deleted(kind: str) -> None:
    """Immutable objects are never deleted, and rows of retained ones are refreshed."""
    with pytest.raises(NotApplicable):
        Contract(kind=kind).record("5.16")


@pytest.mark.parametrize(
    ("number", "faults", "code"),
    [
        ("5.16", ["takes all finalizers off"], codes.FINALIZER_MISSING),
        ("5.16", ["keeps the finalizer"], codes.OBJECT_KEPT),
        ("5.16", ["keeps the row"], codes.ROW_LIVE),
        ("5.16", ["removes the row"], codes.ROW_LOST),
        ("5.17", ["ghost rows", "soft-deletes by name"], codes.ROW_CHANGED),
        ("5.17", ["removes the row"], codes.ROW_LOST),
        ("5.17", ["ghost rows", "keeps the row"], codes.ROW_LIVE),
    ],
)
def test_a_fault_is_found(number: str, faults: list[str], code: str) -> None:
    """By its code."""
    assert code in Contract(*faults).find(number)


def test_a_soft_delete_by_name_is_known() -> None:
    """As the real product does it, in both ways of deletion."""
    (issue,) = (issue for issue in ISSUES if issue.id == "namesake-takes-the-record-along")
    contract = Contract("ghost rows", "soft-deletes by name", issues=(issue,))
    with pytest.raises(Known):
        contract.conclude("5.17")
    assert len(contract.record("5.17").findings) == 2


def test_who_lets_no_namesake_live_beside_another_passes() -> None:
    """What a creation does to an earlier row is another section's to judge: it is compared from then on."""
    assert Contract("soft-deletes by name").record("5.17").findings == []


@pytest.mark.parametrize("kind", ["Project", "Model", "PipelineRun"])
def test_objects_may_be_in_any_namespace(kind: str) -> None:
    """Also in those that Kubernetes makes for itself."""
    assert Contract(kind=kind).record("5.26").findings == []


def test_who_leaves_a_namespace_out_is_found() -> None:
    """Its rows never come, and its objects are taken away all the same."""
    contract = Contract("leaves kube-system out")
    recorder = contract.record("5.26")
    assert {finding.code for finding in recorder.findings} == {codes.ROW_MISSING}
    assert "created in namespace kube-system" in recorder.findings[0].where


@pytest.mark.parametrize("kind", ["Project", "ModelFamily", "Model", "PipelineRun"])
def test_objects_of_one_name_may_be_of_any_kind(kind: str) -> None:
    """Deleted or left, retained or retired, each has its own row."""
    others = ["Project", "ModelFamily", "Model", "PipelineRun"]
    assert Contract(kind=kind, others=others).record("5.25").findings == []


def test_who_knows_names_alone_loses_a_kind() -> None:
    """The one that had the name first is well."""
    contract = Contract("knows names alone", kind="ModelFamily", others=["Project"])
    assert codes.ROW_MISSING in contract.find("5.25")
    assert Contract("knows names alone", kind="Project", others=["ModelFamily"]).record("5.25").findings == []
