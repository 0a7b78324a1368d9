"""Promises of `harness.audit.classification`: what an object and its row are to each other."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.audit.classes import EXPLANATIONS, AuditClass
from harness.audit.classification import Policy, judge_object, judge_row
from harness.core import codes
from harness.spec.annotations import DELETING_ANNOTATION, IMMUTABLE_ANNOTATION, INGESTER_FINALIZER
from harness.spec.features import KUBERNETES_DELETE, RELEASE, Life
from harness.spec.model import JsonObject
from harness.spec.row import Row
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.faults.builders import make_obj, make_row

KIND = CONTRACT.get_kind("Project")
NOW = datetime(2026, 3, 1, 12, 10)
POLICY = Policy(KIND, Life.MUTABLE)
RETAINED, IMMUTABLE = Policy(KIND, Life.RETAINED), Policy(KIND, Life.IMMUTABLE)
OTHERS = "example.com/drain"


def leaving(minutes: float, *finalizers: str, **metadata: Any) -> JsonObject:
    """Return an object that has been being deleted for so long."""
    since = (NOW - timedelta(minutes=minutes)).replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    return make_obj(deletionTimestamp=since, finalizers=list(finalizers), **metadata)


def judge(policy: Policy, obj: JsonObject, row: Row | None) -> tuple[AuditClass, bool]:
    """Return the class, and whether it is open."""
    judged = judge_object(policy, obj, row, NOW)
    return judged.audit_class, judged.open


def change_pairs(row: Row, **pairs: tuple[tuple[str, str], ...]) -> Row:
    """Return the row with other labels or annotations."""
    return dataclasses.replace(row, **pairs)  # type: ignore[arg-type]


def test_row_that_holds_its_object_is_equal() -> None:
    """A row at its object's version, with its content, is equal, and nothing is left open."""
    obj = make_obj()
    assert judge(POLICY, obj, make_row(obj)) == (AuditClass.EQUAL, False)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (None, AuditClass.MISSING),
        (make_row(make_obj(version=9)), AuditClass.BEHIND),
        (make_row(make_obj(version=11)), AuditClass.AHEAD),
        (make_row(make_obj(), deleted=True), AuditClass.DELETED),
    ],
)
def test_what_time_may_mend_is_open(row: Row | None, expected: AuditClass) -> None:
    """A row that is not there, at another version or soft-deleted may be on its way: it is looked at again."""
    assert judge(POLICY, make_obj(), row) == (expected, True)


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        ({"tier": "3"}, "column tier"),
        ({"namespace": "elsewhere"}, "column namespace"),
        ({"json": json.dumps({**make_obj(), "spec": {"tier": 3}})}, "column json, spec.tier"),
        ({"proto": b""}, "column proto"),
    ],
)
def test_other_content_at_the_same_version_differs(columns: dict[str, Any], where: str) -> None:
    """A column, a field of json, or a proto that is not the object's is named, at once."""
    obj = make_obj()
    judged = judge_object(POLICY, obj, make_row(obj, **columns), NOW)
    assert (judged.audit_class, judged.open) == (AuditClass.DIFFERS, False)
    assert where in [each.where for each in judged.findings]


def test_other_label_differs() -> None:
    """A label that the object does not have is named with its table and key."""
    obj = make_obj()
    row = change_pairs(make_row(obj), labels=(("load/stage", "v9"),))
    judged = judge_object(POLICY, obj, row, NOW)
    assert judged.audit_class is AuditClass.DIFFERS
    assert [each.where for each in judged.findings] == ["table project_labels, key load/stage"]


def test_label_that_is_there_twice_is_a_stray_child_row() -> None:
    """A label that is there twice is a stray child row; with another difference beside it the row differs."""
    obj = make_obj()
    twice = change_pairs(make_row(obj), labels=(("load/stage", "v10"), ("load/stage", "v10")))
    assert judge(POLICY, obj, twice) == (AuditClass.CHILDREN, False)
    both = change_pairs(make_row(obj, tier="3"), labels=twice.labels)
    assert judge(POLICY, obj, both) == (AuditClass.DIFFERS, False)


def test_content_that_nobody_compares_is_equal() -> None:
    """Outside of the sample keys and versions decide alone."""
    obj = make_obj()
    policy = dataclasses.replace(POLICY, compare=None)
    assert judge(policy, obj, make_row(obj, tier="3")) == (AuditClass.EQUAL, False)


@pytest.mark.parametrize("row", [None, make_row(make_obj()), make_row(make_obj(), deleted=True)])
def test_object_that_the_ingester_holds_for_long_is_stuck(row: Row | None) -> None:
    """An object that is being deleted, with the Ingester's finalizer, is under way, and after minutes stuck."""
    assert judge(POLICY, leaving(1, INGESTER_FINALIZER), row) == (AuditClass.LATE, True)
    assert judge(POLICY, leaving(6, INGESTER_FINALIZER), row) == (AuditClass.STUCK, False)
    assert judge(POLICY, leaving(6, INGESTER_FINALIZER, OTHERS), row) == (AuditClass.STUCK, False)


