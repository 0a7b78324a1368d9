"""Tests of the proto column's comparison: each fault that a writer could have is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.clients.michelangelo import comparison
from harness.clients.michelangelo.classes import PackageClasses
from harness.clients.michelangelo.comparison import ProtoComparison
from harness.clients.michelangelo.proto import encode
from harness.core.record import Finding
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row
from tests.fakes.contract import CONTRACT
from tests.unit.clients.michelangelo.conftest import MakeRow, make_object

PROJECT = CONTRACT.get_kind("Project")
OBJECT = make_object("Project", {"description": "d", "tier": 4, "owner": {"owners": ["a", "b"]}})


def compare_decoded(kind: Kind, row: Row, obj: JsonObject | None = None) -> list[Finding]:
    """Compare by the package's classes."""
    return examine_decoded(kind, row, obj).findings


def examine_decoded(kind: Kind, row: Row, obj: JsonObject | None = None) -> ProtoComparison:
    """Compare by the package's classes."""
    return comparison.examine_decoded(kind, row, obj, PackageClasses())


def _serialize(obj: JsonObject, change: Callable[[Any], None] = lambda _: None) -> bytes:
    message = encode(CONTRACT.get_kind(obj["kind"]), obj)
    change(message)
    return bytes(message.SerializeToString())


def _find(row_proto: bytes, make_row: MakeRow) -> list[str]:
    """Return where the row's proto column differs from its json column."""
    prefix = "column proto against column json, "
    return [m.where.removeprefix(prefix) for m in compare_decoded(PROJECT, make_row(OBJECT, proto=row_proto))]


def test_copies_that_agree_have_no_difference(make_row: MakeRow) -> None:
    """The proto column of a right row agrees with its json column and with the object."""
    assert compare_decoded(PROJECT, make_row(OBJECT), OBJECT) == []


def test_a_changed_field_is_found(make_row: MakeRow) -> None:
    """One field with another value is one difference, with both values."""
    changed = _serialize(OBJECT, lambda message: setattr(message.spec, "tier", 3))
    assert compare_decoded(PROJECT, make_row(OBJECT, proto=changed)) == [
        Finding("row.proto", "column proto against column json, spec.tier", "4", "3")
    ]


def test_a_missing_field_is_found(make_row: MakeRow) -> None:
    """A field that the serialized object lacks is a difference."""
    assert _find(_serialize(OBJECT, lambda message: message.spec.ClearField("owner")), make_row) == ["spec.owner"]


def test_a_field_too_many_is_found(make_row: MakeRow) -> None:
    """A field that only the serialized object has is a difference."""
    assert _find(_serialize(OBJECT, lambda message: setattr(message.spec, "root_dir", "/")), make_row) == [
        "spec.rootDir"
    ]


def test_a_lost_list_item_is_found(make_row: MakeRow) -> None:
    """A list that is shorter is a difference."""
    assert _find(_serialize(OBJECT, lambda message: message.spec.owner.owners.pop()), make_row) == [
        "spec.owner.owners"
    ]


def test_a_lost_label_is_found_even_where_it_is_empty(make_row: MakeRow) -> None:
    """Labels are data: one with an empty value counts like any other."""
    assert _find(_serialize(OBJECT, lambda message: message.metadata.labels.pop("empty")), make_row) == [
        "metadata.labels[empty]"
    ]


def test_an_older_version_of_the_object_is_found(make_row: MakeRow) -> None:
    """A proto column that was not written again has the old resourceVersion in it."""
    stale = _serialize(OBJECT, lambda message: setattr(message.metadata, "resourceVersion", "40"))
    assert _find(stale, make_row) == ["metadata.resourceVersion"]


def test_another_object_is_found(make_row: MakeRow) -> None:
    """The bytes of another object of the kind differ at least in name and uid."""
    other = make_object("Project", OBJECT["spec"], name="other", uid="77")
    assert _find(_serialize(other), make_row) == ["metadata.name", "metadata.uid"]


@pytest.mark.parametrize(
    ("kind", "spec", "where"),
    [("RayCluster", {}, "kind"), ("Cluster", {"region": "r"}, "column proto")],
)
def test_an_object_of_another_kind_is_found(
    kind: str, spec: JsonObject, where: str, make_row: MakeRow
) -> None:
    """The bytes of another kind's object are found, whether or not they decode."""
    assert where in _find(_serialize(make_object(kind, spec)), make_row)


@pytest.mark.parametrize("length", [0, 1, 20, 60, -1])
def test_truncated_bytes_are_found(length: int, make_row: MakeRow) -> None:
    """However much is cut off, even at a field's end, it is a difference."""
    assert compare_decoded(PROJECT, make_row(OBJECT, proto=_serialize(OBJECT)[:length])) != []


def test_every_cut_is_found(make_row: MakeRow) -> None:
    """No prefix of the serialized object passes, even one that ends with a field."""
    data = _serialize(OBJECT)
    passed = [n for n in range(len(data)) if not compare_decoded(PROJECT, make_row(OBJECT, proto=data[:n]))]
    assert passed == []


def test_nothing_is_a_difference(make_row: MakeRow) -> None:
    """An empty or absent column is a difference of its own, not an empty object."""
    assert compare_decoded(PROJECT, make_row(OBJECT, proto=b"")) == [
        Finding("row.proto", "column proto", "the serialized object", "0 bytes")
    ]


def test_the_object_is_a_third_copy(make_row: MakeRow) -> None:
    """Where both columns agree and the object doesn't, the proto column differs from the object."""
    patched = {**OBJECT, "spec": {**OBJECT["spec"], "tier": 3}}
    assert compare_decoded(PROJECT, make_row(OBJECT), patched) == [
        Finding("row.proto", "column proto against the object, spec.tier", "3", "4")
    ]


def test_a_field_that_the_classes_do_not_know_is_no_difference(make_row: MakeRow) -> None:
    """Classes older than the product can't judge a new field: it is reported as unknown, not as lost."""
    newer = _serialize(OBJECT, lambda message: message.spec.MergeFromString(b"\xf8\x3f\x01"))
    stored = {**OBJECT, "spec": {**OBJECT["spec"], "newcomer": 1}}
    found = examine_decoded(PROJECT, make_row(OBJECT, proto=newer, stored=stored))
    assert ([str(m) for m in found.findings], [u.path for u in found.unknown]) == ([], ["spec"])


def test_unknown_bytes_excuse_no_field_that_is_known(make_row: MakeRow) -> None:
    """Unknown fields in a message hide no difference in one that its class knows."""

    def change(message: Any) -> None:
        message.spec.MergeFromString(b"\xf8\x3f\x01")
        message.spec.tier = 3

    assert _find(_serialize(OBJECT, change), make_row) == ["spec.tier"]


def test_a_new_field_that_the_bytes_lack_is_a_difference(make_row: MakeRow) -> None:
    """A field of the json column that no class knows and no unknown bytes can hold was lost."""
    stored = {**OBJECT, "spec": {**OBJECT["spec"], "newcomer": 1}}
    assert [m.where for m in compare_decoded(PROJECT, make_row(OBJECT, stored=stored))] == [
        "column proto against column json, spec.newcomer"
    ]
