"""Promises of `harness.clients.michelangelo.descriptors`: a version's messages are read as its own code says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from harness.clients.michelangelo import classes
from harness.clients.michelangelo.classes import find_classes
from harness.clients.michelangelo.comparison import compare_decoded, compare_row_and_proto
from harness.clients.michelangelo.descriptors import DescribedClasses
from harness.clients.michelangelo.proto import decode
from harness.core.errors import HarnessError
from harness.spec.model import JsonObject
from harness.spec.read import Descriptors
from harness.spec.row import Row
from tests.fakes.contract import CONTRACT
from tests.fakes.world import make_row
from tests.unit.clients.michelangelo.conftest import make_object

PROJECT = CONTRACT.get_kind("Project")
_META = "k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto"
_META_TYPES = ".k8s.io.apimachinery.pkg.apis.meta.v1"
OBJECT = make_object(
    "Project",
    {"tier": 4, "urgent": True, "mode": "LATE", "deadline": "2026-03-09T20:51:07Z", "extra": {"size": 3}},
    annotations={"why": "because"},
    finalizers=["a", "b"],
    ownerReferences=[{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}],
    managedFields=[{"manager": "kubectl", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}}}],
)


def _make_files(**spec_types: str) -> tuple[bytes, ...]:
    """Return the descriptors of a project whose spec has some fields; `spec_types` replace types of these."""
    file = FileDescriptorProto(name="project.proto", package="michelangelo.api.v2", syntax="proto3")
    file.dependency.extend([_META, *(f"google/protobuf/{name}.proto" for name in ("timestamp", "struct")), "else"])
    file.service.add(name="Service").method.add(name="Get", input_type=".not.There", output_type=".not.There")
    mode = file.enum_type.add(name="Mode")
    for number, name in enumerate(("UNSET", "EARLY", "LATE")):
        mode.value.add(name=name, number=number)
    project, spec = file.message_type.add(name="Project"), file.message_type.add(name="ProjectSpec")
    own = ".michelangelo.api.v2"
    for number, name, json_name, type_name in (
        (1, "type_meta", "typeMeta", f"{_META_TYPES}.TypeMeta"),
        (2, "metadata", "metadata", f"{_META_TYPES}.ObjectMeta"),
        (3, "spec", "spec", f"{own}.ProjectSpec"),
    ):
        field = project.field.add(name=name, json_name=json_name, number=number, label=Field.LABEL_OPTIONAL)
        field.type, field.type_name = Field.TYPE_MESSAGE, type_name
    for number, (name, kind_of_type, type_name) in enumerate(
        (
            ("tier", Field.TYPE_INT32, ""),
            ("urgent", Field.TYPE_BOOL, ""),
            ("mode", Field.TYPE_ENUM, f"{own}.Mode"),
            ("deadline", Field.TYPE_MESSAGE, ".google.protobuf.Timestamp"),
            ("extra", Field.TYPE_MESSAGE, ".google.protobuf.Struct"),
            ("pod", Field.TYPE_MESSAGE, ".k8s.io.api.core.v1.PodSpec"),
            ("phase", Field.TYPE_ENUM, ".k8s.io.api.core.v1.PodSpec.Phase"),
        ),
        start=1,
    ):
        field = spec.field.add(name=name, json_name=name, number=number, label=Field.LABEL_OPTIONAL)
        field.type = kind_of_type
        if of_type := spec_types.get(name, type_name):
            field.type_name = of_type
    return (file.SerializeToString(),)


DESCRIPTORS = Descriptors(_make_files(), "proto-go/api/v2")


def _serialize(**spec: Any) -> bytes:
    """Return the object as the version serializes it, its spec with some more fields."""
    described = DescribedClasses(DESCRIPTORS)
    message = described.get(PROJECT)()
    message.type_meta.apiVersion, message.type_meta.kind = OBJECT["apiVersion"], "Project"
    metadata = OBJECT["metadata"]
    for name in ("name", "namespace", "uid", "resourceVersion", "generation"):
        setattr(message.metadata, name, metadata[name])
    message.metadata.creationTimestamp.seconds = 1773089467
    message.metadata.labels.update(metadata["labels"])
    message.metadata.annotations.update(metadata["annotations"])
    message.metadata.finalizers.extend(metadata["finalizers"])
    message.metadata.ownerReferences.add(**metadata["ownerReferences"][0])
    message.metadata.managedFields.add(
        manager="kubectl", fieldsType="FieldsV1", fieldsV1={"Raw": b'{"f:spec":{}}'}
    )
    message.spec.tier, message.spec.urgent, message.spec.mode = 4, True, 2
    message.spec.deadline.seconds = 1773089467
    message.spec.extra.update({"size": 3})
    for name, value in spec.items():
        setattr(message.spec, name, value)
    return bytes(message.SerializeToString())


def _make_row(obj: JsonObject, proto: bytes) -> Row:
    row = make_row(PROJECT, obj, dt.datetime(2026, 3, 9))
    return Row(row.table, {**row.columns, "proto": proto})


def _compare(obj: JsonObject, proto: bytes) -> list[str]:
    found = compare_decoded(PROJECT, _make_row(obj, proto), None, find_classes(DESCRIPTORS))
    return [each.where.removeprefix("column proto against column json, ") for each in found]


def test_an_object_is_read_whole() -> None:
    """Its own fields, enums by name, well-known types, and the metadata of Kubernetes."""
    decoded = decode(PROJECT, _serialize(), DescribedClasses(DESCRIPTORS))
    assert decoded.object == OBJECT
    assert decoded.unknown == []
    assert _compare(OBJECT, _serialize()) == []


@pytest.mark.parametrize(("field", "value"), [("tier", 3), ("tier", 0), ("urgent", False), ("mode", 1)])
def test_a_field_that_is_no_text_is_found(field: str, value: object) -> None:
    """Whose loss no text of the column tells."""
    assert _compare(OBJECT, _serialize(**{field: value})) == [f"spec.{field}"]


def test_an_integer_and_its_text_are_the_same() -> None:
    """Which of them JSON has, depends on where it stands; the bytes know one."""
    written = {**OBJECT, "spec": {**OBJECT["spec"], "tier": "4"}}
    assert _compare(written, _serialize()) == []
    assert _compare(written, _serialize(tier=5)) == ["spec.tier"]


def test_types_of_others_are_left_unread() -> None:
    """What they hold is known to be there, and is no difference; beside it everything counts."""
    described = DescribedClasses(DESCRIPTORS)
    message = described.get(PROJECT).FromString(_serialize())
    message.spec.pod.MergeFromString(b"\x0a\x03abc")
    (unread,) = decode(PROJECT, message.SerializeToString(), described).unknown
    assert (unread.path, unread.numbers, unread.empty) == ("spec.pod", (1,), True)
    obj = {**OBJECT, "spec": {**OBJECT["spec"], "pod": {"any": "thing"}, "tier": 5}}
    assert _compare(obj, message.SerializeToString()) == ["spec.tier"]


def test_a_kind_without_a_message_is_named() -> None:
    """As one of a later version."""
    with pytest.raises(HarnessError, match=r"the descriptors in proto-go/api/v2 have no message .*\.Model"):
        DescribedClasses(DESCRIPTORS).get(CONTRACT.get_kind("Model"))


@pytest.mark.parametrize("files", [(b"nonsense",), _make_files(tier=".michelangelo.api.v2.Mode")])
def test_descriptors_that_do_not_fit_give_way_to_the_extra(
    files: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without that, why nothing can be decoded is said of both."""
    find_classes.cache_clear()
    broken = Descriptors(files, "there")
    monkeypatch.setattr(classes, "find_missing", lambda: "needs the extra")
    with pytest.raises(HarnessError, match=r"the descriptors in there can't be used: .*needs the extra"):
        find_classes(broken)
    monkeypatch.setattr(classes, "find_missing", lambda: "")
    monkeypatch.setattr(classes, "get_version", lambda: "0.12")
    assert find_classes(broken).source == "michelangelo 0.12"
    find_classes.cache_clear()


def test_a_row_is_compared_in_both_its_copies() -> None:
    """As an audit does that decodes it."""
    wrong = _make_row(OBJECT, _serialize(tier=1))
    found = {each.where for each in compare_row_and_proto(DESCRIPTORS, PROJECT, OBJECT, wrong)}
    assert {"column proto against column json, spec.tier", "column proto against the object, spec.tier"} <= found
