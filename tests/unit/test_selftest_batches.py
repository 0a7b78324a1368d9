"""`tests.selftest.batches`: what is tried together can't be taken for one another, and nothing is left out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from harness.reference.process import Parts
from harness.reference.row import RowBuilder
from harness.reference.store import Store
from tests.selftest.batches import AT_EACH_CHANGE, BATCHES, group, make_parts
from tests.selftest.faults import CATALOGUE, CATALOGUE_BY_NAME
from tests.selftest.faults.fault import ALL, Fault
from tests.selftest.scheduling import BatchScheduling, rank


def make_fault(name: str, fails: Mapping[str, tuple[str, ...]], **fields: Any) -> Fault:
    """Return a fault that does nothing."""
    return Fault(name, Parts, fails, "", **fields)


def list_names(*faults: Fault) -> list[list[str]]:
    """Return the names of the faults of each batch."""
    return [[fault.name for fault in batch.faults] for batch in group(faults)]


def test_each_fault_is_in_one_batch() -> None:
    """No fault is lost, none is tried twice, and no name is given twice."""
    tried = [fault.name for batch in BATCHES for fault in batch.faults]
    assert sorted(tried) == sorted(CATALOGUE_BY_NAME)
    assert len(tried) == len(CATALOGUE)
    assert len({batch.name for batch in BATCHES}) == len(BATCHES)


def test_each_change_is_tried_with_each_chapter() -> None:
    """A batch of each, and none turns more of its chapter's sections red."""
    chosen = [batch for batch in BATCHES if batch.name in AT_EACH_CHANGE]
    assert sorted(batch.chapter for batch in chosen) == sorted({batch.chapter for batch in BATCHES})
    for batch in chosen:
        others = (each for each in BATCHES if each.chapter == batch.chapter)
        assert len(batch.reddens) == max(len(each.reddens) for each in others)


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch.name)
def test_faults_of_a_batch_are_strangers(batch: Any) -> None:
    """They concern different kinds and need the same run, and a kind is left alone."""
    for one, other in itertools.combinations(batch.faults, 2):
        assert not one.concerns & other.concerns
        assert (one.profile, one.chapter) == (other.profile, other.chapter)
        assert not one.is_alone
        assert not other.is_alone
    if not batch.faults[0].is_alone:
        assert batch.concerns < set(batch.kinds)


def test_the_first_batch_with_room_is_taken() -> None:
    """Faults of one kind, of other chapters and profiles, and those that are alone are tried apart."""
    assert list_names(
        make_fault("a", {"1.6": ("Model",)}),
        make_fault("b", {"1.6": ("Model",)}),
        make_fault("c", {"1.6": ("Project",)}),
        make_fault("alone", {"1.6": ("Cluster",)}, alone=True),
        make_fault("everywhere", {"1.1": ("",)}),
        make_fault("chapter", {"5.1": ("Revision",)}, chapter="contract"),
        make_fault("profile", {"1.6": ("Revision",)}, profile="report-2026-03"),
        make_fault("may", {"1.6": ("Pipeline",)}, may={"2.3": ("Project",)}),
    ) == [["a", "c"], ["b", "may"], ["alone"], ["everywhere"], ["chapter"], ["profile"]]


def test_one_kind_is_always_left_alone() -> None:
    """A fault that concerns the last kind goes elsewhere."""
    assert list_names(make_fault("a", {"1.6": ALL[:-1]}), make_fault("b", {"1.6": ALL[-1:]})) == [["a"], ["b"]]


def test_a_fault_answers_for_its_kinds_and_for_what_is_nobodys() -> None:
    """A cell of another fault's kind is that one's; one of no fault is everybody's."""
    one, other = make_fault("a", {"1.6": ("Model",)}), make_fault("b", {"1.6": ("Project",)})
    (batch,) = group([one, other])
    cells = [("1.6", "Model"), ("2.3", "Model"), ("1.6", "Project"), ("1.6", "Cluster"), ("1.1", "")]
    assert batch.find_own(one, cells) == {*cells} - {("1.6", "Project")}
    assert batch.find_own(other, cells) == {*cells} - {("1.6", "Model"), ("2.3", "Model")}


def test_only_what_is_selected_is_tried() -> None:
    """A fault that is tried alone has an ingester and kinds of its own."""
    (batch,) = group([make_fault("a", {"1.6": ("Model",)}), make_fault("b", {"1.6": ("Cluster",)})])
    assert batch.select({"b"}).kinds == ["Project", "Cluster"]


def test_each_kind_has_the_parts_of_its_fault() -> None:
    """Two faults of different kinds are one process, in which no other kind has parts that are theirs."""
    parts = make_parts(["empty-proto", "duplicate-row"])
    assert parts.by_kind.keys() == {"SparkJob", "InferenceServer"}
    assert parts.get("SparkJob").rows is not RowBuilder
    assert parts.get("InferenceServer").store is not Store
    assert (parts.get("SparkJob").store, parts.get("InferenceServer").rows) == (Store, RowBuilder)
    assert parts.get("Project") is parts


def test_a_worker_has_all_faults_of_a_batch() -> None:
    """Only then are they one run; whatever else there is goes its own way."""
    scheduling = BatchScheduling.__new__(BatchScheduling)
    test = "tests/selftest/test_faults.py::test_a_fault_turns_exactly_the_right_cells_red"
    (batch, *_) = [batch for batch in BATCHES if len(batch.faults) > 1]
    assert {scheduling._split_scope(f"{test}[{fault.name}]") for fault in batch.faults} == {batch.name}
    others = ["tests/unit/test_a.py::test_b[c]", "tests/selftest/test_faults.py::test_a_right_ingester_passes[p]"]
    assert [scheduling._split_scope(nodeid) for nodeid in others] == others


def test_what_is_short_comes_last() -> None:
    """The longest tests are begun first, so that none of them is all that is left at the end."""
    names = ["tests/unit/a.py::b", "tests/selftest/test_faults.py::c", "tests/integration/d.py::e"]
    assert sorted(names, key=rank) == [names[1], names[2], names[0]]
