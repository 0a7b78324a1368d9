"""A Project of a made-up version: its descriptors, an object, and how that version serializes it."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from harness.clients.michelangelo.descriptors import DescribedClasses
from harness.spec.read import Descriptors
from tests.fakes.contract import CONTRACT
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


def make_files(**spec_types: str) -> tuple[bytes, ...]:
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


DESCRIPTORS = Descriptors(make_files(), "proto-go/api/v2")


def serialize(**spec: Any) -> bytes:
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
