"""Sections 5.18 and 5.19: what goes with its owner or namespace, and each section's faults."""

from __future__ import annotations

import pytest

from harness.chapters.contract import deletions
from harness.chapters.contract.issues import ISSUES
from harness.core import codes
from harness.core.outcomes import NotApplicable
from harness.core.record import Finding
from harness.sandbox.capabilities import CollectsGarbage
from harness.suite.expectations import Expectations
from tests.fakes.sandbox import FakeSandbox
from tests.unit.chapters.contract.world import Contract

NUMBERS = ("5.18", "5.19")


class Collecting(FakeSandbox):
    """A sandbox that is asked for its garbage collector, and may fail."""

    asked = 0

    def collect_garbage(self) -> None:
        """Count it."""
        self.asked += 1


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "_USUALLY_S", 0.03)


@pytest.mark.parametrize("kind", ["Project", "PipelineRun"])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_right_product_passes(number: str, kind: str) -> None:
    """A row is soft-deleted, or stays live where its kind is retained, whoever deletes the object."""
    assert Contract(kind=kind).record(number).findings == []


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing_goes_with_anything_where_nobody_collects(number: str) -> None:
    """In a cluster of others that proves nothing, and is said."""
    with pytest.raises(NotApplicable, match="in this cluster"):
        Contract("collects nothing").record(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_sandbox_is_asked_for_its_collector_once(number: str) -> None:
    """Where it certainly runs, an object that stays is a finding."""
    contract = Contract("collects nothing", sandbox=Collecting())
    sandbox = contract.life.context.sandbox
    assert isinstance(sandbox, CollectsGarbage)
    assert contract.find(number) >= {codes.OBJECT_KEPT}
    assert isinstance(sandbox, Collecting)
    assert sandbox.asked == 1


@pytest.mark.parametrize("number", NUMBERS)
def test_immutable_objects_are_gone_before(number: str) -> None:
    """Nothing is left that could go with anything."""
    with pytest.raises(NotApplicable):
        Contract(kind="Model").record(number)


@pytest.mark.parametrize(
    "error",
    [
        'Operation cannot be fulfilled on pipelines "x": the object has been modified',
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted",
    ],
)
@pytest.mark.parametrize("name", ["owner-orphan", "owned-foreground", "in-doomed-namespace"])
def test_a_garbage_collector_that_was_quicker_is_known(name: str, error: str) -> None:
    """What it writes between soft delete and finalizer keeps an object of some versions for ever."""
    (issue,) = (issue for issue in ISSUES if issue.id == "interrupted-deletion-sticks")
    seen = f"there; finalizers []; errors logged: {error}; object not found or already deleted: n/x"
    where = f"Pipeline ingester-test-pipeline-{name} in Kubernetes"
    finding = Finding(codes.OBJECT_KEPT, where, "released", seen)
    assert Expectations((issue,)).explain(finding)
    other = Finding(codes.OBJECT_KEPT, where, "released", "there; finalizers []; errors logged: none")
    assert not Expectations((issue,)).explain(other)


@pytest.mark.parametrize(
    ("number", "kind", "fault", "code"),
    [
        ("5.18", "Project", "forgets owners", codes.OBJECT_FIELD),
        ("5.18", "Project", "takes all finalizers off", codes.ORDER),
        ("5.18", "Project", "keeps the finalizer", codes.OBJECT_KEPT),
        ("5.18", "Project", "keeps the row", codes.ROW_LIVE),
        ("5.18", "PipelineRun", "deletes what is retained", codes.ROW_DELETED),
        ("5.19", "Project", "keeps the finalizer", codes.OBJECT_KEPT),
        ("5.19", "Project", "removes the row", codes.ROW_LOST),
        ("5.19", "PipelineRun", "deletes what is retained", codes.ROW_DELETED),
    ],
)
def test_a_fault_is_found(number: str, kind: str, fault: str, code: str) -> None:
    """By its code."""
    assert code in Contract(fault, kind=kind).find(number)
