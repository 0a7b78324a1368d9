"""Sections 5.1 to 5.5 and their like: what a right product does passes, and each section's fault turns it red."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from harness.chapters.contract.writes import MANY, RAPID
from harness.core import codes
from harness.core.outcomes import NotApplicable
from tests.unit.chapters.contract.world import Contract

NUMBERS = ("5.1", "5.2", "5.3", "5.4", "5.5", "5.20", "5.22", "5.24")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("kind", ["Project", "ModelFamily"])
def test_a_right_product_passes(number: str, kind: str) -> None:
    """Each section alone."""
    assert Contract(kind=kind).record(number).findings == []


def test_they_pass_one_after_the_other() -> None:
    """Some share an object."""
    contract = Contract()
    for number in NUMBERS:
        contract.conclude(number)


@pytest.mark.parametrize(
    ("number", "fault", "found"),
    [
        ("5.1", "keeps old labels", {codes.ROW_LABELS}),
        ("5.2", "ignores the status", {codes.ROW_BEHIND}),
        ("5.3", "tires", {codes.ROW_BEHIND}),
        ("5.4", "loses what comes meanwhile", {codes.ROW_BEHIND}),
        ("5.5", "any value deletes", {codes.OBJECT_GONE}),
        ("5.22", "minds no case", {codes.ROW_ANNOTATIONS}),
        ("5.24", "only updates what it knows", {codes.ROW_MISSING}),
        ("5.20", "writes older versions", {codes.ROW_OVERTAKEN}),
        ("5.20", "compares versions as texts", {codes.ROW_BEHIND}),
    ],
)
def test_a_fault_turns_its_section_red(number: str, fault: str, found: set[str]) -> None:
    """With a code of its own."""
    assert found <= Contract(fault).find(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_rows_that_never_come_are_found_in_each(number: str) -> None:
    """And nothing else is awaited in vain."""
    assert codes.ROW_MISSING in Contract("syncs nothing").find(number)


@pytest.mark.parametrize("kind", ["ModelFamily", "Cluster"])
def test_every_text_is_changed_barely(kind: str) -> None:
    """Those with an indexed column and those without, a label and an annotation."""
    contract = Contract(kind=kind)
    contract.record("5.22")
    obj = contract.life.find(contract.case, "barely").read()
    assert obj is not None
    assert contract.case.texts
    for path in contract.case.texts:
        value: Any = functools.reduce(lambda inner, key: inner[key], path.split("."), obj)
        assert value.endswith("  "), path


def test_texts_that_the_schema_does_not_leave_free_are_left_alone() -> None:
    """What can be changed still is."""
    recorder = Contract("refuses texts").record("5.22")
    assert recorder.findings == []
    assert recorder.facts["changed"] == "a label, an annotation"


def test_rows_that_may_not_be_deleted_can_not_be_lost() -> None:
    """In a cluster of others the account may have read rights alone."""
    with pytest.raises(NotApplicable, match="may not delete"):
        Contract("may not delete rows").record("5.24")


def test_many_labels_and_annotations_are_sent() -> None:
    """One lost in a hundred shows."""
    contract = Contract()
    contract.record("5.1")
    subject = contract.life.find(contract.case, "labels")
    assert len(subject.sent["metadata"]["labels"]) >= MANY
    assert len(subject.sent["metadata"]["annotations"]) >= MANY


def test_a_hundred_patches_are_counted() -> None:
    """How many were accepted is a fact of the record; refusals are no failure."""
    recorder = Contract().record("5.3")
    assert recorder.facts["patches"].startswith(f"{RAPID} accepted, 0 refused, in ")


def test_a_row_was_held_while_it_was_patched() -> None:
    """The evidence says that the Ingester waited for it: without that, nothing is proven."""
    recorder = Contract().record("5.4")
    assert any("waited for it, " in item.body for item in recorder.evidence if item.title == "the row was held")


def test_a_kind_without_a_status_says_so() -> None:
    """The rest of its section is judged."""
    assert Contract().record("5.2").facts["status"] == "errorMessage"
    assert Contract(kind="ModelFamily").record("5.2").facts["status"] == "the kind has no status field"


@pytest.mark.parametrize("number", NUMBERS)
def test_they_are_not_for_immutable_kinds(number: str) -> None:
    """Their objects leave Kubernetes at once."""
    with pytest.raises(NotApplicable, match="immutable kind"):
        Contract(kind="Model").record(number)
