"""Turns messages of the generated classes into Kubernetes objects, and back.

The product writes two dialects of JSON, and so does this module. Its own types follow proto3's mapping: 64-bit
integers are text, bytes are base64. Kubernetes' types inside them (metadata above all) follow Go's: integers
are numbers, a quantity is text, managed fields are JSON, an unset time is null. An Any stays packed, as
`@type` and base64: its type need not be known here.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import math
import struct
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field
from typing import Any

from harness.clients.michelangelo.classes import MessageClasses
from harness.clients.michelangelo.descriptors import UNREAD
from harness.clients.michelangelo.package import get_message_class, get_version, load
from harness.core.errors import HarnessError
from harness.spec.model import JsonObject, Kind

_KUBERNETES = "k8s.io."
_ANY = "google.protobuf.Any"
_TIMESTAMP = "google.protobuf.Timestamp"
_TIME = "k8s.io.apimachinery.pkg.apis.meta.v1.Time"
_QUANTITY = "k8s.io.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "k8s.io.apimachinery.pkg.util.intstr.IntOrString"
_FIELDS = "k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1"
_RAW = "k8s.io.apimachinery.pkg.runtime.RawExtension"
_WELL_KNOWN = ("Struct", "Value", "ListValue", "Timestamp", "Duration", "FieldMask")


class UndecodableError(Exception):
    """The bytes are no message of the class."""


@dataclass(frozen=True)
class Unknown:
    """Fields of one message, at `path`, that the class doesn't know; `names` are those that it does know.

    Of an `empty` class nothing is known, on purpose.
    """

    path: str
    numbers: tuple[int, ...]
    names: frozenset[str]
    empty: bool = False


@dataclass
class Decoded:
    """An object and what its class could not read of it."""

    object: JsonObject
    unknown: list[Unknown] = field(default_factory=list)


def decode(kind: Kind, data: bytes, classes: MessageClasses) -> Decoded:
    """Return the object of the kind that `data` holds; `UndecodableError` where it holds none."""
    try:
        message = classes.get(kind).FromString(data)
    except load("google.protobuf.message").DecodeError as error:
        raise UndecodableError(str(error)) from error
    return render(message)


def render(message: Any) -> Decoded:
    """Return a message as an object, its `typeMeta` spread out as in Kubernetes."""
    decoded = Decoded({})
    found = _render_message(message, "", decoded.unknown)
    type_meta = found.pop("typeMeta", {})
    decoded.object.update({name: type_meta[name] for name in ("apiVersion", "kind") if type_meta.get(name)})
    decoded.object.update(found)
    return decoded


def encode(kind: Kind, obj: JsonObject) -> Any:
    """Return the object as a message; HarnessError names a field that the class doesn't have, or can't hold."""
    message = get_message_class(kind)()
    rest = {name: value for name, value in obj.items() if name not in ("apiVersion", "kind")}
    _fill(message, {"typeMeta": {name: obj.get(name, "") for name in ("apiVersion", "kind")}, **rest}, kind.name)
    return message


def _render_message(message: Any, path: str, unknown: list[Unknown]) -> Any:
    descriptor = message.DESCRIPTOR
    if special := _RENDERERS.get(descriptor.full_name):
        return special(message)
    if _is_well_known(descriptor):
        return load("google.protobuf.json_format").MessageToDict(message)
    unread = load("google.protobuf.unknown_fields").UnknownFieldSet(message)
    if len(unread):
        numbers = tuple(sorted({item.field_number for item in unread}))
        names, empty = frozenset(f.json_name for f in descriptor.fields), descriptor.file.name.startswith(UNREAD)
        unknown.append(Unknown(path, numbers, names, empty))
    rendered: JsonObject = {}
    for definition, value in message.ListFields():
        name = definition.json_name
        inner = f"{path}.{name}" if path else name
        if _is_map(definition):
            entry = definition.message_type.fields_by_name["value"]
            rendered[name] = {
                str(key): _render_value(value[key], entry, f"{inner}.{key}", unknown) for key in value
            }
        elif isinstance(value, MutableSequence) and not hasattr(value, "DESCRIPTOR"):   # a ListValue is one too
            rendered[name] = [
                _render_value(item, definition, f"{inner}[{index}]", unknown) for index, item in enumerate(value)
            ]
        else:
            rendered[name] = _render_value(value, definition, inner, unknown)
    return rendered


def _render_value(value: Any, definition: Any, path: str, unknown: list[Unknown]) -> Any:
    in_kubernetes = definition.containing_type.full_name.startswith(_KUBERNETES)
    if definition.message_type is not None:
        if in_kubernetes and definition.message_type.full_name == _TIMESTAMP and not value.ByteSize():
            return None   # Go's zero time
        return _render_message(value, path, unknown)
    if definition.enum_type is not None:
        named = definition.enum_type.values_by_number.get(value)
        return named.name if named else value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return _render_float(value, single=definition.cpp_type == definition.CPPTYPE_FLOAT)
    is_long = definition.cpp_type in (definition.CPPTYPE_INT64, definition.CPPTYPE_UINT64)
    return str(value) if is_long and not in_kubernetes else value


def _render_float(value: float, *, single: bool) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if not single:
        return value
    shortened = (float(f"{value:.{digits}g}") for digits in range(6, 10))
    return next(short for short in shortened if struct.pack("f", short) == struct.pack("f", value))


def _render_any(message: Any) -> JsonObject:
    return {"@type": message.type_url, "value": base64.b64encode(message.value).decode()}


def _render_time(message: Any) -> str | None:
    """Return the time in seconds; None where it is Go's zero time, which is written without any."""
    if not message.ByteSize():
        return None
    return dt.datetime.fromtimestamp(message.seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _render_json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        return base64.b64encode(raw).decode()


_RENDERERS: dict[str, Callable[[Any], Any]] = {
    _ANY: _render_any,
    _TIME: _render_time,
    _QUANTITY: lambda message: message.string,
    _INT_OR_STRING: lambda message: message.strVal if message.type else message.intVal,
    _FIELDS: lambda message: _render_json(message.Raw),
    _RAW: lambda message: _render_json(message.raw),
}


def _fill(message: Any, value: Any, path: str) -> None:
    """Put the object's value into the message."""
    if special := _FILLERS.get(message.DESCRIPTOR.full_name):
        try:
            special(message, value)
        except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as error:
            raise HarnessError(f"{path}: {value!r} is no {message.DESCRIPTOR.name}: {error}") from error
        return
    if not isinstance(value, dict):
        raise HarnessError(f"{path}: {value!r} is no object")
    definitions = {definition.json_name: definition for definition in message.DESCRIPTOR.fields}
    for name, inner in value.items():
        if name not in definitions:
            raise HarnessError(
                f"{path}.{name}: no field of {message.DESCRIPTOR.full_name} in michelangelo {get_version()}",
                hint=f"Valid: {', '.join(sorted(definitions))}",
            )
        if inner is not None:
            _fill_field(message, definitions[name], inner, f"{path}.{name}")


def _fill_field(message: Any, definition: Any, value: Any, path: str) -> None:
    kind_of_value = definition.message_type
    if is_map := _is_map(definition):
        kind_of_value = kind_of_value.fields_by_name["value"].message_type
    if kind_of_value is None or _is_well_known(kind_of_value):
        json_format = load("google.protobuf.json_format")
        try:
            json_format.ParseDict({definition.json_name: value}, message)
        except json_format.ParseError as error:
            raise HarnessError(f"{path}: {error}") from error
        return
    target: Any = getattr(message, definition.name)
    if is_map:
        for key, item in value.items():
            _fill(target[key], item, f"{path}.{key}")
    elif hasattr(target, "add"):
        for index, item in enumerate(value):
            _fill(target.add(), item, f"{path}[{index}]")
    else:
        target.SetInParent()
        _fill(target, value, path)


def _fill_any(message: Any, value: Any) -> None:
    message.type_url = value["@type"]
    message.value = base64.b64decode(value.get("value", ""), validate=True)


def _fill_int_or_string(message: Any, value: Any) -> None:
    if isinstance(value, int):
        message.type, message.intVal = 0, value
    else:
        message.type, message.strVal = 1, value


def _fill_time(message: Any, value: Any) -> None:
    message.seconds = int(dt.datetime.fromisoformat(value).timestamp())


def _fill_attribute(name: str, convert: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    return lambda message, value: setattr(message, name, convert(value))


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


_FILLERS: dict[str, Callable[[Any, Any], None]] = {
    _ANY: _fill_any,
    _TIME: _fill_time,
    _QUANTITY: _fill_attribute("string", str),
    _INT_OR_STRING: _fill_int_or_string,
    _FIELDS: _fill_attribute("Raw", _dump),
    _RAW: _fill_attribute("raw", _dump),
}


def _is_map(definition: Any) -> bool:
    return definition.message_type is not None and bool(definition.message_type.GetOptions().map_entry)


def _is_well_known(descriptor: Any) -> bool:
    package, _, name = descriptor.full_name.rpartition(".")
    return package == "google.protobuf" and (name in _WELL_KNOWN or name.endswith("Value"))
