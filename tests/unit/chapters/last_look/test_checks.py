"""Sections 11.1 and 11.3: what was right is looked at once more, and whatever has become of it is found."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.chapters.last_look.checks import LastLook, check_rest, check_rows
from harness.core import codes
from harness.core.outcomes import NotApplicable
from harness.spec.annotations import IMMUTABLE_ANNOTATION
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from tests.unit.chapters.contract.world import Contract


def look(contract: Contract) -> Recorder:
    """Take the last look at the kind's rows."""
    recorder = Recorder()
    check_rows(LastLook(contract.life.context), contract.case, recorder)
    return recorder


def rest(contract: Contract, monkeypatch: pytest.MonkeyPatch, looks: Sequence[Mapping[str, Any]]) -> Recorder:
    """Look at objects at rest, whose rows change as told from one look to the next."""

    def hold(look: Callable[[], None], _condition: object, **_times: float) -> None:
        for columns in looks:
            change(contract, "annotated", **columns)
            look()

    monkeypatch.setattr("harness.chapters.last_look.checks.hold", hold)
    recorder = Recorder()
    check_rest(LastLook(contract.life.context), contract.case, recorder)
    return recorder


def change(contract: Contract, role: str, **columns: Any) -> None:
    """Change the row of the object of that role."""
    rows, key = contract.world.rows[contract.case.kind.table], contract.life.find(contract.case, role).key
    rows[key] = dataclasses.replace(rows[key], columns={**rows[key].columns, **columns})


@pytest.fixture
def contract() -> Contract:
    """A chapter in which an object was left alone, one deleted, and one orphaned."""
    contract = Contract()
    for number in ("5.5", "5.6", "5.7"):
        contract.record(number)
    return contract


def test_what_stays_right_passes(contract: Contract) -> None:
    """Rows of objects that are there, and rows alone."""
    recorder = look(contract)
    assert recorder.findings == []
    assert all(int(count) for count in recorder.facts.values())


@pytest.mark.parametrize("role", ["annotated", "deleted", "orphan"])
def test_a_row_that_is_purged_later_is_found(contract: Contract, role: str) -> None:
    """Whether its object is there or not."""
    del contract.world.rows[contract.case.kind.table][contract.life.find(contract.case, role).key]
    (finding,) = look(contract).findings
    assert finding.code == codes.ROW_LOST
    assert finding.where.startswith(f"Project {contract.life.find(contract.case, role).name}, ")


@pytest.mark.parametrize(
    ("role", "columns", "code"),
    [
        ("deleted", {"delete_time": None}, codes.ROW_CHANGED),
        ("orphan", {"delete_time": dt.datetime(2026, 1, 1)}, codes.ROW_CHANGED),
        ("orphan", {"namespace": "elsewhere"}, codes.ROW_CHANGED),
        ("annotated", {"delete_time": dt.datetime(2026, 1, 1)}, codes.ROW_DELETED),
        ("annotated", {"name": "other"}, codes.ROW_COLUMN),
        ("annotated", {"res_version": 1}, codes.ROW_BEHIND),
    ],
)
def test_a_row_that_changes_later_is_found(
    contract: Contract, role: str, columns: dict[str, Any], code: str
) -> None:
    """A deletion that is taken back, an orphan that is deleted or moved, a live row that is not."""
    change(contract, role, **columns)
    assert {finding.code for finding in look(contract).findings} == {code}


def test_an_object_that_nobody_has_deleted_is_missed(contract: Contract) -> None:
    """It was there, and nothing was asked for since."""
    subject = contract.life.find(contract.case, "annotated")
    contract.world.remove(contract.case.kind, subject.namespace, subject.name)
    assert [finding.code for finding in look(contract).findings] == [codes.OBJECT_GONE]


def retire(contract: Contract) -> Subject:
    """Let others retire an object after its row was looked at last, as its business controller may."""
    subject = contract.life.find(contract.case, "annotated")
    assert subject.seen is not None
    where = subject.namespace, subject.name
    body = {"metadata": {"annotations": {IMMUTABLE_ANNOTATION: "true"}}}
    contract.life.context.cluster.patch(contract.case.kind, *where, body)
    subject.is_there = None
    return subject


