"""Sections 6.4 to 6.8: what nobody watched is caught up with, and each fault turns its section red."""

from __future__ import annotations

import pytest

from harness.chapters.contract import deletions
from harness.chapters.restarts import backfill
from harness.chapters.restarts.issues import ISSUES
from harness.core import codes
from harness.core.outcomes import Known, NotApplicable
from tests.unit.chapters.restarts.world import BY_KIND, Restarts


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "_USUALLY_S", 0.03)
    monkeypatch.setattr(backfill, "_GLIMPSE_S", 0.01)
    monkeypatch.setattr(backfill, "MANY", 25)


@pytest.mark.parametrize("number", BY_KIND)
def test_a_right_product_catches_up(number: str) -> None:
    """With what was created, patched, deleted, and came and went meanwhile."""
    assert Restarts().record(number).findings == []


def test_nothing_is_synced_while_it_is_down() -> None:
    """Else there would be nothing to catch up with."""
    restarts = Restarts()
    restarts.record("6.2")
    life = restarts.gates.life
    subject = life.find(life.cases[0], "created-away")
    assert subject.read_row() is None
    restarts.record("6.4")
    assert subject.read_row() is not None


def test_an_immutable_kinds_objects_are_created_only() -> None:
    """They leave Kubernetes once they are caught up with."""
    restarts = Restarts(kinds=["Model"])
    assert restarts.record("6.4", "Model").findings == []
    for number in BY_KIND[1:]:
        with pytest.raises(NotApplicable, match="immutable kind"):
            restarts.record(number, "Model")


@pytest.mark.parametrize(
    ("number", "fault", "code"),
    [
        ("6.4", "syncs nothing", codes.ROW_MISSING),
        ("6.4", "writes wrong values", codes.ROW_COLUMN),
        ("6.5", "syncs no patch", codes.ROW_BEHIND),
        ("6.6", "keeps the row", codes.ROW_LIVE),
        ("6.6", "keeps the finalizer", codes.OBJECT_KEPT),
        ("6.6", "ignores the annotation", codes.OBJECT_KEPT),
        ("6.6", "keeps the object", codes.OBJECT_KEPT),
        ("6.6", "retires without a row", codes.ROW_BEHIND),
        ("6.6", "forgets retired rows", codes.ROW_DELETED),
        ("6.7", "sticks without a row", codes.OBJECT_KEPT),
    ],
)
def test_a_fault_turns_its_section_red(number: str, fault: str, code: str) -> None:
    """With a code of its own; the product is right before it goes down."""
    restarts = Restarts()
    restarts.record("6.2")
    restarts.world.faults.add(fault)
    assert code in restarts.find(number)


def test_a_deletion_without_a_row_is_known_to_stick() -> None:
    """By the error that it logs, where the version is known for it."""
    restarts = Restarts("sticks without a row", issues=ISSUES)
    with pytest.raises(Known):
        restarts.conclude("6.7")
    assert restarts.last.issues == ["unsynced-deletion-sticks"]


def test_a_thousand_objects_are_caught_up_with() -> None:
    """Each has a row, equal to it; the time and the rate are facts."""
    recorder = Restarts(kinds=["Project"]).record("6.8")
    assert recorder.findings == []
    assert recorder.facts["time"].endswith("objects/s")
    assert recorder.facts["objects"].startswith("25, created in ")


def test_an_object_that_is_lost_among_many_is_found() -> None:
    """By its uid; and one whose row differs by its column."""
    restarts = Restarts(kinds=["Project"])
    restarts.record("6.3")
    rows = restarts.world.rows["project"]
    lost = next(uid for uid, row in rows.items() if str(row.columns["name"]).endswith("-many-7"))
    del rows[lost]
    recorder = restarts.record("6.8")
    assert [(f.code, f.where) for f in recorder.findings] == [(codes.ROW_MISSING, f"uid {lost}")]


def test_without_their_kind_there_are_no_thousand() -> None:
    """A run of other kinds says so."""
    with pytest.raises(NotApplicable, match="Project, the kind of the 25 objects, is not part of the run"):
        Restarts().record("6.8")
