"""Makes message classes of the descriptors that a version's own generated code has.

Of Kubernetes' types, whose descriptors are in other modules, an object's metadata and what is rendered in a way of
its own are declared here. All other ones are left empty: what they hold is not read, and differs from nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.clients.michelangelo.package import load
from harness.core.errors import HarnessError
from harness.spec.model import GROUP, VERSION, Kind
from harness.spec.read import Descriptors

UNREAD = "unread/"
"""What the names of files begin with whose messages are left empty."""

_WELL_KNOWN = "google/protobuf/"
_META = "k8s.io/apimachinery/pkg/apis/meta/v1"

_Fields = Mapping[str, tuple[int, str]]   # name -> number and type; '[]' before it: repeated, '{}': a map of texts
_KUBERNETES: Mapping[str, Mapping[str, _Fields]] = {   # by folder, as in the generated.proto that is there
    _META: {
        "Time": {"seconds": (1, "int64"), "nanos": (2, "int32")},
        "FieldsV1": {"Raw": (1, "bytes")},
        "TypeMeta": {"kind": (1, "string"), "apiVersion": (2, "string")},
        "OwnerReference": {
            "kind": (1, "string"),
            "name": (3, "string"),
            "uid": (4, "string"),
            "apiVersion": (5, "string"),
            "controller": (6, "bool"),
            "blockOwnerDeletion": (7, "bool"),
        },
        "ManagedFieldsEntry": {
            "manager": (1, "string"),
            "operation": (2, "string"),
            "apiVersion": (3, "string"),
            "time": (4, "Time"),
            "fieldsType": (6, "string"),
            "fieldsV1": (7, "FieldsV1"),
            "subresource": (8, "string"),
        },
        "ObjectMeta": {
            "name": (1, "string"),
            "generateName": (2, "string"),
            "namespace": (3, "string"),
            "selfLink": (4, "string"),
            "uid": (5, "string"),
            "resourceVersion": (6, "string"),
            "generation": (7, "int64"),
            "creationTimestamp": (8, "Time"),
            "deletionTimestamp": (9, "Time"),
            "deletionGracePeriodSeconds": (10, "int64"),
            "labels": (11, "{}"),
            "annotations": (12, "{}"),
            "ownerReferences": (13, "[]OwnerReference"),
            "finalizers": (14, "[]string"),
            "managedFields": (17, "[]ManagedFieldsEntry"),
        },
    },
    "k8s.io/apimachinery/pkg/api/resource": {"Quantity": {"string": (1, "string")}},
    "k8s.io/apimachinery/pkg/runtime": {"RawExtension": {"raw": (1, "bytes")}},
    "k8s.io/apimachinery/pkg/util/intstr": {
        "IntOrString": {"type": (1, "int64"), "intVal": (2, "int32"), "strVal": (3, "string")}
    },
}


class DescribedClasses:
    """The messages of a version, by its own descriptors. HarnessError where they don't fit together."""

    own = True

    def __init__(self, descriptors: Descriptors) -> None:
        self.source = f"the descriptors in {descriptors.source}"
        try:
            self._pool = _make_pool(descriptors.files)
        except (TypeError, ValueError, load("google.protobuf.message").DecodeError) as error:
            raise HarnessError(f"{self.source} can't be used: {error}") from error

    def get(self, kind: Kind) -> Any:
        """Return the class of the kind's objects; HarnessError where the version has none."""
        name = f"{GROUP}.{VERSION}.{kind.name}"
        try:
            descriptor = self._pool.FindMessageTypeByName(name)
        except KeyError:
            raise HarnessError(f"{self.source} have no message {name}") from None
        return load("google.protobuf.message_factory").GetMessageClass(descriptor)