def test_object_that_others_hold_is_not_the_ingesters() -> None:
    """Held by others alone, an object's row is right if it is soft-deleted, or its kind's rows stay."""
    obj, live = leaving(60, OTHERS), make_row(make_obj())
    assert judge(POLICY, obj, make_row(make_obj(), deleted=True)) == (AuditClass.EQUAL, False)
    assert judge(POLICY, obj, None) == (AuditClass.EQUAL, False)
    assert judge(POLICY, obj, live) == (AuditClass.ALIVE, True)
    for policy in (RETAINED, IMMUTABLE, dataclasses.replace(POLICY, leaves_rows=True)):
        assert judge(policy, obj, live) == (AuditClass.EQUAL, False)


def test_row_of_a_retained_kind_follows_while_others_hold_its_object() -> None:
    """The Ingester's finalizer stays as long as another one does: the row is judged as a living object's."""
    obj = leaving(60, INGESTER_FINALIZER, OTHERS)
    assert judge(RETAINED, obj, make_row(obj)) == (AuditClass.EQUAL, False)
    assert judge(RETAINED, obj, make_row(make_obj(version=9))) == (AuditClass.BEHIND, True)
    assert judge(RETAINED, leaving(60, INGESTER_FINALIZER), make_row(obj)) == (AuditClass.STUCK, False)


@pytest.mark.parametrize(
    ("policy", "annotation"), [(POLICY, DELETING_ANNOTATION), (POLICY, IMMUTABLE_ANNOTATION), (IMMUTABLE, "")]
)
def test_object_that_should_have_left_is_stuck_in_the_end(policy: Policy, annotation: str) -> None:
    """An object that is marked to leave, or whose kind lives in MySQL, may take its time, and no more."""
    obj = make_obj(annotations={annotation: "true"} if annotation else {})
    assert judge(policy, obj, make_row(obj)) == (AuditClass.STUCK, True)


@pytest.mark.parametrize("policy", [POLICY, RETAINED, IMMUTABLE])
def test_soft_deleted_row_is_right_alone(policy: Policy) -> None:
    """A soft-deleted row of an object that is gone is as it should be, also beside a successor."""
    row = make_row(make_obj(), deleted=True)
    assert judge_row(policy, row, ["uid-of-another"]).audit_class is AuditClass.ALONE


def test_live_row_without_object_is_an_orphan() -> None:
    """A live row whose object is gone is an orphan, unless its kind's rows outlive their objects."""
    row = make_row(make_obj())
    judged = judge_row(POLICY, row, [row.uid])
    assert (judged.audit_class, judged.open) == (AuditClass.ORPHAN, True)
    for policy in (RETAINED, IMMUTABLE, dataclasses.replace(POLICY, leaves_rows=True)):
        assert judge_row(policy, row, [row.uid]).audit_class is AuditClass.ALONE
    retired = make_row(make_obj(annotations={IMMUTABLE_ANNOTATION: "true"}))
    assert judge_row(POLICY, retired, [row.uid]).audit_class is AuditClass.ALONE


def test_row_beside_a_live_namesake_is_a_ghost() -> None:
    """Of two live rows of a name one is a ghost, also of a retired object; retained ones may share a name."""
    row = make_row(make_obj())
    judged = judge_row(POLICY, row, [row.uid, "uid-of-another"])
    assert judged.audit_class is AuditClass.GHOST
    assert judged.findings[0].code == codes.ROW_DUPLICATE
    assert "uid-of-another" in judged.findings[0].actual
    assert judge_row(IMMUTABLE, row, [row.uid, "uid-of-another"]).audit_class is AuditClass.GHOST
    assert judge_row(RETAINED, row, [row.uid, "uid-of-another"]).audit_class is AuditClass.ALONE


@pytest.mark.parametrize("metadata", [{"deletionTimestamp": "2026-03-01T12:01:00Z"},
                                      {"annotations": {DELETING_ANNOTATION: "true"}}])  # fmt: skip
def test_live_row_that_knows_of_its_deletion_is_alive_though_deleted(metadata: dict[str, Any]) -> None:
    """A live row that holds an object on its way out says itself that it should be soft-deleted."""
    row = make_row(make_obj(**metadata))
    assert judge_row(POLICY, row, [row.uid]).audit_class is AuditClass.ALIVE


def test_policy_follows_the_contract() -> None:
    """A version in which no delete ends a row leaves rows; others do not."""
    assert Policy.of(CONTRACT, KIND, 300, None) == Policy(KIND, Life.MUTABLE, compare=None)
    release = dataclasses.replace(CONTRACT, features={KUBERNETES_DELETE: RELEASE})
    assert Policy.of(release, KIND, 300, None).leaves_rows


def test_each_class_is_explained() -> None:
    """Each class has a meaning, and each finding commands."""
    assert set(EXPLANATIONS) == set(AuditClass)
    assert all(bool(EXPLANATIONS[each].commands) is each.is_finding for each in AuditClass)