@pytest.mark.parametrize("is_there", [None, True])
def test_what_others_retired_is_compared_with_its_end(contract: Contract, is_there: bool | None) -> None:
    """Its row has gone on, to a version that the object had, and equals that; also where it was seen to stay."""
    subject = retire(contract)
    assert subject.history.read() is None
    subject.is_there = is_there
    assert look(contract).findings == []
    change(contract, "annotated", tier="other")
    assert [finding.code for finding in look(contract).findings] == [codes.ROW_COLUMN]


def test_a_version_that_a_retired_object_never_had_is_found(contract: Contract) -> None:
    """Unless the API server has forgotten its versions."""
    subject = retire(contract)
    change(contract, "annotated", res_version=10**6)
    assert codes.ROW_CHANGED in {finding.code for finding in look(contract).findings}
    subject.history.has_gaps = True
    assert look(contract).findings == []


def test_a_successor_may_have_ended_the_row() -> None:
    """Of one name one row is live, so that who soft-deletes the earlier one has done right; and nothing else."""
    contract = Contract(kind="Model")
    contract.record("5.9")
    first = contract.life.find(contract.case, "immutable")
    contract.record("5.12")
    assert contract.life.find_earlier(contract.case, "immutable") is first
    (row,) = [each for each in first.read_rows() if each.uid == first.key]
    assert not row.live
    assert look(contract).findings == []
    rows = contract.world.rows[contract.case.kind.table]
    rows[first.key] = dataclasses.replace(row, columns={**row.columns, "group_ver": "x"})
    assert [finding.code for finding in look(contract).findings] == [codes.ROW_CHANGED]


def test_an_object_that_follows_late_is_given_its_time(contract: Contract) -> None:
    """A patch that nobody has looked at since reaches its row within the time for it."""
    subject = contract.life.find(contract.case, "annotated")
    subject.patch({"metadata": {"labels": {"late": "yes"}}})
    assert look(contract).findings == []


def test_a_row_that_was_handed_on_is_its_last_object_s(contract: Contract) -> None:
    """An object that brings an earlier one's key along has its row from then on."""
    first = SimpleNamespace(case=contract.case, key="k", has_row=True, seen=None)
    for has_row in (True, False):
        later = SimpleNamespace(case=contract.case, key="k", has_row=has_row, seen=None)
        contract.life.context.surroundings.subjects[:] = [cast(Subject, first), cast(Subject, later)]
        assert LastLook(contract.life.context).list_subjects(contract.case) == [later] * has_row


def test_without_a_row_there_is_nothing_to_look_at() -> None:
    """A run whose objects never had one has said so elsewhere."""
    with pytest.raises(NotApplicable, match="no row of the kind"):
        look(Contract())


def _at(second: int) -> dict[str, Any]:
    return {"update_time": dt.datetime(2026, 1, 1, 0, 0, second)}


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ([_at(1), _at(1), _at(1)], False),
        ([_at(1), _at(2), _at(3)], False),   # once in two seconds, or late for a version of before
        ([_at(second) for second in (1, 1, 2, 3, 3, 4)], True),
        ([_at(second) | {"res_version": 10**6 + second} for second in (1, 2, 3, 4)], False),   # others write to it
    ],
)
def test_a_row_that_is_rewritten_all_the_time_is_found(
    contract: Contract, monkeypatch: pytest.MonkeyPatch, looks: Sequence[Mapping[str, Any]], found: bool
) -> None:
    """Three times in as many seconds, at one version."""
    recorder = rest(contract, monkeypatch, looks)
    assert {finding.code for finding in recorder.findings} == ({codes.ROW_REWRITTEN} if found else set())
    assert all("annotated" in finding.where for finding in recorder.findings)
    assert int(recorder.facts["rows watched"]) > 1