def _make_pool(files: Iterable[bytes]) -> Any:
    make = load("google.protobuf.descriptor_pb2").FileDescriptorProto
    own = [make.FromString(data) for data in files]
    for file in own:
        del file.service[:], file.extension[:]   # options stay unread
    known = {file.name: file for file in (*own, *_declare_kubernetes(make))}
    needed = (name for file in own for name in file.dependency if name.startswith(_WELL_KNOWN))
    for name in dict.fromkeys(needed):
        module = load(name.removesuffix(".proto").replace("/", ".") + "_pb2")
        known[name] = make.FromString(module.DESCRIPTOR.serialized_pb)
    unread = _leave_empty(make, known.values())
    for file in own:
        there = [name for name in file.dependency if name in known]
        del file.dependency[:], file.public_dependency[:], file.weak_dependency[:]
        file.dependency.extend([*there, *(each.name for each in unread)])
    pool = load("google.protobuf.descriptor_pool").DescriptorPool()
    for file in _sort({**{file.name: file for file in unread}, **known}):
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def _declare_kubernetes(make: Any) -> Iterator[Any]:
    for folder, messages in _KUBERNETES.items():
        file = make(name=f"{folder}/generated.proto", package=folder.replace("/", "."), syntax="proto2")
        for name, fields in messages.items():
            message = file.message_type.add(name=name)
            for field_name, (number, declared) in fields.items():
                _declare_field(file.package, message, field_name, number, declared)
        yield file


def _declare_field(package: str, message: Any, name: str, number: int, declared: str) -> None:
    field = message.field.add(name=name, number=number, json_name=name, label=_count(declared))
    type_name = declared.removeprefix("[]")
    if declared == "{}":
        entry = message.nested_type.add(name=f"{name[0].upper()}{name[1:]}Entry")
        entry.options.map_entry = True
        for part, place in (("key", 1), ("value", 2)):
            _declare_field(package, entry, part, place, "string")
        field.type, field.type_name = field.TYPE_MESSAGE, f".{package}.{message.name}.{entry.name}"
    elif type_name[0].isupper():
        field.type, field.type_name = field.TYPE_MESSAGE, f".{package}.{type_name}"
    else:
        field.type = getattr(field, f"TYPE_{type_name.upper()}")


def _count(declared: str) -> int:
    """Return protobuf's number for how often a field may be there."""
    labels = load("google.protobuf.descriptor_pb2").FieldDescriptorProto
    is_repeated = declared.startswith(("[]", "{}"))
    return int(labels.LABEL_REPEATED if is_repeated else labels.LABEL_OPTIONAL)


def _leave_empty(make: Any, known: Iterable[Any]) -> list[Any]:
    """Return files with an empty message, or an enum of one value, for each type that no known one has."""
    known = list(known)
    defined = {name for file in known for name in _list_types(file)}
    fields = (field for file in known for message in _list_messages(file) for field in message.field)
    missing = {each.type_name: each.type for each in fields if each.type_name and each.type_name not in defined}
    files: dict[str, Any] = {}
    for name, kind_of_type in sorted(missing.items()):
        package, path = _split(name)
        file = files.setdefault(package, make(name=f"{UNREAD}{package}.proto", package=package, syntax="proto3"))
        message: Any = file
        for part in path[:-1]:
            message = _find_or_add(message, part)
        if kind_of_type == load("google.protobuf.descriptor_pb2").FieldDescriptorProto.TYPE_ENUM:
            message.enum_type.add(name=path[-1]).value.add(name=f"{'_'.join(path)}_UNREAD".upper(), number=0)
        else:
            _find_or_add(message, path[-1])
    return list(files.values())


def _split(type_name: str) -> tuple[str, Sequence[str]]:
    """Return the package of a type, and the names of its message and of those that it is nested in."""
    parts = type_name.removeprefix(".").split(".")
    first = next((index for index, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[:first]), parts[first:]


def _find_or_add(parent: Any, name: str) -> Any:
    messages = parent.nested_type if hasattr(parent, "nested_type") else parent.message_type
    return next((each for each in messages if each.name == name), None) or messages.add(name=name)


def _list_messages(file: Any) -> Iterator[Any]:
    waiting = list(file.message_type)
    while waiting:
        message = waiting.pop()
        waiting += message.nested_type
        yield message


def _list_types(parent: Any, scope: str = "") -> Iterator[str]:
    """Yield the full names of all types of a file, or of a message in the scope."""
    scope = scope or (f".{parent.package}" if parent.package else "")
    for enum in parent.enum_type:
        yield f"{scope}.{enum.name}"
    for message in parent.nested_type if hasattr(parent, "nested_type") else parent.message_type:
        yield f"{scope}.{message.name}"
        yield from _list_types(message, f"{scope}.{message.name}")


def _sort(files: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the files, each after those that it depends on."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[Any]:
        if name in done:
            return
        done.add(name)
        for needed in files[name].dependency:
            yield from visit(needed)
        yield files[name]

    for name in files:
        yield from visit(name)
